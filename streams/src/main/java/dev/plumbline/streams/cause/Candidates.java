package dev.plumbline.streams.cause;

import dev.plumbline.schemas.event.Cause;
import dev.plumbline.schemas.event.Contrast;
import dev.plumbline.streams.findings.Entity;
import dev.plumbline.streams.findings.Kind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The candidates for the cause of one symptom, likeliest first. */
public final class Candidates {
  /** Kinds that have a cause outside of themselves. */
  public static final Set<String> SYMPTOMS =
      Set.of(Kind.LATENCY_SWING, Kind.GPU_EXHAUSTION, Kind.DRIFT_RESOURCE);

  /** Least score worth claiming. */
  public static final double LEAST = 0.4;

  /** By so much another must be likelier before the one that was said is replaced. */
  private static final double BETTER = 0.05;

  /** Other counts of the same cause are worth another line when their weight moved by so much. */
  private static final double NEWS = 1;

  /** Candidates told beside the cause. */
  private static final int MOST = 5;

  private static final Comparator<Cause> LIKELIEST =
      Comparator.comparingDouble(Cause::getScore)
          .reversed()
          .thenComparing(Cause::getKind)
          .thenComparing(it -> new Entity(it.getEntity()).key());

  /**
   * What is to be said now.
   *
   * @param cause null when what was claimed is withdrawn
   * @param others the other candidates, likeliest first
   */
  public record Choice(Cause cause, List<Cause> others) {}

  private final List<Cause> ranked;

  public Candidates(List<Cause> causes) {
    ranked = new ArrayList<>(causes);
    ranked.sort(LIKELIEST);
  }

  /** What to say of the cause, when it is news beside what was said. */
  public Optional<Choice> change(Cause known) {
    Cause best = best();
    if (known == null) {
      return best == null ? Optional.empty() : Optional.of(choice(best));
    }
    Cause now = find(known);
    if (best == null) {
      // the contrast speaks against it; a fault that is merely over stays the cause
      return now == null ? Optional.empty() : Optional.of(choice(null));
    }
    if (isSame(best, known)) {
      return isNews(known.getContrast(), best.getContrast())
          ? Optional.of(choice(best))
          : Optional.empty();
    }
    double score = now == null ? known.getScore() : now.getScore();
    return best.getScore() > score + BETTER ? Optional.of(choice(best)) : Optional.empty();
  }

  /** The likeliest, or null when none is worth claiming. */
  public Cause best() {
    return ranked.isEmpty() || ranked.get(0).getScore() < LEAST ? null : ranked.get(0);
  }

  /** The likeliest and the others. */
  public Choice choice() {
    return choice(best());
  }

  private static boolean isNews(Contrast said, Contrast now) {
    return now != null
        && (said == null || Math.abs(Contrasts.weight(now) - Contrasts.weight(said)) >= NEWS);
  }

  private Choice choice(Cause cause) {
    List<Cause> others = new ArrayList<>();
    for (Cause candidate : ranked) {
      if (candidate != cause && others.size() < MOST) {
        others.add(candidate);
      }
    }
    return new Choice(cause, others);
  }

  private Cause find(Cause known) {
    for (Cause candidate : ranked) {
      if (isSame(candidate, known)) {
        return candidate;
      }
    }
    return null;
  }

  /** True when both name the same fault or change. */
  public static boolean isSame(Cause one, Cause other) {
    return one.getKind().equals(other.getKind()) && one.getEntity().equals(other.getEntity());
  }
}
