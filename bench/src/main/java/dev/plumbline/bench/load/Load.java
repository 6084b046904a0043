package dev.plumbline.bench.load;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.plumbline.agent.snapshot.SnapshotFactory;
import dev.plumbline.agent.tape.TapeLine;
import dev.plumbline.agent.tape.TapeLine.Format;
import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.schemas.event.ResourceSnapshot;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;

/**
 * What the agents of a fleet send: the fixtures' expositions, taken through the production mapper
 * once for each target, then moved on from scrape to scrape by a simple model of a node: demand
 * with a daily rhythm, batching servers, boards that draw power and heat by their use. A few things
 * go wrong in the second half. The same size gives the same snapshots.
 */
public final class Load {
  /** Event time of the first scrape. */
  public static final Instant START = Instant.parse("2026-11-02T08:00:00Z");

  static final int BOARDS = 8;

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String DCGM = fixture("dcgm-exporter.prom");
  private static final String VLLM = fixture("vllm.prom");
  private static final String NODE = fixture("node-exporter.prom");

  /**
   * Takes the snapshots. The record is used again for the next scrape of its target: keep bytes or
   * a copy.
   */
  @FunctionalInterface
  public interface Sink {
    /**
     * @param at event time, milliseconds
     */
    void accept(Topic topic, String cluster, long at, SpecificRecord snapshot);
  }

  /** Something that is scraped. */
  private record Target(
      int cluster, long offset, SpecificRecord snapshot, Header header, Model model) {}

  /** What moves a target's numbers on. */
  interface Model {
    /**
     * @param tick scrape, from 0
     * @param at its event time, milliseconds
     * @param seconds since the scrape before
     * @param demand 0..1, the hour's share of the day's peak
     */
    void advance(int tick, long at, double seconds, double demand);
  }

  private final Size size;
  private final boolean faults;
  private final List<String> clusters = new ArrayList<>();
  private final List<SnapshotFactory.Event> objects = new ArrayList<>();
  private final List<Target> targets = new ArrayList<>();
  private final long[] sequences;
  private int nextObject;
  private int tick;

  public Load(Size size) {
    this(size, true);
  }

  /**
   * @param faults false when nothing goes wrong
   */
  public Load(Size size, boolean faults) {
    this.size = size;
    this.faults = faults;
    sequences = new long[size.clusters()];
    SplittableRandom random = new SplittableRandom(20261102);
    for (int c = 0; c < size.clusters(); c++) {
      String cluster = "%08x-0000-4000-8000-%012d".formatted(0xbe7c0000 + c, c);
      clusters.add(cluster);
      cluster(c, cluster, random.split());
    }
    targets.sort(java.util.Comparator.comparingLong(Target::offset));
  }

  /** Cluster UIDs, in order. */
  public List<String> clusters() {
    return clusters;
  }

  public Size size() {
    return size;
  }

  /** Targets that are scraped. */
  public int targets() {
    return targets.size();
  }

  /** Event time of a scrape, milliseconds. */
  public long at(int tick) {
    return START.toEpochMilli() + tick * size.intervalSeconds() * 1000L;
  }

  /** All that is left of the load. */
  public long drain(Sink sink) {
    long snapshots = 0;
    while (tick < size.ticks()) {
      snapshots += scrape(sink);
    }
    return snapshots;
  }

  /**
   * The next scrape of all targets, in the order of time; before the first what the clusters say of
   * themselves.
   *
   * @return number of snapshots
   */
  public long scrape(Sink sink) {
    long snapshots = 0;
    for (; nextObject < objects.size(); nextObject++) {
      SnapshotFactory.Event event = objects.get(nextObject);
      Header header = (Header) event.value().get(0);
      header.setSequence(sequences[clusters.indexOf(event.key())]++);
      long at = header.getObservedAt().toEpochMilli();
      sink.accept(event.topic(), event.key(), at, event.value());
      snapshots++;
    }
    for (Target target : targets) {
      long at = at(tick) + target.offset();
      target.model().advance(tick, at, size.intervalSeconds(), demand(at));
      Header header = target.header();
      header.setSequence(sequences[target.cluster()]++);
      header.setObservedAt(Instant.ofEpochMilli(at));
      header.setSentAt(Instant.ofEpochMilli(at));
      Topic topic =
          target.snapshot() instanceof LatencySnapshot
              ? Topic.LATENCY_SNAPSHOTS
              : Topic.RESOURCE_SNAPSHOTS;
      sink.accept(topic, clusters.get(target.cluster()), at, target.snapshot());
      snapshots++;
    }
    tick++;
    return snapshots;
  }

  /** Quiet at night, busy in the afternoon. */
  private static double demand(long at) {
    double hour = (at / 3_600_000.0) % 24;
    return 0.55 + 0.35 * Math.sin((hour - 9) / 24 * 2 * Math.PI);
  }

  private void cluster(int c, String cluster, SplittableRandom random) {
    SnapshotFactory factory = new SnapshotFactory("agent-" + c, 1, Map.of());
    Instant before = START.minusSeconds(1);
    String region = c % 3 == 2 ? "us-east-1" : "eu-west-3";
    objects.add(
        factory.of(
            line(
                before,
                cluster,
                Format.IDENTITY,
                "cluster",
                cluster,
                Map.of(),
                null,
                """
                {"name": "bench-%02d", "provider": "aws", "kind": "cloud", "region": "%s",
                 "jurisdiction": "%s"}"""
                    .formatted(c, region, region.substring(0, 2)))));
    for (int n = 0; n < size.nodes(); n++) {
      String node = "gpu-worker-%03d".formatted(n);
      objects.add(factory.of(object(before, cluster, "v1/Node/" + node, nodeObject(node))));
      String pod = "llama-%03d".formatted(n);
      objects.add(
          factory.of(object(before, cluster, "v1/Pod/llm-serving/" + pod, podObject(pod, node))));
      boolean sick = faults && size.nodes() > 1 && n == size.nodes() / 2;
      add(c, cluster, factory, "dcgm", node, Map.of("node", node), dcgm(c, n, node, pod))
          .dcgm(random.split(), sick);
      Map<String, String> labels =
          Map.of(
              "node",
              node,
              "namespace",
              "llm-serving",
              "pod",
              pod,
              "workload",
              "llama",
              "model",
              "llama-33-70b",
              "tenant",
              "tenant-" + n % 4);
      add(c, cluster, factory, "vllm", "llm-serving/" + pod, labels, VLLM)
          .vllm(random.split(), sick);
      String text = NODE.replace("gpu-worker-03", node);
      add(c, cluster, factory, "node", node, Map.of("node", node), text).node(random.split());
    }
  }

  /** A target whose model is still to be named. */
  private final class Added {
    private final int cluster;
    private final long offset;
    private final SpecificRecord snapshot;

    Added(int cluster, long offset, SpecificRecord snapshot) {
      this.cluster = cluster;
      this.offset = offset;
      this.snapshot = snapshot;
    }

    void dcgm(SplittableRandom random, boolean sick) {
      put(new BoardsModel(((ResourceSnapshot) snapshot).getGpus(), random, sick, size.ticks()));
    }

    void vllm(SplittableRandom random, boolean sick) {
      put(new ServerModel((LatencySnapshot) snapshot, random, sick, size.ticks()));
    }

    void node(SplittableRandom random) {
      put(new NodeModel(((ResourceSnapshot) snapshot).getNodes(), random));
    }

    private void put(Model model) {
      targets.add(new Target(cluster, offset, snapshot, (Header) snapshot.get(0), model));
    }
  }

  private Added add(
      int c,
      String cluster,
      SnapshotFactory factory,
      String source,
      String target,
      Map<String, String> labels,
      String text) {
    TapeLine line = line(START, cluster, Format.PROMETHEUS, source, target, labels, text, null);
    SpecificRecord snapshot = factory.of(line).value();
    // targets are scraped evenly over the interval, as an agent does
    long offset =
        Math.floorMod((cluster + target + source).hashCode(), size.intervalSeconds() * 1000);
    return new Added(c, offset, snapshot);
  }

  /** The fixture's first board, eight times, all held by one server. */
  private static String dcgm(int c, int n, String node, String pod) {
    List<String> board = DCGM.lines().filter(it -> it.contains("gpu=\"0\"")).toList();
    StringBuilder text = new StringBuilder();
    for (int g = 0; g < BOARDS; g++) {
      String uuid = "GPU-%08x-0000-4000-8000-%012d".formatted(c, n * BOARDS + g);
      for (String sample : board) {
        text.append(
                sample
                    .replace("gpu=\"0\"", "gpu=\"" + g + '"')
                    .replace("GPU-8d3f1e52-6c0a-4b7e-9a51-2f7c0d4b11a0", uuid)
                    .replace("nvidia0", "nvidia" + g)
                    .replace("gpu-worker-03", node)
                    .replace("llama-33-70b-kserve-7c9d5f8b6d-4xk2p", pod))
            .append('\n');
      }
    }
    return text.toString();
  }

  private static String nodeObject(String node) {
    return """
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "%s", "uid": "%s",
         "labels": {"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3", "nvidia.com/gpu.count": "8"}},
         "status": {"nodeInfo": {"kubeletVersion": "v1.33.2"}}}"""
        .formatted(node, node);
  }

  private static String podObject(String pod, String node) {
    return """
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "%s", "namespace": "llm-serving",
         "uid": "%s", "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet",
         "name": "llama", "uid": "llama", "controller": true}]},
         "spec": {"nodeName": "%s", "containers": [{"name": "main", "image": "vllm:v0.11.0"}]}}"""
        .formatted(pod, pod, node);
  }

  private static TapeLine object(Instant at, String cluster, String target, String json) {
    return line(at, cluster, Format.OBJECT, "kubernetes", target, Map.of(), null, json);
  }

  private static TapeLine line(
      Instant at,
      String cluster,
      Format format,
      String source,
      String target,
      Map<String, String> labels,
      String text,
      String json) {
    try {
      return new TapeLine(
          at,
          cluster,
          format,
          source,
          target,
          labels,
          text == null ? null : text.getBytes(StandardCharsets.UTF_8),
          json == null ? null : JSON.readTree(json),
          null);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String fixture(String name) {
    try (InputStream in = Load.class.getResourceAsStream("/fixtures/" + name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(it -> !it.startsWith("#"))
          .collect(Collectors.joining("\n", "", "\n"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
