package dev.plumbline.streams.decide;

import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.Incident;
import dev.plumbline.schemas.event.Remediation;
import dev.plumbline.streams.findings.CloudEventHeaders;
import dev.plumbline.streams.health.Board;
import dev.plumbline.streams.health.Instruments;
import dev.plumbline.streams.incidents.Incidents;
import dev.plumbline.streams.intake.EndOfTape;
import dev.plumbline.streams.intake.Ended;
import dev.plumbline.streams.remediation.Planner;
import dev.plumbline.streams.state.EntityStore;
import dev.plumbline.streams.state.SourceLog;
import dev.plumbline.streams.state.Table;
import dev.plumbline.streams.state.Tables;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ProcessingContext;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/**
 * The deciding stage of one partition: findings to incidents, incidents to remediations. Live, each
 * change of a finding is decided when it comes; those of a tape are decided at its end, in the
 * order of their event time.
 */
final class DecideProcessor implements Processor<String, Finding, String, Object> {
  static final String STORE = "decisions";
  static final String INCIDENTS = "incidents";
  static final String REMEDIATIONS = "remediations";

  /** Owner of what is kept of the partition itself; no cluster has this UID. */
  private static final String PARTITION = "partition";

  /** One cluster of the partition. */
  private final class Seat {
    final Incidents incidents;
    final Planner planner;
    final Tables tables;
    final Seen seen;
    final Waiting waiting;
    private long now;

    Seat(String cluster, Tables tables) {
      this.tables = tables;
      seen = new Seen(tables);
      waiting = new Waiting(tables);
      planner = new Planner(cluster, tables, DecideProcessor.this::remedy);
      incidents =
          new Incidents(
              cluster,
              tables,
              (incident, finding) -> {
                tell(incident);
                planner.consider(incident, finding, now);
              });
    }

    void take(Finding finding, long now) {
      this.now = now;
      planner.tick(now);
      incidents.take(finding);
    }
  }

  private final boolean live;
  private final Deserializer<Finding> findings;
  private final Function<ProcessingContext, SourceLog> sources;
  private final Instruments instruments;
  private final Board board;
  private final Map<String, Seat> seats = new TreeMap<>();
  private ProcessorContext<String, Object> context;
  private EntityStore store;
  private Tables own;
  private Table<Ended> ended;
  private String task;

  /**
   * @param findings reads the records of the source again
   * @param sources where a task reads again what its state lacks after a restore
   */
  DecideProcessor(
      boolean live,
      Deserializer<Finding> findings,
      Function<ProcessingContext, SourceLog> sources,
      Instruments instruments,
      Board board) {
    this.live = live;
    this.findings = findings;
    this.sources = sources;
    this.instruments = instruments;
    this.board = board;
  }

  @Override
  public void init(ProcessorContext<String, Object> context) {
    this.context = context;
    task = "decide-" + context.taskId();
    store = context.getStateStore(STORE);
    seats.clear();
    Set<String> owners = store.open(this::save);
    own = Tables.unpaged(store.take(PARTITION));
    ended = own.table("decide.ended", Ended::new);
    for (String cluster : owners) {
      if (!cluster.equals(PARTITION)) {
        seat(cluster);
      }
    }
    resume();
    seats.values().forEach(seat -> seat.incidents.open().forEach(it -> board.changed(task, it)));
    if (live) {
      context.schedule(
          Duration.ofSeconds(10),
          PunctuationType.WALL_CLOCK_TIME,
          now -> seats.values().forEach(seat -> seat.planner.tick(now)));
    }
  }

  /**
   * A transaction that a dead process left open hides from a restore what its successor has
   * committed behind it: the state may be older than the committed offsets.
   */
  private void resume() {
    Set<TopicPartition> partitions =
        Set.of(new TopicPartition(Topic.FINDINGS.name(), context.taskId().partition()));
    try (SourceLog source = sources.apply(context)) {
      store.resume(
          source,
          partitions,
          it -> {
            boolean end = EndOfTape.is(it.headers());
            decide(
                SourceLog.record(it)
                    .withValue(
                        end ? null : findings.deserialize(it.topic(), it.headers(), it.value())));
          });
    }
  }

  @Override
  public void process(Record<String, Finding> record) {
    RecordMetadata origin = context.recordMetadata().orElseThrow();
    if (store.take(origin.topic(), origin.partition(), origin.offset(), 0)) {
      decide(record);
    }
  }

  private void decide(Record<String, Finding> record) {
    if (EndOfTape.is(record.headers())) {
      ended.edit(record.key());
      if (ended.size() == EndOfTape.STAGES) {
        for (Seat seat : seats.values()) {
          seat.waiting.release(it -> seat.take(it, it.getAt().toEpochMilli()));
        }
      }
      if (store.isResuming()) {
        return;
      }
      for (String stage : new String[] {INCIDENTS, REMEDIATIONS}) {
        context.forward(
            new Record<String, Object>(record.key(), null, record.timestamp(), EndOfTape.headers()),
            stage);
      }
      return;
    }
    Finding finding = record.value();
    if (finding == null) {
      return;
    }
    String cluster = finding.getEntity().getOrDefault("cluster", "");
    Seat seat = seat(cluster);
    if (!seat.seen.isNew(finding)) {
      return;
    }
    if (live) {
      seat.take(finding, context.currentSystemTimeMs());
    } else {
      seat.waiting.add(finding);
    }
  }

  @Override
  public void close() {
    board.closed(task);
  }

  private Seat seat(String cluster) {
    Seat seat = seats.get(cluster);
    if (seat == null) {
      seat = new Seat(cluster, Tables.unpaged(store.take(cluster)));
      seats.put(cluster, seat);
    }
    return seat;
  }

  private void tell(Incident incident) {
    if (store.isResuming()) {
      return;
    }
    board.changed(task, incident);
    context.forward(
        new Record<String, Object>(
            incident.getId(),
            incident,
            Math.max(0, incident.getAt().toEpochMilli()),
            CloudEventHeaders.of(incident)),
        INCIDENTS);
  }

  private void remedy(Remediation remediation) {
    if (store.isResuming()) {
      return;
    }
    board.changed(task, remediation);
    instruments.remediation(remediation);
    context.forward(
        new Record<String, Object>(
            remediation.getIncident(),
            remediation,
            Math.max(0, remediation.getAt().toEpochMilli()),
            CloudEventHeaders.of(remediation)),
        REMEDIATIONS);
  }

  private void save(EntityStore.Pages pages) {
    pages.write(PARTITION, own);
    seats.forEach((cluster, seat) -> pages.write(cluster, seat.tables));
  }
}
