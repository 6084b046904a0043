package dev.plumbline.bench.exposition;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.plumbline.agent.exposition.ExpositionParser;
import dev.plumbline.agent.mapping.Mapper;
import dev.plumbline.agent.mapping.Mapping;
import dev.plumbline.bench.report.Spread;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.hawkular.agent.prometheus.text.TextPrometheusMetricsProcessor;
import org.hawkular.agent.prometheus.types.MetricFamily;
import org.hawkular.agent.prometheus.walkers.CollectorPrometheusMetricsWalker;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Expositions of the sources parsed by Plumbline and by the parser that Maven Central has for Java
 * (org.hawkular.agent:prometheus-scraper), and mapped to a snapshot, side by side in one run. JMH
 * runs the same for a closer look.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 2,
    jvmArgsAppend = {"-Xmx512m", "-XX:+UseSerialGC"})
public class ExpositionBench {
  private static final int WARM_UP = 4;
  private static final long ROUND_NANOS = 250_000_000;

  /** What is computed goes here, so that it is. */
  static volatile long blackhole;

  private static final Map<String, String> SOURCES =
      Map.of(
          "dcgm-exporter", "dcgm",
          "vllm", "vllm",
          "epp", "epp",
          "kube-state-metrics", "ksm",
          "node-exporter", "node",
          "kubevirt", "kubevirt");

  /** Recorded payload. */
  @Param({"dcgm-exporter", "vllm", "epp", "kube-state-metrics", "node-exporter", "kubevirt"})
  public String payload;

  private byte[] body;
  private final ExpositionParser parser = new ExpositionParser();
  private Mapper mapper;
  private double sum;

  /** Reads the payload and checks that both parsers see as much in it. */
  @Setup
  public void read() throws Exception {
    body = body(payload);
    mapper = new Mapper(Mapping.shipped(SOURCES.get(payload)));
    List<MetricFamily> families = hawkular();
    long theirs = families.stream().mapToLong(it -> it.getMetrics().size()).sum();
    if (theirs == 0 || plumbline() == 0) {
      throw new IllegalStateException(payload + " was not read");
    }
  }

  /** Every sample, with its labels, to a sink. */
  @Benchmark
  public double plumbline() throws Exception {
    sum = 0;
    parser.parse(body, (name, labels, value) -> sum += labels.size() + value + name.length());
    return sum;
  }

  /** Every family, collected. */
  @Benchmark
  public List<MetricFamily> hawkular() {
    CollectorPrometheusMetricsWalker walker = new CollectorPrometheusMetricsWalker();
    new TextPrometheusMetricsProcessor(new ByteArrayInputStream(body), walker).walk();
    return walker.getAllMetricFamilies();
  }

  /** From the bytes to the snapshot that is sent. */
  @Benchmark
  public Object snapshot() throws Exception {
    return mapper.map(body, Map.of("node", "gpu-worker-03"));
  }

  private static byte[] body(String payload) throws IOException {
    try (InputStream in =
        ExpositionBench.class.getResourceAsStream("/fixtures/" + payload + ".prom")) {
      return in.readAllBytes();
    }
  }

  /** One of the benchmarks above. */
  private interface Work {
    Object once() throws Exception;
  }

  /**
   * MB per second of CPU time: rounds of all three in turn, each of at least {@value #ROUND_NANOS}
   * ns. Unlike wall time that hardly moves on a busy machine.
   */
  public static void run(int rounds, Consumer<String> progress, ObjectNode out) throws IOException {
    out.put("rounds", rounds);
    ObjectNode payloads = out.putObject("payloads");
    double least = Double.POSITIVE_INFINITY;
    for (String payload : new TreeSet<>(SOURCES.keySet())) {
      progress.accept("exposition of " + payload);
      ObjectNode one = payloads.putObject(payload);
      try {
        least = Math.min(least, run(payload, rounds, one));
      } catch (Exception e) {
        throw new IOException(payload + " can't be parsed", e);
      }
    }
    out.put("leastRatio", least);
  }

  private static double run(String payload, int rounds, ObjectNode out) throws Exception {
    ExpositionBench bench = new ExpositionBench();
    bench.payload = payload;
    bench.read();
    Work[] works = {bench::plumbline, bench::hawkular, bench::snapshot};
    double[][] speeds = new double[works.length][rounds];
    double[] ratios = new double[rounds];
    for (int round = -WARM_UP; round < rounds; round++) {
      double[] speed = new double[works.length];
      for (int i = 0; i < works.length; i++) {
        speed[i] = bench.body.length * 1e3 / nanos(works[i]);
      }
      if (round >= 0) {
        for (int i = 0; i < works.length; i++) {
          speeds[i][round] = speed[i];
        }
        ratios[round] = speed[0] / speed[1];
      }
    }
    out.put("bytes", bench.body.length);
    Spread.of(speeds[0]).put(out, "plumblineMegabytesPerSecond");
    Spread.of(speeds[1]).put(out, "hawkularMegabytesPerSecond");
    Spread.of(speeds[2]).put(out, "snapshotMegabytesPerSecond");
    Spread.of(ratios).put(out, "ratio");
    return Spread.of(ratios).median();
  }

  /** CPU time of one run, over a round of them. */
  private static double nanos(Work work) throws Exception {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long began = threads.getCurrentThreadCpuTime();
    long end = began;
    int runs = 0;
    while (end - began < ROUND_NANOS) {
      for (int i = 0; i < 20; i++) {
        blackhole += System.identityHashCode(work.once());
      }
      runs += 20;
      end = threads.getCurrentThreadCpuTime();
    }
    return (end - began) / (double) runs;
  }
}
