package dev.plumbline.streams.fleet;

import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.event.Control;
import dev.plumbline.schemas.event.Fact;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.serde.BadRecordException;
import dev.plumbline.streams.findings.CloudEventHeaders;
import dev.plumbline.streams.findings.Said;
import dev.plumbline.streams.health.Board;
import dev.plumbline.streams.health.Instruments;
import dev.plumbline.streams.intake.EndOfTape;
import dev.plumbline.streams.state.EntityStore;
import dev.plumbline.streams.state.Lease;
import dev.plumbline.streams.state.SourceLog;
import dev.plumbline.streams.state.Tables;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ProcessingContext;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/** The stage that compares clusters: one task, fed with the facts of all of them. */
public final class FleetProcessor implements Processor<String, Fact, String, Finding> {
  public static final String STORE = "fleet";

  /** A partition from which nothing came for so long (wall clock) holds nobody up. */
  private static final Duration QUIET = Duration.ofSeconds(30);

  /** What a fact takes on its topic, about. */
  private static final int FACT_BYTES = 200;

  /** Key of the fleet's own tables in the store; no cluster has this UID. */
  private static final String FLEET = "fleet";

  private final int partitions;
  private final boolean live;
  private final Deserializer<Fact> facts;
  private final Deserializer<Control> controls;
  private final Function<ProcessingContext, SourceLog> sources;
  private final Lease lease;
  private final Instruments instruments;
  private final Board board;
  private final Map<String, Tables> tables = new TreeMap<>();
  private final Map<Integer, Long> heardWall = new TreeMap<>();

  /** Findings that an earlier life of the task said after its last commit. */
  private final Said said = new Said();

  private ProcessorContext<String, Finding> context;
  private Lease.Term term;
  private EntityStore store;
  private Merge merge;
  private FleetJudge judge;
  private String task;

  /**
   * @param partitions partitions of the snapshot topics
   * @param live true when quiet partitions are passed over by the wall clock; false in a replay,
   *     where every partition has an end
   * @param facts decodes what is read again after a restore
   * @param controls likewise
   * @param sources where it is read
   * @param lease of the process that it runs in
   */
  public FleetProcessor(
      int partitions,
      boolean live,
      Deserializer<Fact> facts,
      Deserializer<Control> controls,
      Function<ProcessingContext, SourceLog> sources,
      Lease lease,
      Instruments instruments,
      Board board) {
    this.partitions = partitions;
    this.live = live;
    this.facts = facts;
    this.controls = controls;
    this.sources = sources;
    this.lease = lease;
    this.instruments = instruments;
    this.board = board;
  }

  @Override
  public void init(ProcessorContext<String, Finding> context) {
    this.context = context;
    task = "fleet-" + context.taskId();
    term = lease.begin();
    store = context.getStateStore(STORE);
    tables.clear();
    store.open(this::save);
    Tables fleet = tables(FLEET);
    judge = new FleetJudge(fleet, this::tables, this::found);
    merge = new Merge(partitions, fleet, judge::judge);
    resume();
    board.opened(task, judge.open());
    long now = context.currentSystemTimeMs();
    for (int partition = 0; partition < partitions; partition++) {
      heardWall.put(partition, now);
    }
    if (live) {
      context.schedule(Duration.ofSeconds(5), PunctuationType.WALL_CLOCK_TIME, this::release);
    }
  }

  private void resume() {
    int partition = context.taskId().partition();
    Set<TopicPartition> sourced =
        Set.of(
            new TopicPartition(Topic.FLEET_FACTS.name(), partition),
            new TopicPartition(Topic.CONTROL.name(), partition));
    try (SourceLog source = sources.apply(context)) {
      store.resume(source, sourced, it -> fact(it).ifPresent(fact -> judge(fact, it.timestamp())));
      said.read(source);
    }
  }

  private Optional<Fact> fact(ConsumerRecord<byte[], byte[]> record) {
    if (record.topic().equals(Topic.FLEET_FACTS.name())) {
      return Optional.ofNullable(facts.deserialize(record.topic(), record.value()));
    }
    try {
      String key = SourceLog.record(record).key();
      return ControlProcessor.fact(
          controls, record.topic(), key, record.value(), record.timestamp(), record.offset());
    } catch (BadRecordException | IllegalArgumentException e) {
      // it is among the dead letters since it came first
      return Optional.empty();
    }
  }

  @Override
  public void process(Record<String, Fact> record) {
    RecordMetadata origin = context.recordMetadata().orElseThrow();
    if (store.take(origin.topic(), origin.partition(), origin.offset(), FACT_BYTES)) {
      judge(record.value(), record.timestamp());
    }
  }

  private void judge(Fact fact, long timestamp) {
    if (fact == null) {
      return;
    }
    long now = context.currentSystemTimeMs();
    if (!fact.getKind().equals("control")) {
      heardWall.put(fact.getPartition(), now);
    }
    switch (fact.getKind()) {
      case "progress" -> {
        merge.reached(fact.getPartition(), fact.getAt().toEpochMilli());
        release(now);
      }
      case "end" -> {
        merge.reached(fact.getPartition(), Long.MAX_VALUE);
        release(now);
        if (merge.hasEnded()) {
          passOnEnd(timestamp);
        }
      }
      default -> merge.add(fact);
    }
  }

  @Override
  public void close() {
    board.closed(task);
  }

  private void release(long wall) {
    Set<Integer> idle = new TreeSet<>();
    if (live) {
      heardWall.forEach(
          (partition, heard) -> {
            if (wall - heard > QUIET.toMillis()) {
              idle.add(partition);
            }
          });
    }
    long reached = merge.release(idle);
    if (reached != Long.MIN_VALUE && reached != Long.MAX_VALUE) {
      judge.advance(reached);
    }
  }

  private void passOnEnd(long at) {
    if (store.isResuming()) {
      return;
    }
    for (int partition = 0; partition < partitions; partition++) {
      say(new Record<>(EndOfTape.key("fleet", partition), null, at, EndOfTape.headers()));
    }
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
        new Record<>(
            finding.getEntity().get("cluster"),
            finding,
            Math.max(0, finding.getAt().toEpochMilli()),
            CloudEventHeaders.of(finding)));
  }

  private void say(Record<String, Finding> record) {
    term.check();
    context.forward(record);
  }

  private Tables tables(String owner) {
    return tables.computeIfAbsent(owner, name -> new Tables(store.take(name)));
  }

  private void save(EntityStore.Pages pages) {
    tables.forEach(pages::write);
  }
}
