package dev.plumbline.bench.micro;

import dev.plumbline.schemas.event.Header;
import dev.plumbline.streams.judge.ClusterJudge;
import dev.plumbline.streams.state.Tables;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.apache.avro.specific.SpecificRecord;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Judging a snapshot in the heap, with every watcher, and writing the state that it changed. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class JudgeBenchmark {
  private static final int TICKS = 128;

  private final Snapshots boards = new Snapshots(0, TICKS);
  private final Snapshots servers = new Snapshots(1, TICKS);
  private Tables tables;
  private ClusterJudge judge;
  private long at;
  private int next;
  private long written;

  @Setup
  public void setUp() {
    Snapshots first = new Snapshots(-1, 1);
    String cluster = ((Header) first.all.get(0).get(0)).getCluster();
    tables = new Tables();
    judge = new ClusterJudge(cluster, tables, finding -> {});
    first.all.forEach(judge::judge);
    at = ((Header) first.all.get(first.all.size() - 1).get(0)).getObservedAt().toEpochMilli();
  }

  @Benchmark
  public void judgeBoards() {
    judge.judge(now(boards));
  }

  @Benchmark
  public void judgeServer() {
    judge.judge(now(servers));
  }

  @Benchmark
  public long judgeBoardsAndWrite() {
    judge.judge(now(boards));
    tables.drain((table, part, bytes) -> written += bytes == null ? 0 : bytes.length);
    return written;
  }

  /** The next snapshot, ever later: the numbers go round, time doesn't. */
  private SpecificRecord now(Snapshots snapshots) {
    SpecificRecord snapshot = snapshots.all.get(next++ % TICKS);
    // as often as a cluster of 8 nodes sends one
    at += 1_250;
    ((Header) snapshot.get(0)).setObservedAt(Instant.ofEpochMilli(at));
    return snapshot;
  }
}
