package dev.plumbline.streams.latency;

import dev.plumbline.schemas.event.Evidence;
import dev.plumbline.streams.findings.Proof;

/** What lets a person believe that a latency swings: its form, its size and what it rests on. */
final class SwingEvidence {
  private SwingEvidence() {}

  static Evidence of(Swing swing) {
    return swing.isTail() ? ofTail(swing) : ofShift(swing);
  }

  /** All of them take longer, for good or now and then. */
  private static Evidence ofShift(Swing swing) {
    double excess = swing.shift.excess();
    return Proof.of(
        swing.seconds,
        swing.expectedSeconds,
        "s",
        swing.shift.score(),
        "%s takes %.1f ms; at this load it took %.1f ms before; %+.0f %% over %d scrapes"
            .formatted(
                swing.judged.one,
                swing.seconds * 1000,
                swing.expectedSeconds * 1000,
                excess * 100,
                swing.shift.count()),
        "signal",
        swing.judged.signal,
        "form",
        swing.shift.oscillates() ? "oscillation" : "level",
        "effectMs",
        "%.1f".formatted(swing.expectedSeconds * excess * 1000),
        "excess",
        "%.3f".formatted(excess),
        "requests",
        "%.0f".formatted(swing.shift.weight()));
  }

  /** Some take much longer, the others what they always took. */
  private static Evidence ofTail(Swing swing) {
    return Proof.of(
        swing.tail.mean(),
        swing.tail.mean() - swing.tail.extra(),
        "s",
        swing.tail.score(),
        "%.1f %% of %s take about %.0f ms more than this load explains, %.1f %% did before; over %d scrapes"
            .formatted(
                swing.tail.share() * 100,
                swing.judged.many,
                swing.tail.extra() * 1000,
                swing.tail.usualShare() * 100,
                swing.tail.samples()),
        "signal",
        swing.judged.signal,
        "form",
        "tail",
        "effectMs",
        "%.1f".formatted(swing.tail.extra() * 1000),
        "share",
        "%.4f".formatted(swing.tail.share()),
        "usualShare",
        "%.4f".formatted(swing.tail.usualShare()),
        "slow",
        "%.0f".formatted(swing.tail.count()));
  }
}
