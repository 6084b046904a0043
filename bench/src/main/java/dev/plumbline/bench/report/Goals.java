package dev.plumbline.bench.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** What the figures should be, and what they are. */
final class Goals {

  /**
   * A figure beside what it should be.
   *
   * @param figure as measured; NaN when it was not
   * @param ship good enough
   * @param goal as good as it should get
   * @param atLeast true when more is better
   */
  record Goal(String about, double figure, double ship, double goal, boolean atLeast, String unit) {
    String verdict() {
      if (Double.isNaN(figure)) {
        return "not measured";
      }
      if (reaches(goal)) {
        return "**goal met**";
      }
      return reaches(ship) ? "good enough" : "**missed**";
    }

    private boolean reaches(double bound) {
      return atLeast ? figure >= bound : figure <= bound;
    }

    String bound(double bound) {
      return (atLeast ? ">= " : "<= ") + Page.number(bound) + unit;
    }
  }

  private Goals() {}

  static List<Goal> of(JsonNode all) {
    List<Goal> goals = new ArrayList<>();
    String judging = "/path/stages/at-least-once";
    goals.add(
        most(
            "judging / consume + decode, CPU",
            at(all, judging + "/toDecode/median"),
            20,
            10,
            " x"));
    goals.add(
        most(
            "judging / a bare consumer with the same detectors, CPU",
            at(all, judging + "/toBare/median"),
            2,
            1.4,
            " x"));
    goals.add(
        most(
            "exactly-once / at-least-once, CPU",
            at(all, "/path/exactlyOnceToAtLeastOnce/median"),
            1.4,
            1.1,
            " x"));
    goals.add(
        least(
            "a plain build with one RocksDB entry per series / judging, CPU",
            at(all, "/path/plainToAtLeastOnce/median"),
            30,
            100,
            " x"));
    goals.add(
        least(
            "samples judged per CPU-second / Prometheus rules",
            at(all, judging + "/samplesPerCpuSecond/median")
                / at(all, "/prometheus/samplesPerCpuSecond/median"),
            5,
            20,
            " x"));
    goals.add(
        most(
            "changelog bytes / input bytes, both as they lie in the log",
            at(all, "/burst/changelogToInput"),
            1,
            0.15,
            ""));
    goals.add(
        most(
            "append to finding at half load, p99",
            at(all, "/latency/at-least-once/judging/p99"),
            100,
            20,
            " ms"));
    goals.add(
        most(
            "append to incident at half load, p99",
            at(all, "/latency/at-least-once/deciding/p99"),
            400,
            150,
            " ms"));
    goals.add(
        most(
            "state per signal, serialised",
            at(all, "/scale/stateBytesPerSignal"),
            1024,
            512,
            " B"));
    goals.add(
        most(
            "heap for a million signals",
            at(all, "/scale/heapBytesPerSignal") * 1e6 / 1e9,
            2,
            1,
            " GB"));
    goals.add(most("restore of a million signals", at(all, "/scale/restoreSeconds"), 30, 10, " s"));
    goals.add(
        most(
            "survivor's first record after kill -9",
            at(all, "/failover/survivorSeconds/median"),
            10,
            4,
            " s"));
    goals.add(
        most(
            "the same with a standby",
            at(all, "/failover/survivorWithStandbySeconds/median"),
            10,
            4,
            " s"));
    goals.add(
        most(
            "embedded broker, cold JVM to first ack, with class-data sharing",
            at(all, "/start/sharedSeconds/median"),
            5,
            2,
            " s"));
    goals.add(
        most(
            "CPU of a snapshot after a day / after an hour",
            at(all, "/history/dayToHour/median"),
            1.05,
            1.05,
            " x"));
    goals.add(
        most(
            "CPU of a snapshot with two threads / with one",
            at(all, "/path/twoThreadsToOne/median"),
            1.2,
            1.05,
            " x"));
    goals.add(
        most(
            "snapshots and findings lost or repeated while processes come and go",
            Math.abs(at(all, "/sharing/judged") - at(all, "/sharing/sent"))
                + at(all, "/sharing/lost")
                + at(all, "/sharing/other")
                + at(all, "/sharing/repeated"),
            0,
            0,
            ""));
    goals.add(
        most(
            "CPU of a snapshot in one large cluster / in small ones of as many nodes",
            at(all, "/size/largeToSmall/median"),
            1.2,
            1.05,
            " x"));
    double clear = at(all, "/burst/secondsUntilClear");
    goals.add(
        most(
            "until the lag of a burst of 10 x is gone",
            clear < 0 ? Double.POSITIVE_INFINITY : clear,
            60,
            60,
            " s"));
    goals.add(
        most(
            "agent beside an 8-GPU node, resident at most",
            at(all, "/agent/residentBytes/most") / 1e6,
            160,
            100,
            " MB"));
    goals.add(
        most(
            "agent beside an 8-GPU node at 15 s scrapes, of a core",
            at(all, "/agent/cores") * 100,
            2,
            0.5,
            " %"));
    goals.add(
        least(
            "exposition parsed per CPU-second / Maven Central's parser, least of the sources",
            at(all, "/exposition/leastRatio"),
            3,
            10,
            " x"));
    return goals;
  }

  private static Goal most(String about, double figure, double ship, double goal, String unit) {
    return new Goal(about, figure, ship, goal, false, unit);
  }

  private static Goal least(String about, double figure, double ship, double goal, String unit) {
    return new Goal(about, figure, ship, goal, true, unit);
  }

  private static double at(JsonNode all, String path) {
    return all.at(path).asDouble(Double.NaN);
  }
}
