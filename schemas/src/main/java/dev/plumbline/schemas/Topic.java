package dev.plumbline.schemas;

import dev.plumbline.schemas.event.Control;
import dev.plumbline.schemas.event.Fact;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.Incident;
import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.schemas.event.Outcome;
import dev.plumbline.schemas.event.PolicySnapshot;
import dev.plumbline.schemas.event.Remediation;
import dev.plumbline.schemas.event.ResourceSnapshot;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;

/**
 * Every topic of Plumbline: its name, what it holds, how it is keyed, kept and spread. The one
 * place where they stand.
 *
 * @param name topic name
 * @param type event class of the values; null for a topic that keeps foreign bytes
 * @param key what the record key is, for people
 * @param partitioned true when it has as many partitions as the fleet is given, false when it has
 *     one
 * @param compacted true when the last value of a key is kept for ever
 * @param retention how long records are kept when not compacted
 */
public record Topic(
    String name,
    Class<? extends SpecificRecord> type,
    String key,
    boolean partitioned,
    boolean compacted,
    Duration retention) {

  public static final Topic RESOURCE_SNAPSHOTS =
      snapshots("plumbline.resource.snapshots", ResourceSnapshot.class);
  public static final Topic LATENCY_SNAPSHOTS =
      snapshots("plumbline.latency.snapshots", LatencySnapshot.class);
  public static final Topic POLICY_SNAPSHOTS =
      snapshots("plumbline.policy.snapshots", PolicySnapshot.class);

  /** What the judges of the clusters tell the stage that compares clusters. */
  public static final Topic FLEET_FACTS =
      new Topic(
          "plumbline.fleet.facts", Fact.class, "cluster UID", false, false, Duration.ofDays(1));

  /** Changes of state of findings, in order per cluster. */
  public static final Topic FINDINGS =
      new Topic(
          "plumbline.findings", Finding.class, "cluster UID", true, false, Duration.ofDays(30));

  public static final Topic INCIDENTS =
      new Topic(
          "plumbline.incidents", Incident.class, "incident id", false, false, Duration.ofDays(90));
  public static final Topic REMEDIATIONS =
      new Topic(
          "plumbline.remediations",
          Remediation.class,
          "incident id",
          false,
          false,
          Duration.ofDays(90));
  public static final Topic OUTCOMES =
      new Topic(
          "plumbline.outcomes", Outcome.class, "remediation id", false, false, Duration.ofDays(90));
  public static final Topic CONTROL =
      new Topic("plumbline.control", Control.class, "kind/name", false, true, Duration.ZERO);

  /**
   * Original bytes of records that could not be used; cause and origin in the headers {@code
   * plumbline.error.*}.
   */
  public static final Topic DEAD_LETTERS =
      new Topic(
          "plumbline.deadletters", null, "key of the record", false, false, Duration.ofDays(14));

  /** All of them, in the order of a snapshot's path. */
  public static final List<Topic> ALL =
      List.of(
          RESOURCE_SNAPSHOTS,
          LATENCY_SNAPSHOTS,
          POLICY_SNAPSHOTS,
          FLEET_FACTS,
          FINDINGS,
          INCIDENTS,
          REMEDIATIONS,
          OUTCOMES,
          CONTROL,
          DEAD_LETTERS);

  private static Topic snapshots(String name, Class<? extends SpecificRecord> type) {
    return new Topic(name, type, "cluster UID", true, false, Duration.ofDays(7));
  }

  /** True for what a fleet's operators read with tools of their own. */
  private boolean isForReaders() {
    return type == Finding.class || type == Incident.class || type == Remediation.class;
  }

  /** Subject of the values in the registry: topic name strategy. */
  public String subject() {
    return name + "-value";
  }

  /** Broker settings of the topic. */
  public Map<String, String> settings() {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("cleanup.policy", compacted ? "compact" : "delete");
    if (!compacted) {
      settings.put("retention.ms", Long.toString(retention.toMillis()));
    }
    // a dead letter is a record of another topic, whole, and the headers that say what is wrong
    settings.put("max.message.bytes", type == null ? "9437184" : "8388608");
    if (isForReaders()) {
      // the one codec that every client library brings; KafkaJS has neither lz4 nor zstd
      settings.put("compression.type", "gzip");
    }
    return settings;
  }
}
