package dev.plumbline.streams.health;

import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.Gate;
import dev.plumbline.schemas.event.GateVerdict;
import dev.plumbline.schemas.event.Remediation;
import dev.plumbline.streams.intake.Sequencer;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.metrics.Meter;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** What detection says of its own health. Names and labels are part of what users build upon. */
public final class Instruments {
  private static final AttributeKey<String> SOURCE = AttributeKey.stringKey("source");
  private static final AttributeKey<String> OUTCOME = AttributeKey.stringKey("outcome");
  private static final AttributeKey<String> TOPIC = AttributeKey.stringKey("topic");
  private static final AttributeKey<String> CAUSE = AttributeKey.stringKey("cause");
  private static final AttributeKey<String> KIND = AttributeKey.stringKey("kind");
  private static final AttributeKey<String> SEVERITY = AttributeKey.stringKey("severity");
  private static final AttributeKey<String> STATUS = AttributeKey.stringKey("status");

  private final LongCounter snapshots;
  private final LongCounter deadLetters;
  private static final AttributeKey<String> ACTION = AttributeKey.stringKey("action");
  private static final AttributeKey<String> MODE = AttributeKey.stringKey("mode");
  private static final AttributeKey<String> GATE = AttributeKey.stringKey("gate");

  private final LongCounter findings;
  private final LongCounter remediations;
  private final LongCounter refusals;
  private final DoubleHistogram lag;
  private final LongAdder judged = new LongAdder();
  private final Map<String, Attributes[]> bySource = new ConcurrentHashMap<>();

  public Instruments(Meter meter) {
    snapshots =
        meter
            .counterBuilder("plumbline.snapshots")
            .setDescription("Snapshots read, by what became of them.")
            .build();
    deadLetters =
        meter
            .counterBuilder("plumbline.dead_letters")
            .setDescription("Records that could not be used, by topic and cause.")
            .build();
    findings =
        meter
            .counterBuilder("plumbline.findings")
            .setDescription("Changes of state of findings.")
            .build();
    remediations =
        meter
            .counterBuilder("plumbline.remediations")
            .setDescription("Changes of state of remediations.")
            .build();
    refusals =
        meter
            .counterBuilder("plumbline.gate_refusals")
            .setDescription("Remediations that a gate refused.")
            .build();
    lag =
        meter
            .histogramBuilder("plumbline.detection_lag")
            .setUnit("s")
            .setDescription("From the observation to the finding it led to.")
            .setExplicitBucketBoundariesAdvice(
                List.of(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0))
            .build();
  }

  /** A snapshot of a source was accepted, repeated or late. */
  public void snapshot(String source, Sequencer.Outcome outcome) {
    judged.increment();
    Attributes[] attributes = bySource.get(source);
    if (attributes == null) {
      attributes = bySource.computeIfAbsent(source, Instruments::outcomes);
    }
    snapshots.add(1, attributes[outcome.ordinal()]);
  }

  /** Attributes of a source by outcome. */
  private static Attributes[] outcomes(String source) {
    return Arrays.stream(Sequencer.Outcome.values())
        .map(it -> Attributes.of(SOURCE, source, OUTCOME, it.name().toLowerCase(Locale.ROOT)))
        .toArray(Attributes[]::new);
  }

  /** Snapshots taken so far. */
  public long judged() {
    return judged.sum();
  }

  /** A record went to the dead-letter topic. */
  public void deadLetter(String topic, String cause) {
    deadLetters.add(1, Attributes.of(TOPIC, topic, CAUSE, cause));
  }

  /**
   * A finding changed its state.
   *
   * @param now wall clock, milliseconds; only measures the lag
   */
  public void finding(Finding finding, long now) {
    findings.add(
        1,
        Attributes.of(
            KIND,
            finding.getKind(),
            SEVERITY,
            finding.getSeverity().name(),
            STATUS,
            finding.getStatus().name()));
    lag.record(Math.max(0, now - finding.getAt().toEpochMilli()) / 1000.0);
  }

  /** A remediation changed its state. */
  public void remediation(Remediation remediation) {
    remediations.add(
        1,
        Attributes.of(
            ACTION,
            remediation.getAction(),
            MODE,
            remediation.getMode().name(),
            STATUS,
            remediation.getStatus().name()));
    for (Gate gate : remediation.getGates()) {
      if (remediation.getRevision() == 0 && gate.getVerdict() == GateVerdict.refused) {
        refusals.add(1, Attributes.of(GATE, gate.getGate()));
      }
    }
  }
}
