package dev.plumbline.streams.fleet;

import dev.plumbline.schemas.event.Fact;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.streams.findings.CloudEventHeaders;
import dev.plumbline.streams.health.Board;
import dev.plumbline.streams.health.Instruments;
import dev.plumbline.streams.intake.EndOfTape;
import dev.plumbline.streams.state.EntityStore;
import dev.plumbline.streams.state.Tables;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;

/** The stage that compares clusters: one task, fed with the facts of all of them. */
public final class FleetProcessor implements Processor<String, Fact, String, Finding> {
  public static final String STORE = "fleet";

  /** A partition from which nothing came for so long (wall clock) holds nobody up. */
  private static final Duration QUIET = Duration.ofSeconds(30);

  /** Key of the fleet's own tables in the store; no cluster has this UID. */
  private static final String FLEET = "fleet";

  private final int partitions;
  private final boolean live;
  private final Instruments instruments;
  private final Board board;
  private final Map<String, Tables> tables = new TreeMap<>();
  private final Map<Integer, Long> heardWall = new TreeMap<>();
  private ProcessorContext<String, Finding> context;
  private EntityStore store;
  private Merge merge;
  private FleetJudge judge;
  private String task;

  /**
   * @param partitions partitions of the snapshot topics
   * @param live true when quiet partitions are passed over by the wall clock; false in a replay,
   *     where every partition has an end
   */
  public FleetProcessor(int partitions, boolean live, Instruments instruments, Board board) {
    this.partitions = partitions;
    this.live = live;
    this.instruments = instruments;
    this.board = board;
  }

  @Override
  public void init(ProcessorContext<String, Finding> context) {
    this.context = context;
    task = "fleet-" + context.taskId();
    store = context.getStateStore(STORE);
    store.beforeCommit(this::save);
    Tables fleet = tables(FLEET);
    judge = new FleetJudge(fleet, this::tables, this::found);
    merge = new Merge(partitions, fleet, judge::judge);
    board.opened(task, Set.of());
    long now = context.currentSystemTimeMs();
    for (int partition = 0; partition < partitions; partition++) {
      heardWall.put(partition, now);
    }
    if (live) {
      context.schedule(Duration.ofSeconds(5), PunctuationType.WALL_CLOCK_TIME, this::release);
    }
  }

  @Override
  public void process(Record<String, Fact> record) {
    Fact fact = record.value();
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
          passOnEnd(record.timestamp());
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
    for (int partition = 0; partition < partitions; partition++) {
      context.forward(new Record<>(EndOfTape.key(partition), null, at, EndOfTape.headers()));
    }
  }

  private void found(Finding finding) {
    board.changed(task, finding);
    instruments.finding(finding, context.currentSystemTimeMs());
    context.forward(
        new Record<>(
            finding.getEntity().get("cluster"),
            finding,
            Math.max(0, finding.getAt().toEpochMilli()),
            CloudEventHeaders.of(finding)));
  }

  private Tables tables(String owner) {
    return tables.computeIfAbsent(owner, name -> new Tables(store.take(name)));
  }

  private void save() {
    tables.forEach(
        (owner, owned) ->
            owned.drain((table, entity, bytes) -> store.write(owner, table, entity, bytes)));
  }
}
