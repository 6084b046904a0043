package dev.plumbline.bench.exposition;

import dev.plumbline.agent.exposition.ExpositionParser;
import dev.plumbline.agent.mapping.Mapper;
import dev.plumbline.agent.mapping.Mapping;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
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
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Expositions of the sources parsed by Plumbline and by the parser that Maven Central has for Java
 * (org.hawkular.agent:prometheus-scraper), and mapped to a snapshot, side by side in one run.
 * {@code bench/exposition} runs it and prints MB/s and the ratios.
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

  /** Runs all and prints MB/s. */
  public static void main(String[] args) throws RunnerException, IOException {
    Options options = new OptionsBuilder().include(ExpositionBench.class.getName()).build();
    Collection<RunResult> results = new Runner(options).run();
    Map<String, Map<String, double[]>> table = new TreeMap<>();
    for (RunResult result : results) {
      String payload = result.getParams().getParam("payload");
      double size = body(payload).length;
      double score = result.getPrimaryResult().getScore();
      double error = result.getPrimaryResult().getScoreError() / score;
      table
          .computeIfAbsent(payload, k -> new TreeMap<>())
          .put(result.getPrimaryResult().getLabel(), new double[] {size / score, error});
    }
    List<String> lines = new ArrayList<>();
    lines.add("| payload | Plumbline MB/s | hawkular MB/s | ratio | to the snapshot MB/s |");
    lines.add("|---|---|---|---|---|");
    table.forEach(
        (payload, row) ->
            lines.add(
                String.format(
                    Locale.ROOT,
                    "| %s | %.0f ± %.0f %% | %.1f ± %.0f %% | %.1f | %.0f ± %.0f %% |",
                    payload,
                    row.get("plumbline")[0],
                    row.get("plumbline")[1] * 100,
                    row.get("hawkular")[0],
                    row.get("hawkular")[1] * 100,
                    row.get("plumbline")[0] / row.get("hawkular")[0],
                    row.get("snapshot")[0],
                    row.get("snapshot")[1] * 100)));
    System.out.println(String.join("\n", lines));
  }
}
