package dev.plumbline.bench.path;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.plumbline.bench.load.Load;
import dev.plumbline.bench.load.Numbers;
import dev.plumbline.bench.load.Size;
import dev.plumbline.cli.embedded.Workspace;
import dev.plumbline.streams.Detect;
import dev.plumbline.streams.Detect.Guarantee;
import dev.plumbline.streams.judge.ClusterJudge;
import dev.plumbline.streams.state.Tables;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/** A million signals: what their state takes in the heap and in bytes, and how long it restores. */
public final class Scale {
  private static final int CLUSTERS = 16;
  private static final int SCRAPES = 12;

  private Scale() {}

  /**
   * Runs it.
   *
   * @param signals series that are judged, about
   */
  public static void run(long signals, Consumer<String> progress, ObjectNode out)
      throws IOException {
    double perNode = 616;
    int nodes = (int) Math.max(1, Math.ceil(signals / perNode / CLUSTERS));
    Size size = new Size(CLUSTERS, nodes, SCRAPES, 30);
    progress.accept("memory of a million signals");
    memory(size, out);
    progress.accept("restore of a million signals");
    restore(size, out);
  }

  private static void memory(Size size, ObjectNode out) {
    Load load = new Load(size);
    Map<String, ClusterJudge> judges = new HashMap<>();
    long[] samples = new long[1];
    load.drain(
        (topic, cluster, at, snapshot) -> {
          samples[0] += Numbers.count(snapshot);
          judges
              .computeIfAbsent(cluster, uid -> new ClusterJudge(uid, new Tables(), finding -> {}))
              .judge(snapshot);
        });
    long signals = samples[0] / size.ticks();
    long[] bytes = new long[1];
    for (ClusterJudge judge : judges.values()) {
      judge.tables().drain((table, part, state) -> bytes[0] += state == null ? 0 : state.length);
    }
    long with = heap();
    judges.clear();
    long heap = with - heap();
    out.put("signals", signals);
    out.put("heapBytes", heap);
    out.put("heapBytesPerSignal", (double) heap / signals);
    out.put("stateBytesPerSignal", (double) bytes[0] / signals);
    out.put("stateBytesPerTarget", (double) bytes[0] / load.targets());
    out.put("targets", load.targets());
  }

  private static void restore(Size size, ObjectNode out) throws IOException {
    try (Workspace workspace = Workspace.temporary();
        BrokerProcess broker =
            BrokerProcess.start(workspace.folder("kafka"), "-Xmx1g", "-XX:+UseSerialGC");
        Fixture fixture = new Fixture(broker, 4)) {
      fixture.load(size);
      String application = fixture.application();
      try (Detect detect = detect(fixture, application, workspace, "first")) {
        while (detect.judged() < fixture.snapshots
            || fixture.committed(application + "-judge") < fixture.snapshots) {
          healthy(detect);
        }
        // a checkpoint may be written some commits later
        Thread.sleep(1000);
      }
      out.put("changelogBytes", fixture.logged(application + "-judge-clusters"));
      long began = System.nanoTime();
      try (Detect detect = detect(fixture, application, workspace, "second")) {
        while (!detect.ready()) {
          healthy(detect);
        }
        out.put("restoreSeconds", (System.nanoTime() - began) / 1e9);
        out.put("residentBytes", Cpu.resident(ProcessHandle.current()));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private static void healthy(Detect detect) throws InterruptedException {
    if (!detect.healthy()) {
      throw new IllegalStateException("detection failed; its log says why");
    }
    Thread.sleep(10);
  }

  private static Detect detect(
      Fixture fixture, String application, Workspace workspace, String folder) throws IOException {
    return Detect.start(
        new Detect.Settings(
            fixture.client(),
            fixture.registry,
            application,
            2,
            true,
            workspace.folder(folder),
            null,
            Guarantee.AT_LEAST_ONCE,
            0));
  }

  private static long heap() {
    Runtime runtime = Runtime.getRuntime();
    System.gc();
    System.gc();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
