package dev.plumbline.bench.path;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.plumbline.bench.load.Size;
import dev.plumbline.bench.report.Spread;
import dev.plumbline.cli.embedded.Workspace;
import dev.plumbline.streams.Detect.Guarantee;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The path of a snapshot, stage by stage on the same topics in one run: reading, decoding, judging
 * without and with Kafka Streams. The stages take turns, so that what the machine does beside it
 * falls on all of them; a first round warms up and doesn't count.
 *
 * <p>The unit is CPU time, of this process and of the broker, for a snapshot of 190 samples: wall
 * time says more about the neighbours of the benchmark.
 */
public final class WholePath {
  /**
   * How it runs.
   *
   * @param size the load
   * @param partitions of the snapshot topics
   * @param rounds that count, after one that warms up; 0 counts that one, to see that all runs
   * @param passes how often the stages that only read go over the topics in a round
   * @param plain snapshots that the plain build goes over; it takes milliseconds for each
   * @param only names of the stages to run; empty for all
   */
  public record Settings(
      Size size, int partitions, int rounds, int passes, long plain, List<String> only) {}

  private WholePath() {}

  /**
   * Runs all stages.
   *
   * @param progress takes a word about what is going on
   * @param out takes the figures
   */
  public static void run(Settings settings, Consumer<String> progress, ObjectNode out)
      throws IOException {
    List<Stage> stages = new ArrayList<>();
    stages.add(ConsumerStage.raw(settings.passes()));
    stages.add(ConsumerStage.decode(settings.passes()));
    stages.add(ConsumerStage.judge());
    stages.add(new PassThrough());
    stages.add(
        new DetectStage(
            "at-least-once", "detect, judging at least once", Guarantee.AT_LEAST_ONCE, 1));
    stages.add(
        new DetectStage("exactly-once", "detect, judging exactly once", Guarantee.EXACTLY_ONCE, 1));
    stages.add(
        new DetectStage(
            "two-threads",
            "detect, judging at least once in two threads",
            Guarantee.AT_LEAST_ONCE,
            2));
    stages.add(new PlainStage(settings.plain()));
    stages.removeIf(it -> !settings.only().isEmpty() && !settings.only().contains(it.name()));
    try (Workspace workspace = Workspace.temporary();
        BrokerProcess broker =
            BrokerProcess.start(workspace.folder("kafka"), "-Xmx1g", "-XX:+UseSerialGC");
        Fixture fixture = new Fixture(broker, settings.partitions())) {
      progress.accept("load");
      fixture.load(settings.size());
      long input = fixture.logged("snapshots");
      Map<String, List<Probe.Taken>> taken = new LinkedHashMap<>();
      for (int round = 0; round <= settings.rounds(); round++) {
        for (Stage stage : stages) {
          progress.accept(
              (round == 0 ? "warm-up, " : "round %d of %d, ".formatted(round, settings.rounds()))
                  + stage.about());
          Probe.Taken one = run(stage, fixture, workspace, round);
          if (round > 0 || settings.rounds() == 0) {
            taken.computeIfAbsent(stage.name(), k -> new ArrayList<>()).add(one);
          }
        }
      }
      report(settings, fixture, input, stages, taken, out);
    }
  }

  private static Probe.Taken run(Stage stage, Fixture fixture, Workspace workspace, int round)
      throws IOException {
    try {
      // what an earlier stage left in the heap is not this one's to clear away
      System.gc();
      return stage.run(fixture, workspace.folder("state-" + stage.name() + "-" + round));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } catch (IOException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException(stage.name() + ": " + e.getMessage(), e);
    }
  }

  private static void report(
      Settings settings,
      Fixture fixture,
      long input,
      List<Stage> stages,
      Map<String, List<Probe.Taken>> taken,
      ObjectNode out) {
    double each = (double) fixture.samples / fixture.snapshots;
    // every figure is told for a snapshot of 190 samples
    double unit = Size.SNAPSHOT / each;
    ObjectNode load = out.putObject("load");
    load.put("clusters", settings.size().clusters());
    load.put("nodes", settings.size().nodes());
    load.put("intervalSeconds", settings.size().intervalSeconds());
    load.put("scrapes", settings.size().ticks());
    load.put("partitions", settings.partitions());
    load.put("rounds", settings.rounds());
    load.put("snapshots", fixture.snapshots);
    load.put("samples", fixture.samples);
    load.put("samplesPerSnapshot", each);
    load.put("bytesPerSnapshot", (double) fixture.rawBytes / fixture.snapshots);
    load.put("loggedBytesPerSnapshot", (double) input / fixture.snapshots);
    List<Probe.Taken> decode = taken.get("decode");
    List<Probe.Taken> bare = taken.get("bare");
    ObjectNode reported = out.putObject("stages");
    for (Stage stage : stages) {
      List<Probe.Taken> rounds = taken.get(stage.name());
      ObjectNode one = reported.putObject(stage.name());
      one.put("about", stage.about());
      Spread.of(rounds, it -> it.appMicros() * unit).put(one, "appMicros");
      Spread.of(rounds, it -> it.brokerMicros() * unit).put(one, "brokerMicros");
      Spread.of(rounds, it -> it.micros() * unit).put(one, "micros");
      Spread.of(rounds, it -> it.snapshotsPerSecond() * each).put(one, "samplesPerSecond");
      Spread.of(rounds, it -> 1e6 * each / it.micros()).put(one, "samplesPerCpuSecond");
      if (decode != null) {
        // round by round, for a round's stages ran beside each other
        Spread.ratio(rounds, decode, Probe.Taken::micros).put(one, "toDecode");
      }
      if (bare != null) {
        Spread.ratio(rounds, bare, Probe.Taken::micros).put(one, "toBare");
      }
      rounds.get(0).other().keySet().forEach(it -> other(rounds, it, fixture, input, one));
    }
    ratio(taken, "plain", "at-least-once", out, "plainToAtLeastOnce");
    ratio(taken, "exactly-once", "at-least-once", out, "exactlyOnceToAtLeastOnce");
    ratio(taken, "two-threads", "at-least-once", out, "twoThreadsToOne");
  }

  private static void ratio(
      Map<String, List<Probe.Taken>> taken,
      String stage,
      String anchor,
      ObjectNode out,
      String name) {
    if (taken.containsKey(stage) && taken.containsKey(anchor)) {
      Spread.ratio(taken.get(stage), taken.get(anchor), Probe.Taken::micros).put(out, name);
    }
  }

  private static void other(
      List<Probe.Taken> rounds, String figure, Fixture fixture, long input, ObjectNode one) {
    if (figure.equals("changelogBytes")) {
      Spread.of(
              rounds,
              it ->
                  it.other().get(figure)
                      / input
                      * fixture.snapshots
                      / it.other().getOrDefault("of", (double) fixture.snapshots))
          .put(one, "changelogToInput");
    } else {
      Spread.of(rounds, it -> it.other().get(figure)).put(one, figure);
    }
  }
}
