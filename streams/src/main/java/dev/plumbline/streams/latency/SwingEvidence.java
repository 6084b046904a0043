package dev.plumbline.streams.latency;

import dev.plumbline.schemas.event.Evidence;
import dev.plumbline.streams.findings.Proof;

/** What lets a person believe that a latency swings: its form, its size and what it rests on. */
final class SwingEvidence {
  private SwingEvidence() {}

  /** All of them take longer, for good or now and then. */
  static Evidence ofShift(Signal signal) {
    double excess = signal.shift.excess();
    return Proof.of(
        signal.seconds,
        signal.expectedSeconds,
        "s",
        signal.shift.score(),
        "%s takes %.1f ms; at this load it took %.1f ms before; %+.0f %% over %d scrapes"
            .formatted(
                signal.judged.one,
                signal.seconds * 1000,
                signal.expectedSeconds * 1000,
                excess * 100,
                signal.shift.count()),
        "signal",
        signal.judged.signal,
        "form",
        signal.shift.oscillates() ? "oscillation" : "level",
        "effectMs",
        "%.1f".formatted(signal.expectedSeconds * excess * 1000),
        "excess",
        "%.3f".formatted(excess),
        "requests",
        "%.0f".formatted(signal.shift.weight()));
  }

  /** Some take much longer, the others what they always took. */
  static Evidence ofTail(Signal signal) {
    return Proof.of(
        signal.tail.mean(),
        signal.tail.mean() - signal.tail.extra(),
        "s",
        signal.tail.score(),
        "%.1f %% of %s take about %.0f ms more than this load explains, %.1f %% did before; over %d scrapes"
            .formatted(
                signal.tail.share() * 100,
                signal.judged.many,
                signal.tail.extra() * 1000,
                signal.tail.usualShare() * 100,
                signal.tail.samples()),
        "signal",
        signal.judged.signal,
        "form",
        "tail",
        "effectMs",
        "%.1f".formatted(signal.tail.extra() * 1000),
        "share",
        "%.4f".formatted(signal.tail.share()),
        "usualShare",
        "%.4f".formatted(signal.tail.usualShare()),
        "slow",
        "%.0f".formatted(signal.tail.count()));
  }
}
