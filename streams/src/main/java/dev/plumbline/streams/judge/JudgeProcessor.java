package dev.plumbline.streams.judge;

import dev.plumbline.schemas.event.Fact;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.serde.BadRecordException;
import dev.plumbline.streams.findings.CloudEventHeaders;
import dev.plumbline.streams.findings.Said;
import dev.plumbline.streams.fleet.Facts;
import dev.plumbline.streams.health.Board;
import dev.plumbline.streams.health.Instruments;
import dev.plumbline.streams.intake.DeadLetters;
import dev.plumbline.streams.intake.EndOfTape;
import dev.plumbline.streams.intake.Ended;
import dev.plumbline.streams.intake.Sequencer;
import dev.plumbline.streams.state.EntityStore;
import dev.plumbline.streams.state.Lease;
import dev.plumbline.streams.state.SourceLog;
import dev.plumbline.streams.state.Table;
import dev.plumbline.streams.state.Tables;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ProcessingContext;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The judging stage of one partition: decodes each snapshot, puts the snapshots of a cluster back
 * into the order in which they were made, shows them to the cluster's judge, and sends on what it
 * finds. A record that can't be used goes to the dead letters with its cause; nothing stops for it.
 */
final class JudgeProcessor implements Processor<String, byte[], String, Object> {
  private static final Logger LOG = LoggerFactory.getLogger(JudgeProcessor.class);

  static final String STORE = "clusters";
  static final String FINDINGS = "findings";
  static final String FACTS = "facts";
  static final String DEAD_LETTERS = "dead-letters";

  /** Owner of what is kept of the partition itself; no cluster has this UID. */
  private static final String PARTITION = "partition";

  /** A partition that was quiet for so long (wall clock) gets nothing more for what it holds. */
  private static final Duration QUIET = Duration.ofSeconds(20);

  /** How often it is shown what a cluster consists of (wall clock). */
  private static final Duration SHOWN = Duration.ofSeconds(5);

  /** One cluster of the partition. */
  private final class Seat {
    final String uid;
    final ClusterJudge judge;
    final Sequencer sequencer;
    final Facts facts;
    final List<Finding> found = new ArrayList<>();
    long shown = -1;

    Seat(String uid, Tables tables) {
      this.uid = uid;
      judge =
          new ClusterJudge(
              uid,
              tables,
              finding -> {
                found.add(finding);
                found(finding);
              });
      facts = new Facts(uid, tables);
      sequencer = new Sequencer(tables, this::judge);
    }

    private void judge(SpecificRecord snapshot) {
      judge.judge(snapshot);
      facts.tell(snapshot, judge, found, JudgeProcessor.this::tell);
      found.clear();
    }
  }

  private final Map<String, Deserializer<? extends SpecificRecord>> decoders;
  private final Instruments instruments;
  private final Board board;
  private final Map<String, Seat> seats = new TreeMap<>();

  /** Findings that an earlier life of the task said after its last commit. */
  private final Said said = new Said();

  private final Function<ProcessingContext, SourceLog> sources;
  private final Lease lease;
  private Lease.Term term;
  private Tables own;
  private Table<Ended> ended;
  private ProcessorContext<String, Object> context;
  private DeadLetters deadLetters;
  private EntityStore store;
  private String task;
  private long progress = Long.MIN_VALUE;
  private long lastRecordWall;

  JudgeProcessor(
      Map<String, Deserializer<? extends SpecificRecord>> decoders,
      Function<ProcessingContext, SourceLog> sources,
      Lease lease,
      Instruments instruments,
      Board board) {
    this.sources = sources;
    this.lease = lease;
    this.decoders = new HashMap<>(decoders);
    this.instruments = instruments;
    this.board = board;
  }

  @Override
  public void init(ProcessorContext<String, Object> context) {
    this.context = context;
    deadLetters = new DeadLetters(context, DEAD_LETTERS, instruments::deadLetter);
    task = "judge-" + context.taskId();
    term = lease.begin();
    long began = System.nanoTime();
    store = context.getStateStore(STORE);
    seats.clear();
    progress = Long.MIN_VALUE;
    Set<String> clusters = store.open(this::save);
    own = new Tables(store.take(PARTITION));
    ended = own.table("ended", Ended::new);
    for (String cluster : clusters) {
      if (!cluster.equals(PARTITION)) {
        seat(cluster);
      }
    }
    resume(began);
    List<Finding> open = new ArrayList<>();
    seats.values().forEach(seat -> open.addAll(seat.judge.open()));
    board.opened(task, open);
    show(context.currentSystemTimeMs());
    lastRecordWall = context.currentSystemTimeMs();
    context.schedule(QUIET, PunctuationType.WALL_CLOCK_TIME, this::quiet);
    context.schedule(SHOWN, PunctuationType.WALL_CLOCK_TIME, this::show);
  }

  private void resume(long began) {
    long unpacked = System.nanoTime();
    Set<TopicPartition> partitions = new HashSet<>();
    for (String topic : decoders.keySet()) {
      partitions.add(new TopicPartition(topic, context.taskId().partition()));
    }
    try (SourceLog source = sources.apply(context)) {
      long records =
          store.resume(source, partitions, it -> judge(SourceLog.record(it), it.topic(), null));
      long replayed = System.nanoTime();
      said.read(source);
      LOG.atInfo()
          .addKeyValue("task", task)
          .addKeyValue("unpackMillis", (unpacked - began) / 1_000_000)
          .addKeyValue("records", records)
          .addKeyValue("replayMillis", (replayed - unpacked) / 1_000_000)
          .addKeyValue("saidMillis", (System.nanoTime() - replayed) / 1_000_000)
          .log("a task begins");
    }
  }

  @Override
  public void process(Record<String, byte[]> record) {
    lastRecordWall = context.currentSystemTimeMs();
    RecordMetadata origin = context.recordMetadata().orElseThrow();
    int size = record.value() == null ? 0 : record.value().length;
    if (store.take(origin.topic(), origin.partition(), origin.offset(), size)) {
      judge(record, origin.topic(), origin);
    }
  }

  private void judge(Record<String, byte[]> record, String topic, RecordMetadata origin) {
    if (EndOfTape.is(record.headers())) {
      end(topic, record.timestamp());
      return;
    }
    try {
      SpecificRecord snapshot = decoders.get(topic).deserialize(topic, record.value());
      Header header = snapshot == null ? null : (Header) snapshot.get(0);
      String trouble = trouble(record, header);
      if (trouble != null) {
        if (!store.isResuming()) {
          deadLetters.bury(record, origin, "invalid", trouble);
        }
        return;
      }
      Sequencer.Outcome outcome = seat(header.getCluster()).sequencer.offer(header, snapshot);
      if (!store.isResuming()) {
        instruments.snapshot(header.getSource(), outcome);
      }
      progress(header.getObservedAt().toEpochMilli());
    } catch (BadRecordException e) {
      if (!store.isResuming()) {
        deadLetters.bury(record, origin, e);
      }
    }
  }

  @Override
  public void close() {
    board.closed(task);
  }

  private static String trouble(Record<String, byte[]> record, Header header) {
    if (header == null) {
      return "the record is empty; an agent never sends one";
    }
    if (header.getCluster().isEmpty()) {
      return "header.cluster is empty; set cluster.uid of the agent";
    }
    if (!header.getCluster().equals(record.key())) {
      return "the record's key "
          + record.key()
          + " is not header.cluster "
          + header.getCluster()
          + "; a snapshot is keyed by its cluster's UID";
    }
    return null;
  }

  private Seat seat(String cluster) {
    Seat seat = seats.get(cluster);
    if (seat == null) {
      seat = new Seat(cluster, new Tables(store.take(cluster)));
      seats.put(cluster, seat);
    }
    return seat;
  }

  private void found(Finding finding) {
    if (store.isResuming()) {
      return;
    }
    board.changed(task, finding);
    if (said.contains(finding)) {
      return;
    }
    instruments.finding(finding, context.currentSystemTimeMs());
    say(
        new Record<String, Object>(
            finding.getEntity().get("cluster"),
            finding,
            Math.max(0, finding.getAt().toEpochMilli()),
            CloudEventHeaders.of(finding)),
        FINDINGS);
  }

  private void tell(Fact fact) {
    if (store.isResuming()) {
      return;
    }
    fact.setPartition(context.taskId().partition());
    say(
        new Record<String, Object>(
            fact.getCluster(), fact, Math.max(0, fact.getAt().toEpochMilli())),
        FACTS);
  }

  /** Tells the fleet, once per tick, how far this partition has been judged. */
  private void progress(long at) {
    if (at / Watcher.TICK_MILLIS > progress / Watcher.TICK_MILLIS) {
      progress = at;
      tell(Facts.progress("progress", Instant.ofEpochMilli(at)));
    }
  }

  private void say(Record<String, Object> record, String where) {
    term.check();
    context.forward(record, where);
  }

  private void quiet(long wall) {
    if (wall - lastRecordWall < QUIET.toMillis()) {
      return;
    }
    for (Seat seat : seats.values()) {
      if (seat.sequencer.held() > 0) {
        seat.sequencer.releaseAll();
        // the wall clock decided this; reading the source again would not
        store.checkpointSoon();
      }
    }
  }

  private void end(String topic, long at) {
    ended.edit(topic);
    if (ended.size() < decoders.size()) {
      return;
    }
    seats.values().forEach(seat -> seat.sequencer.releaseAll());
    tell(Facts.progress("end", Instant.ofEpochMilli(at)));
    if (!store.isResuming()) {
      say(
          new Record<String, Object>(
              EndOfTape.key("judge", context.taskId().partition()), null, at, EndOfTape.headers()),
          FINDINGS);
    }
  }

  private void save(EntityStore.Pages pages) {
    pages.write(PARTITION, own);
    seats.forEach((cluster, seat) -> pages.write(cluster, seat.judge.tables()));
  }

  private void show(long wall) {
    for (Seat seat : seats.values()) {
      if (seat.shown != seat.judge.inventory().version()) {
        seat.shown = seat.judge.inventory().version();
        board.consists(task, seat.uid, seat.judge.inventory().entities());
      }
    }
  }
}
