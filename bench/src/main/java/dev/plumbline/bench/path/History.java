package dev.plumbline.bench.path;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.plumbline.bench.load.Load;
import dev.plumbline.bench.load.Size;
import dev.plumbline.bench.report.Spread;
import dev.plumbline.streams.judge.ClusterJudge;
import dev.plumbline.streams.state.Tables;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/** Whether judging costs more after a day of a fleet's history than after an hour. */
public final class History {
  private static final int SECONDS = 30;
  private static final int HOUR = 3600 / SECONDS;
  private static final int HOURS = 26;

  private History() {}

  /**
   * Runs it.
   *
   * @param rounds that count, after one to warm up
   */
  public static void run(int rounds, Consumer<String> progress, ObjectNode out) {
    double[] ratios = new double[rounds];
    double[] early = new double[rounds];
    double[] late = new double[rounds];
    for (int round = 0; round <= rounds; round++) {
      progress.accept("a day of history, %d of %d".formatted(round, rounds));
      double[] micros = day();
      if (round > 0) {
        early[round - 1] = micros[0];
        late[round - 1] = micros[1];
        ratios[round - 1] = micros[1] / micros[0];
      }
    }
    out.put("rounds", rounds);
    Spread.of(early).put(out, "microsAfterAnHour");
    Spread.of(late).put(out, "microsAfterADay");
    Spread.of(ratios).put(out, "dayToHour");
  }

  /** CPU of a snapshot after an hour, and a day later at the same time of the day. */
  private static double[] day() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    Load load = new Load(new Size(2, 4, HOURS * HOUR, SECONDS), false);
    Map<String, ClusterJudge> judges = new HashMap<>();
    long[] nanos = new long[HOURS];
    long[] snapshots = new long[HOURS];
    for (int tick = 0; tick < HOURS * HOUR; tick++) {
      int hour = tick / HOUR;
      load.scrape(
          (topic, cluster, at, snapshot) -> {
            ClusterJudge judge =
                judges.computeIfAbsent(
                    cluster, uid -> new ClusterJudge(uid, new Tables(), finding -> {}));
            long before = threads.getCurrentThreadCpuTime();
            judge.judge(snapshot);
            nanos[hour] += threads.getCurrentThreadCpuTime() - before;
            snapshots[hour]++;
          });
      judges.values().forEach(it -> it.tables().drain((table, part, bytes) -> {}));
    }
    return new double[] {
      nanos[1] / 1000.0 / snapshots[1], nanos[25] / 1000.0 / snapshots[25],
    };
  }
}
