package dev.plumbline.cli.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpServer;
import dev.plumbline.agent.mapping.Mapper;
import dev.plumbline.agent.mapping.Mapping;
import dev.plumbline.cli.JavaProcess;
import dev.plumbline.cli.Main;
import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.event.ResourceSnapshot;
import dev.plumbline.schemas.registry.SchemaRegistry;
import dev.plumbline.schemas.serde.EventDeserializer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real node-exporter and a real Prometheus, scraped through a proxy that remembers what they
 * said: what stands on the topic is that, once each, over a kill in the middle.
 */
class RealExportersIT {
  private static final Duration LONG = Duration.ofSeconds(90);

  private static final Pattern LABEL = Pattern.compile("\\w+=\"(?:\\\\.|[^\"\\\\])*\"");

  @TempDir Path folder;
  private final List<Process> started = new ArrayList<>();
  private final Map<String, List<byte[]>> said = new TreeMap<>();
  private final HttpClient client = HttpClient.newHttpClient();
  private HttpServer proxy;

  @AfterEach
  void stop() throws InterruptedException {
    for (Process process : started) {
      process.destroyForcibly().waitFor();
    }
    if (proxy != null) {
      proxy.stop(0);
    }
  }

  @Test
  void whatRealExportersSayArrivesOnceAndUnchanged() throws Exception {
    for (String command : List.of("prometheus-node-exporter", "prometheus")) {
      assumeTrue(installed(command), command + " is not installed");
    }
    int node = freePort();
    int prometheus = freePort();
    start("prometheus-node-exporter", "--web.listen-address=127.0.0.1:" + node);
    Path config = Files.writeString(folder.resolve("prometheus.yml"), "scrape_configs: []\n");
    start(
        "prometheus",
        "--config.file=" + config,
        "--storage.tsdb.path=" + folder.resolve("tsdb"),
        "--web.listen-address=127.0.0.1:" + prometheus);
    proxy = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    forward("node", node);
    forward("prometheus", prometheus);
    proxy.start();
    int kafka = freePort();
    int registry = freePort();

    Process first = up(kafka, registry);
    await().atMost(LONG).until(() -> said.values().stream().allMatch(it -> it.size() >= 4));
    first.destroyForcibly().waitFor();
    int before = said.get("node").size();
    up(kafka, registry);
    await().atMost(LONG).until(() -> said.get("node").size() >= before + 4);
    await()
        .atMost(LONG)
        .ignoreExceptions()
        .until(() -> snapshots(kafka, registry, "node").size() > before);

    List<ResourceSnapshot> nodes = snapshots(kafka, registry, "node");
    List<ResourceSnapshot> kept = snapshots(kafka, registry, "prometheus");
    // what was said at the very moment of the kill, and what is on its way now, may be missing
    assertThat(inOrder(nodes, said.get("node"), this::sameNode)).isGreaterThanOrEqualTo(before - 1);
    assertThat(inOrder(kept, said.get("prometheus"), this::sameSeries)).isGreaterThan(4);
    assertThat(nodes.get(0).getNodes().get(0).getMemoryTotalBytes())
        .isEqualTo(value(said.get("node").get(0), "node_memory_MemTotal_bytes"));
  }

  private interface Same {
    boolean test(ResourceSnapshot snapshot, byte[] body) throws Exception;
  }

  /** Every snapshot is what was said, in the order in which it was said, and none is left out. */
  private static int inOrder(List<ResourceSnapshot> snapshots, List<byte[]> bodies, Same same)
      throws Exception {
    int at = 0;
    int skipped = 0;
    for (ResourceSnapshot snapshot : snapshots) {
      assertThat(snapshot.getHeader().getError()).isNull();
      while (!same.test(snapshot, bodies.get(at))) {
        at++;
        skipped++;
        assertThat(skipped)
            .as(
                "scrapes that have no snapshot, up to %d of %d, before %s",
                at, bodies.size(), snapshot)
            .isLessThanOrEqualTo(1);
      }
      at++;
    }
    return at;
  }

  private boolean sameNode(ResourceSnapshot snapshot, byte[] body) throws Exception {
    ResourceSnapshot direct =
        (ResourceSnapshot)
            new Mapper(Mapping.shipped("node")).map(body, snapshot.getHeader().getLabels());
    // as text: NaN, not reported, is what it is
    return direct.getNodes().toString().equals(snapshot.getNodes().toString());
  }

  /** Series by series, by the text that stands before the value. */
  private boolean sameSeries(ResourceSnapshot snapshot, byte[] body) {
    Map<String, Double> direct = new LinkedHashMap<>();
    for (String line : new String(body, StandardCharsets.UTF_8).lines().toList()) {
      if (!line.startsWith("#")) {
        int blank = line.lastIndexOf(' ');
        String number = line.substring(blank + 1).replace("Inf", "Infinity");
        direct.put(sorted(line.substring(0, blank)), Double.valueOf(number));
      }
    }
    Map<String, Double> arrived = new LinkedHashMap<>();
    for (int i = 0; i < snapshot.getMetricNames().size(); i++) {
      arrived.put(sorted(snapshot.getMetricNames().get(i)), snapshot.getMetricValues().get(i));
    }
    return direct.equals(arrived);
  }

  /** A series with its labels in the order of their names; Go's client puts quantiles last. */
  private static String sorted(String series) {
    return LABEL.matcher(series).results().map(MatchResult::group).sorted().toList()
        + series.replaceFirst("\\{.*", "");
  }

  private static double value(byte[] body, String name) {
    return new String(body, StandardCharsets.UTF_8)
        .lines()
        .filter(it -> it.startsWith(name + ' '))
        .mapToDouble(it -> Double.parseDouble(it.substring(name.length() + 1)))
        .findFirst()
        .orElseThrow();
  }

  private void forward(String name, int port) {
    List<byte[]> bodies = new CopyOnWriteArrayList<>();
    said.put(name, bodies);
    URI target = URI.create("http://127.0.0.1:" + port + "/metrics");
    proxy.createContext(
        "/" + name,
        exchange -> {
          try (exchange) {
            byte[] body =
                client
                    .send(
                        HttpRequest.newBuilder(target).header("Accept", "text/plain").build(),
                        HttpResponse.BodyHandlers.ofByteArray())
                    .body();
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            bodies.add(body);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  /** What a consumer takes for one, which is sent again after a kill, counts once. */
  private List<ResourceSnapshot> snapshots(int kafka, int registry, String source) {
    SchemaRegistry schemas =
        SchemaRegistry.connect(Map.of("schema.registry.url", "http://127.0.0.1:" + registry));
    EventDeserializer<ResourceSnapshot> decoder =
        new EventDeserializer<>(ResourceSnapshot.class, schemas);
    Map<List<Long>, ResourceSnapshot> snapshots = new LinkedHashMap<>();
    try (KafkaConsumer<String, byte[]> consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", "127.0.0.1:" + kafka),
            new StringDeserializer(),
            new ByteArrayDeserializer())) {
      TopicPartition partition = new TopicPartition(Topic.RESOURCE_SNAPSHOTS.name(), 0);
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      long end = consumer.endOffsets(List.of(partition)).get(partition);
      while (consumer.position(partition) < end) {
        consumer
            .poll(Duration.ofMillis(200))
            .forEach(
                it -> {
                  ResourceSnapshot one = decoder.deserialize(it.topic(), it.value());
                  if (one.getHeader().getSource().equals(source)) {
                    snapshots.putIfAbsent(
                        List.of(one.getHeader().getEpoch(), one.getHeader().getSequence()), one);
                  }
                });
      }
    }
    return new ArrayList<>(snapshots.values());
  }

  private Process up(int kafka, int registry) throws IOException {
    String base = "=http://127.0.0.1:" + proxy.getAddress().getPort() + "/";
    return start(
        JavaProcess.of(
            log(),
            List.of("-Xmx512m"),
            Main.class,
            "up",
            "--no-host",
            "--data",
            folder.resolve("data").toString(),
            "--scrape",
            "node" + base + "node",
            "--scrape",
            "prometheus" + base + "prometheus",
            "--interval",
            "700ms",
            "--http-port",
            "0",
            "--kafka-port",
            "" + kafka,
            "--registry-port",
            "" + registry));
  }

  private Process start(String... command) throws IOException {
    return start(
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log().toFile()));
  }

  private Process start(ProcessBuilder builder) throws IOException {
    Process process = builder.start();
    started.add(process);
    return process;
  }

  private Path log() {
    return folder.resolve("log-" + started.size());
  }

  private static boolean installed(String command) {
    for (String place : System.getenv().getOrDefault("PATH", "").split(":")) {
      if (Files.isExecutable(Path.of(place, command))) {
        return true;
      }
    }
    return false;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
