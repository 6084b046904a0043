package dev.plumbline.bench.prometheus;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.plumbline.bench.load.Load;
import dev.plumbline.bench.load.Size;
import dev.plumbline.bench.path.Cpu;
import dev.plumbline.bench.report.Spread;
import dev.plumbline.cli.embedded.Workspace;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.event.Histogram;
import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.schemas.event.ModelServerSample;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;

/**
 * Prometheus on the same series: a real server evaluates the rules of {@code prometheus/rules.yml}
 * over an hour of the load that ends now, and its CPU time is taken.
 *
 * <p>In production an evaluation comes with each scrape and judges one new sample of every series.
 * Here the series lie in its store beforehand and the rule manager evaluates once a second, so an
 * evaluation costs what it costs in production and the run is short. Scraping and writing the
 * samples is not counted, which is kind to Prometheus: the figures of Plumbline hold the transport
 * and the decoding.
 */
public final class PrometheusPeer {
  /** No step of the server takes nearly so long. */
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private PrometheusPeer() {}

  /** True when the programs are there. */
  public static boolean isInstalled() {
    return program("prometheus") != null && program("promtool") != null;
  }

  /**
   * Runs it.
   *
   * @param size the load; an hour or more of it
   * @param evaluations of all rules in a round; one comes each second
   * @param out takes the figures
   */
  public static void run(
      Size size, int rounds, int evaluations, Consumer<String> progress, ObjectNode out)
      throws IOException {
    try (Workspace workspace = Workspace.temporary()) {
      Path folder = workspace.folder("prometheus");
      progress.accept("Prometheus: write an hour of series");
      Path metrics = folder.resolve("series.txt");
      long ends = System.currentTimeMillis();
      long[] series = write(size, metrics, ends);
      run(
          List.of(
              program("promtool"),
              "tsdb",
              "create-blocks-from",
              "openmetrics",
              metrics.toString(),
              folder.resolve("data").toString()),
          folder);
      Files.delete(metrics);
      Path rules = folder.resolve("rules.yml");
      try (InputStream in = PrometheusPeer.class.getResourceAsStream("/prometheus/rules.yml")) {
        Files.copy(in, rules);
      }
      Path config = folder.resolve("prometheus.yml");
      Files.writeString(config, "global: {evaluation_interval: 1s}\nrule_files: [" + rules + "]\n");
      progress.accept("Prometheus: evaluate the rules");
      evaluate(folder, config, series, rounds, evaluations, out);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private static void evaluate(
      Path folder, Path config, long[] series, int rounds, int each, ObjectNode out)
      throws IOException, InterruptedException {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    Process server =
        new ProcessBuilder(
                program("prometheus"),
                "--config.file=" + config,
                "--storage.tsdb.path=" + folder.resolve("data"),
                "--web.listen-address=127.0.0.1:" + port,
                "--log.level=error")
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("log").toFile())
            .start();
    try {
      Queries queries = new Queries(server, port);
      queries.awaitReady();
      // the first evaluations read the blocks for the first time
      queries.awaitEvaluations(3);
      double[] micros = new double[rounds];
      double[] perSecond = new double[rounds];
      for (int round = 0; round < rounds; round++) {
        double before = queries.evaluations();
        long cpu = Cpu.of(server.toHandle());
        queries.awaitEvaluations(before + each);
        long used = Cpu.of(server.toHandle()) - cpu;
        double evaluations = queries.evaluations() - before;
        perSecond[round] = series[0] * evaluations / (used / 1e9);
        micros[round] = Size.SNAPSHOT * 1e6 / perSecond[round];
      }
      out.put("series", series[0]);
      out.put("samplesStored", series[1]);
      out.put("rules", queries.rules());
      out.put("rounds", rounds);
      Spread.of(micros).put(out, "micros");
      Spread.of(perSecond).put(out, "samplesPerCpuSecond");
      out.set("alerts", queries.alerts());
      out.put("residentBytes", Cpu.resident(server.toHandle()));
    } finally {
      server.destroy();
      if (!server.waitFor(10, TimeUnit.SECONDS)) {
        server.destroyForcibly();
      }
    }
  }

  /** Writes the load so that it ends at a time; series and samples of it. */
  private static long[] write(Size size, Path file, long ends) throws IOException {
    Load load = new Load(size);
    long shift = ends - load.at(size.ticks());
    long[] series = new long[2];
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      Exposition exposition = new Exposition(out);
      Recorded recorded = new Recorded(out);
      load.drain(
          (topic, cluster, at, snapshot) -> {
            try {
              exposition.write(moved(snapshot, at + shift), at + shift);
              recorded.write(snapshot, at + shift);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
      out.write("# EOF\n");
      series[1] = exposition.samples();
    }
    series[0] = series[1] / size.ticks();
    return series;
  }

  /** A node tells the time, which moves along. */
  private static SpecificRecord moved(SpecificRecord snapshot, long at) {
    if (snapshot instanceof dev.plumbline.schemas.event.ResourceSnapshot resource) {
      resource.getNodes().forEach(it -> it.setTimeSeconds(at / 1000.0));
    }
    return snapshot;
  }

  /** The history of what the rules record, so that the baselines of the last hour are there. */
  private static final class Recorded {
    private final BufferedWriter out;
    private final Map<String, double[]> before = new HashMap<>();

    Recorded(BufferedWriter out) {
      this.out = out;
    }

    void write(SpecificRecord snapshot, long at) throws IOException {
      if (!(snapshot instanceof LatencySnapshot latency)) {
        return;
      }
      Header header = latency.getHeader();
      for (ModelServerSample server : latency.getServers()) {
        for (Histogram histogram : server.getHistograms()) {
          if (histogram.getSignal().equals("inter_token")) {
            double[] now = {
              at / 1000.0,
              histogram.getCounts().get(histogram.getCounts().size() - 1),
              histogram.getSum(),
              server.getGenerationTokens()
            };
            double[] last = before.put(header.getCluster() + header.getTarget(), now);
            if (last != null) {
              double step = (now[2] - last[2]) / (now[1] - last[1]);
              double rate = (now[3] - last[3]) / (now[0] - last[0]);
              line("pod:step_seconds:mean", header, step, at);
              line("pod:tokens:rate", header, rate, at);
              line("pod:step_tokens:product", header, step * rate, at);
              line("pod:tokens:square", header, rate * rate, at);
            }
          }
        }
      }
    }

    private void line(String name, Header header, double value, long at) throws IOException {
      StringBuilder labels = new StringBuilder();
      labels.append("cluster=\"").append(header.getCluster()).append('"');
      labels.append(",instance=\"").append(header.getTarget()).append('"');
      header
          .getLabels()
          .forEach((key, label) -> labels.append(',' + key + "=\"").append(label).append('"'));
      out.write(name + '{' + labels + "} " + value + ' ' + at / 1000 + '\n');
    }
  }

  /** What the server says of itself. */
  private static final class Queries {
    private final HttpClient http = HttpClient.newHttpClient();
    private final ObjectMapper json = new ObjectMapper();
    private final Process server;
    private final String base;

    Queries(Process server, int port) {
      this.server = server;
      base = "http://127.0.0.1:" + port;
    }

    /** A question to the server. */
    private interface Condition {
      boolean holds() throws IOException, InterruptedException;
    }

    void awaitReady() throws IOException, InterruptedException {
      await(
          () -> {
            try {
              return get("/-/ready").statusCode() == 200;
            } catch (ConnectException e) {
              return false;
            }
          });
    }

    void awaitEvaluations(double least) throws IOException, InterruptedException {
      await(() -> evaluations() >= least);
    }

    private void await(Condition condition) throws IOException, InterruptedException {
      long end = System.nanoTime() + PATIENCE.toNanos();
      while (!condition.holds()) {
        if (server.waitFor(50, TimeUnit.MILLISECONDS)) {
          throw new IOException("prometheus ended with " + server.exitValue());
        }
        if (System.nanoTime() > end) {
          throw new IOException("prometheus is not as far as it should be after " + PATIENCE);
        }
      }
    }

    /** Evaluations of all rules so far, as many as its slowest group has had. */
    double evaluations() throws IOException, InterruptedException {
      return get("/metrics")
          .body()
          .lines()
          .filter(it -> it.startsWith("prometheus_rule_group_iterations_total{"))
          .mapToDouble(it -> Double.parseDouble(it.substring(it.lastIndexOf(' ') + 1)))
          .min()
          .orElse(0);
    }

    int rules() throws IOException, InterruptedException {
      int rules = 0;
      for (JsonNode group : data("/api/v1/rules").get("groups")) {
        for (JsonNode rule : group.get("rules")) {
          if (!rule.get("health").asText().equals("ok")) {
            throw new IOException(rule.get("name").asText() + ": " + rule.path("lastError"));
          }
          rules++;
        }
      }
      return rules;
    }

    /** Names of the alerts that are pending or firing, and how many of each. */
    ObjectNode alerts() throws IOException, InterruptedException {
      ObjectNode alerts = json.createObjectNode();
      for (JsonNode alert : data("/api/v1/alerts").get("alerts")) {
        String name = alert.at("/labels/alertname").asText();
        alerts.put(name, alerts.path(name).asInt() + 1);
      }
      return alerts;
    }

    private JsonNode data(String path) throws IOException, InterruptedException {
      return json.readTree(get(path).body()).get("data");
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
      return http.send(
          HttpRequest.newBuilder(URI.create(base + path)).build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  private static void run(List<String> command, Path folder)
      throws IOException, InterruptedException {
    Path log = folder.resolve("promtool.log");
    int status =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start()
            .waitFor();
    if (status != 0) {
      throw new IOException(command.get(0) + " failed: " + Files.readString(log));
    }
  }

  private static String program(String name) {
    for (String folder : System.getenv().getOrDefault("PATH", "").split(":")) {
      Path path = Path.of(folder, name);
      if (Files.isExecutable(path)) {
        return path.toString();
      }
    }
    return null;
  }
}
