package dev.plumbline.bench.fleet;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What really happened to requests and boards, minute by minute. It is the measure by which a run
 * and its twin without the fault are compared; nothing of it goes to the tape.
 */
final class Recorder {
  /** One replica's minutes: sums of logarithms, so that means are geometric. */
  static final class Series {
    final Server server;
    final double[] interTokenLog;
    final double[] interTokenCount;
    final double[] firstTokenLog;
    final double[] firstTokenCount;
    final int[] starved;
    final boolean[] seen;

    Series(Server server, int minutes) {
      this.server = server;
      interTokenLog = new double[minutes];
      interTokenCount = new double[minutes];
      firstTokenLog = new double[minutes];
      firstTokenCount = new double[minutes];
      starved = new int[minutes];
      seen = new boolean[minutes];
    }

    String workload() {
      return server.node.site.name + "/" + server.spec.name();
    }
  }

  private final Map<String, Series> series = new LinkedHashMap<>();
  private final Map<Board, List<double[]>> throttles = new LinkedHashMap<>();
  private final int minutes;

  Recorder(double end) {
    minutes = (int) Math.ceil(end / 60) + 1;
  }

  private Series of(Server server) {
    return series.computeIfAbsent(
        server.node.site.name + "/" + server.pod, k -> new Series(server, minutes));
  }

  private int minute(double now) {
    return now < 0 ? -1 : Math.min(minutes - 1, (int) (now / 60));
  }

  void interToken(Server server, double now, double seconds, int times) {
    int m = minute(now);
    if (m >= 0) {
      Series s = of(server);
      s.interTokenLog[m] += times * Math.log(seconds);
      s.interTokenCount[m] += times;
    }
  }

  void firstToken(Server server, double now, double seconds) {
    int m = minute(now);
    if (m >= 0) {
      Series s = of(server);
      s.firstTokenLog[m] += Math.log(Math.max(1e-4, seconds));
      s.firstTokenCount[m]++;
    }
  }

  void preempted(Server server, double now) {
    int m = minute(now);
    if (m >= 0) {
      of(server).starved[m]++;
    }
  }

  /** Looks at states every few seconds. */
  void look(Fleet fleet, double now) {
    int m = minute(now);
    if (m < 0) {
      return;
    }
    for (Site site : fleet.sites) {
      for (Deployment d : site.deployments) {
        for (Server s : d.servers) {
          Series its = of(s);
          its.seen[m] |= s.phase == Server.Phase.READY;
          if (s.waitsForMemory() && s.kvUsage() > .88) {
            its.starved[m]++;
          }
        }
      }
      for (Node node : site.nodes) {
        for (Board board : node.boards) {
          if (board.throttled()) {
            List<double[]> spans = throttles.computeIfAbsent(board, k -> new ArrayList<>());
            double[] last = spans.isEmpty() ? null : spans.get(spans.size() - 1);
            if (last != null && now - last[1] < 120) {
              last[1] = now;
            } else {
              spans.add(new double[] {now, now});
            }
          }
        }
      }
    }
  }

  Collection<Series> all() {
    return series.values();
  }

  Series get(String key) {
    return series.get(key);
  }

  /** When a board was held down, as pairs of first and last. */
  List<double[]> throttled(Board board) {
    return throttles.getOrDefault(board, List.of());
  }

  Map<Board, List<double[]>> throttles() {
    return throttles;
  }

  int minutes() {
    return minutes;
  }

  /** All replicas of a workload at a site taken together. */
  Series workload(String workload) {
    Series sum = null;
    for (Series s : series.values()) {
      if (!s.workload().equals(workload)) {
        continue;
      }
      if (sum == null) {
        sum = new Series(s.server, minutes);
      }
      for (int m = 0; m < minutes; m++) {
        sum.interTokenLog[m] += s.interTokenLog[m];
        sum.interTokenCount[m] += s.interTokenCount[m];
        sum.firstTokenLog[m] += s.firstTokenLog[m];
        sum.firstTokenCount[m] += s.firstTokenCount[m];
        sum.starved[m] += s.starved[m];
        sum.seen[m] |= s.seen[m];
      }
    }
    return sum;
  }
}
