package dev.plumbline.streams.cause;

import dev.plumbline.schemas.event.Cause;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.streams.findings.Kind;
import dev.plumbline.streams.inventory.Pod;
import dev.plumbline.streams.judge.Changes.Change;
import dev.plumbline.streams.judge.Cluster;
import dev.plumbline.streams.judge.Watcher;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Gives each symptom the fault or change that explains it best: near (the same pod, board, node or
 * workload), just before, and the stronger kind of evidence first. No cause rather than a wrong
 * one.
 */
public final class CauseWatcher implements Watcher {
  /** How long before a symptom a change may lie that caused it. */
  private static final Duration HORIZON = Duration.ofMinutes(45);

  /**
   * Sources are scraped at different times: a cause may be seen a little later than its symptom.
   */
  private static final Duration AFTER = Duration.ofMinutes(10);

  private static final Set<String> SYMPTOMS =
      Set.of(Kind.LATENCY_SWING, Kind.GPU_EXHAUSTION, Kind.DRIFT_RESOURCE);

  /** Least score worth saying. */
  private static final double LEAST = 0.4;

  private final Cluster cluster;

  public CauseWatcher(Cluster cluster) {
    this.cluster = cluster;
  }

  @Override
  public void tick(long at) {
    List<Finding> open = cluster.conditions().open();
    for (Finding symptom : open) {
      if (SYMPTOMS.contains(symptom.getKind())) {
        Cause best = best(symptom, open, at);
        Cause known = symptom.getCause();
        if (best != null && (known == null || best.getScore() > known.getScore() + 0.05)) {
          cluster.conditions().explain(symptom, at, best);
        }
      }
    }
  }

  private Cause best(Finding symptom, List<Finding> open, long at) {
    Cause best = null;
    for (Finding fault : open) {
      best = better(best, faultBehind(symptom, fault));
    }
    long since = symptom.getSince().toEpochMilli();
    for (Change change :
        cluster.changes().between(since - HORIZON.toMillis(), since + AFTER.toMillis())) {
      best = better(best, changeBehind(symptom, change, since));
    }
    return best != null && best.getScore() >= LEAST ? best : null;
  }

  private static Cause better(Cause one, Cause other) {
    return other == null || one != null && one.getScore() >= other.getScore() ? one : other;
  }

  /** A fault that is open on what the symptom runs on. */
  private Cause faultBehind(Finding symptom, Finding fault) {
    boolean inTime =
        fault.getSince().toEpochMilli() <= symptom.getAt().toEpochMilli() + AFTER.toMillis();
    if (!inTime || fault.getId().equals(symptom.getId())) {
      return null;
    }
    double score =
        switch (fault.getKind()) {
          case Kind.GPU_CONTENTION -> samePod(symptom, fault) ? 0.9 : 0;
          case Kind.GPU_THROTTLE, Kind.GPU_FAULT -> onBoardOf(symptom, fault);
          case Kind.GPU_EXHAUSTION ->
              symptom.getKind().equals(Kind.LATENCY_SWING) && samePod(symptom, fault) ? 0.85 : 0;
          default -> 0;
        };
    return score == 0
        ? null
        : Cause.newBuilder()
            .setKind(fault.getKind())
            .setEntity(fault.getEntity())
            .setScore(score)
            .setFinding(fault.getId())
            .setReason(fault.getEvidence().getSummary())
            .build();
  }

  /** A change of the symptom's workload or node, the nearer in time the likelier. */
  private Cause changeBehind(Finding symptom, Change change, long since) {
    String namespace = symptom.getEntity().get("namespace");
    String workload = symptom.getEntity().get("workload");
    String node = symptom.getEntity().get("node");
    boolean ofWorkload =
        workload != null
            && workload.equals(change.entity.get("workload"))
            && namespace != null
            && namespace.equals(change.entity.get("namespace"));
    boolean ofNode =
        node != null
            && node.equals(change.entity.get("node"))
            && change.entity.get("workload") == null;
    if (!ofWorkload && !ofNode) {
      return null;
    }
    double distance = Math.abs(since - change.at) / (double) HORIZON.toMillis();
    return Cause.newBuilder()
        .setKind(change.kind)
        .setEntity(change.entity.parts())
        .setScore((ofWorkload ? 0.88 : 0.8) - 0.3 * Math.min(1, distance))
        .setReason(change.summary)
        .build();
  }

  private static boolean samePod(Finding one, Finding other) {
    Map<String, String> a = one.getEntity();
    Map<String, String> b = other.getEntity();
    return a.get("pod") != null
        && a.get("pod").equals(b.get("pod"))
        && a.get("namespace").equals(b.get("namespace"));
  }

  private double onBoardOf(Finding symptom, Finding fault) {
    String name = symptom.getEntity().get("pod");
    if (name == null) {
      return 0;
    }
    Pod pod = cluster.inventory().pod(symptom.getEntity().get("namespace"), name);
    if (pod == null) {
      return 0;
    }
    String gpu = fault.getEntity().get("gpu");
    if (gpu != null && pod.gpus.contains(gpu)) {
      return 0.92;
    }
    boolean node = pod.node.equals(fault.getEntity().get("node"));
    // another board of the node says little, unless the exporter doesn't tell whose board it is
    return node && pod.gpus.isEmpty() ? 0.6 : 0;
  }
}
