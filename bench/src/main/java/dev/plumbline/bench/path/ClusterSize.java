package dev.plumbline.bench.path;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.plumbline.bench.load.Load;
import dev.plumbline.bench.load.Size;
import dev.plumbline.bench.report.Spread;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.streams.fleet.Facts;
import dev.plumbline.streams.judge.ClusterJudge;
import dev.plumbline.streams.state.Tables;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;

/**
 * Whether judging costs more in one large cluster than in small ones of as many nodes: nothing that
 * a snapshot leads to, or the departure of a replica, may walk over all that the cluster has.
 */
public final class ClusterSize {
  private static final int NODES = 1_024;
  private static final int SMALL = 64;
  private static final int SCRAPES = 30;

  /** Of so many replicas one departs at each scrape, and is back at the next. */
  private static final int DEPARTS = 8;

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private ClusterSize() {}

  /**
   * Runs it.
   *
   * @param rounds that count, after one to warm up
   */
  public static void run(int rounds, Consumer<String> progress, ObjectNode out) {
    double[] small = new double[rounds];
    double[] large = new double[rounds];
    double[] ratios = new double[rounds];
    for (int round = 0; round <= rounds; round++) {
      progress.accept("a large cluster, %d of %d".formatted(round, rounds));
      Fleet many = new Fleet(NODES / SMALL, SMALL);
      Fleet one = new Fleet(1, NODES);
      for (int scrape = 0; scrape < SCRAPES; scrape++) {
        many.scrape();
        one.scrape();
      }
      if (round > 0) {
        small[round - 1] = many.micros();
        large[round - 1] = one.micros();
        ratios[round - 1] = one.micros() / many.micros();
      }
    }
    out.put("rounds", rounds);
    out.put("nodes", NODES);
    out.put("smallNodes", SMALL);
    Spread.of(small).put(out, "smallMicros");
    Spread.of(large).put(out, "largeMicros");
    Spread.of(ratios).put(out, "largeToSmall");
  }

  /** Clusters, and what their snapshots cost. */
  private static final class Fleet {
    private final Load load;
    private final Map<String, Seat> seats = new HashMap<>();
    private int servers;
    private long nanos;
    private long snapshots;

    Fleet(int clusters, int nodes) {
      load = new Load(new Size(clusters, nodes, SCRAPES, 30));
    }

    void scrape() {
      load.scrape(
          (topic, cluster, at, snapshot) -> {
            judge(cluster, snapshot);
            if (snapshot instanceof LatencySnapshot server && servers++ % DEPARTS == 0) {
              server.getHeader().setGone(true);
              judge(cluster, snapshot);
              server.getHeader().setGone(false);
            }
          });
    }

    private void judge(String cluster, SpecificRecord snapshot) {
      Seat seat = seats.computeIfAbsent(cluster, Seat::new);
      long before = THREADS.getCurrentThreadCpuTime();
      seat.judge(snapshot);
      nanos += THREADS.getCurrentThreadCpuTime() - before;
      snapshots++;
    }

    double micros() {
      return nanos / 1e3 / snapshots;
    }
  }

  /** One cluster, as the judging stage has it. */
  private static final class Seat {
    private final List<Finding> found = new ArrayList<>();
    private final ClusterJudge judge;
    private final Facts facts;

    Seat(String cluster) {
      Tables tables = new Tables();
      judge = new ClusterJudge(cluster, tables, found::add);
      facts = new Facts(cluster, tables);
    }

    void judge(SpecificRecord snapshot) {
      judge.judge(snapshot);
      facts.tell(snapshot, judge, found, fact -> {});
      found.clear();
    }
  }
}
