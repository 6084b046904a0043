package dev.plumbline.bench.exposition;

import dev.plumbline.agent.exposition.ExpositionParser;
import dev.plumbline.agent.mapping.Mapper;
import dev.plumbline.agent.mapping.Mapping;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
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
 * (org.hawkular.agent:prometheus-scraper), and mapped to a snapshot, side by side in one run.
 * {@code bench/exposition} prints MB per CPU second and the ratios; JMH runs the same for a closer
 * look.
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
  private static final int ROUNDS = 9;
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
    Path fixtures = Path.of(System.getProperty("fixtures", "agent/src/test/resources/fixtures"));
    return Files.readAllBytes(fixtures.resolve(payload + ".prom"));
  }

  /** One of the benchmarks above. */
  private interface Work {
    Object once() throws Exception;
  }

  /**
   * Prints MB per second of CPU time: rounds of all three in turn, each of at least {@value
   * #ROUND_NANOS} ns, and their median. Unlike wall time that hardly moves on a busy machine.
   */
  public static void main(String[] args) throws Exception {
    System.out.println(
        "| payload | Plumbline MB/s | hawkular MB/s | ratio | to the snapshot MB/s |");
    System.out.println("|---|---|---|---|---|");
    for (String payload : new TreeMap<>(SOURCES).keySet()) {
      ExpositionBench bench = new ExpositionBench();
      bench.payload = payload;
      bench.read();
      Work[] works = {bench::plumbline, bench::hawkular, bench::snapshot};
      double[][] speeds = new double[works.length][ROUNDS];
      for (int round = -WARM_UP; round < ROUNDS; round++) {
        for (int i = 0; i < works.length; i++) {
          double speed = bench.body.length * 1e3 / nanos(works[i]);
          if (round >= 0) {
            speeds[i][round] = speed;
          }
        }
      }
      for (double[] speed : speeds) {
        Arrays.sort(speed);
      }
      System.out.printf(
          Locale.ROOT,
          "| %s | %s | %s | %.1f | %s |%n",
          payload,
          spread(speeds[0]),
          spread(speeds[1]),
          speeds[0][ROUNDS / 2] / speeds[1][ROUNDS / 2],
          spread(speeds[2]));
    }
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

  private static String spread(double[] sorted) {
    return String.format(
        Locale.ROOT,
        "%.0f (%.0f-%.0f)",
        sorted[sorted.length / 2],
        sorted[sorted.length / 4],
        sorted[sorted.length * 3 / 4]);
  }
}
