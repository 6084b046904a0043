package dev.plumbline.cli.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.plumbline.agent.run.SnapshotSender;
import dev.plumbline.agent.snapshot.SnapshotFactory;
import dev.plumbline.agent.spool.Spool;
import dev.plumbline.agent.tape.TapeLine;
import dev.plumbline.cli.JavaProcess;
import dev.plumbline.cli.Main;
import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.Topics;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.registry.RegistryServer;
import dev.plumbline.schemas.registry.SchemaRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real broker that goes away and comes back, and an agent that is killed meanwhile. */
class SpoolIT {
  private static final Duration LONG = Duration.ofSeconds(90);

  @TempDir Path folder;
  private final List<Process> started = new ArrayList<>();

  @AfterEach
  void stop() throws InterruptedException {
    for (Process process : started) {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void aBrokerThatGoesAwayAndComesBackLosesNothingAndRepeatsNothing() throws Exception {
    int port = EmbeddedBroker.freePort();
    Path data = folder.resolve("kafka");
    SchemaRegistry registry = SchemaRegistry.inMemory();
    SnapshotFactory snapshots = new SnapshotFactory("agent-0", 1, Map.of());
    EmbeddedBroker broker = EmbeddedBroker.start(data, port);
    topics(broker);
    try (SnapshotSender sender =
        new SnapshotSender(
            broker.client(), registry, Spool.open(folder.resolve("spool"), 64 << 20))) {
      send(sender, snapshots, 0, 200);
      await().atMost(LONG).until(() -> sender.sent() > 0);
      broker.close();
      send(sender, snapshots, 200, 200);
      assertThat(sender.spool().depth()).isGreaterThanOrEqualTo(200);

      broker = EmbeddedBroker.start(data, port);
      send(sender, snapshots, 400, 200);
      await().atMost(LONG).until(() -> sender.spool().depth() == 0);
      assertThat(sender.lost() + sender.spool().dropped()).isZero();
    }

    List<Header> resource = Headers.of(port, registry, Topic.RESOURCE_SNAPSHOTS);
    List<Header> latency = Headers.of(port, registry, Topic.LATENCY_SNAPSHOTS);
    broker.close();
    assertThat(resource).extracting(Header::getSequence).isSorted().hasSize(300);
    assertThat(latency).extracting(Header::getSequence).isSorted().hasSize(300);
    resource.addAll(latency);
    assertThat(resource.stream().map(Header::getSequence).sorted().toList())
        .isEqualTo(LongStream.range(0, 600).boxed().toList());
  }

  @Test
  void whatAFullSpoolDroppedAndWhatNoBrokerTakesIsSaidOnTheTopic() throws Exception {
    int port = EmbeddedBroker.freePort();
    SchemaRegistry registry = SchemaRegistry.inMemory();
    SnapshotFactory snapshots = new SnapshotFactory("agent-0", 1, Map.of());
    Map<String, Object> kafka =
        Map.of("bootstrap.servers", "127.0.0.1:" + port, "max.request.size", 60_000);
    try (SnapshotSender sender =
        new SnapshotSender(kafka, registry, Spool.open(folder.resolve("spool"), 128 << 10))) {
      sender.send(
          snapshots.of(line("mine", Instant.now(), "huge_series_of_mine 1\n".repeat(5_000))));
      send(sender, snapshots, 1, 1_999);
      assertThat(sender.spool().dropped()).isPositive();

      try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("kafka"), port)) {
        topics(broker);
        sender.send(
            snapshots.of(line("mine", Instant.now(), "huge_series_of_mine 1\n".repeat(5_000))));
        await().atMost(LONG).until(() -> sender.spool().depth() == 0);
        List<Header> came = Headers.of(port, registry, Topic.RESOURCE_SNAPSHOTS);
        Header last = came.get(came.size() - 1);
        came.addAll(Headers.of(port, registry, Topic.LATENCY_SNAPSHOTS));

        came.sort(Comparator.comparing(Header::getSequence));
        long next = 0;
        for (Header header : came) {
          assertThat(header.getSequence() - header.getDropped()).isEqualTo(next);
          next = header.getSequence() + 1;
        }
        assertThat(next).isEqualTo(2_001);
        assertThat(came.stream().mapToLong(Header::getDropped).sum())
            .isEqualTo(sender.spool().dropped());
        assertThat(last.getError())
            .contains("more than the 58976 that max.request.size of the agent allows")
            .contains("scrape less of the target");
      }
    }
  }

  @Test
  void anAgentKilledWhileBrokerAndRegistryAreAwayLosesNothing() throws Exception {
    AtomicInteger scrapes = new AtomicInteger();
    HttpServer exporter = exporter(scrapes);
    int port = EmbeddedBroker.freePort();
    int registryPort = EmbeddedBroker.freePort();
    int http = EmbeddedBroker.freePort();
    Path config = config(port, registryPort, http, exporter.getAddress().getPort());

    Process first = agent(config);
    await().atMost(LONG).until(() -> scrapes.get() >= 5);
    assertThat(get(http, "/readyz").statusCode()).isEqualTo(503);
    assertThat(get(http, "/metrics").body())
        .containsPattern("plumbline_agent_spool_snapshots [1-9]")
        .contains(
            "plumbline_agent_scrape_last_success_timestamp_seconds{source=\"node\",target=\"");
    first.destroyForcibly().waitFor();
    Process second = agent(config);
    int before = scrapes.get();
    await().atMost(LONG).until(() -> scrapes.get() >= before + 3);

    try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("kafka"), port)) {
      topics(broker);
      try (RegistryServer registry = RegistryServer.start(broker.client(), registryPort)) {
        await()
            .atMost(LONG)
            .ignoreExceptions()
            .until(() -> get(http, "/readyz").statusCode() == 200);
        SchemaRegistry schemas =
            SchemaRegistry.connect(Map.of("schema.registry.url", registry.url()));
        List<Header> came = Headers.of(port, schemas, Topic.RESOURCE_SNAPSHOTS);

        List<Long> lives = came.stream().map(Header::getEpoch).distinct().toList();
        assertThat(lives).hasSize(2).isSorted();
        assertThat(came).extracting(Header::getEpoch).isSorted();
        for (long life : lives) {
          List<Long> of =
              came.stream().filter(it -> it.getEpoch() == life).map(Header::getSequence).toList();
          assertThat(of).isEqualTo(LongStream.range(0, of.size()).boxed().toList());
        }
        assertThat(came).hasSizeGreaterThanOrEqualTo(before);

        second.destroy();
        assertThat(second.waitFor(60, TimeUnit.SECONDS)).isTrue();
        try (Spool left = Spool.open(folder.resolve("spool"), 1 << 20)) {
          assertThat(left.depth()).as("what a stop left unsent").isZero();
        }
      }
    }
    exporter.stop(0);
  }

  private static void topics(EmbeddedBroker broker) {
    try (Admin admin = Admin.create(broker.client())) {
      Topics.create(admin, 1, 1);
    }
  }

  /** Every second one over another topic. */
  private static void send(SnapshotSender sender, SnapshotFactory snapshots, int from, int count) {
    for (int i = from; i < from + count; i++) {
      Instant at = Instant.now().minusSeconds(3_600 - i);
      sender.send(snapshots.of(line(i % 2 == 0 ? "node" : "vllm", at, "node_load1 " + i + "\n")));
    }
  }

  private static TapeLine line(String source, Instant at, String text) {
    return new TapeLine(
        at,
        "c-1",
        TapeLine.Format.PROMETHEUS,
        source,
        "n1",
        Map.of("node", "n1"),
        text.getBytes(StandardCharsets.UTF_8),
        null,
        null);
  }

  private static HttpServer exporter(AtomicInteger scrapes) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/metrics",
        exchange -> {
          try (exchange) {
            byte[] body =
                ("node_load1 " + scrapes.incrementAndGet() + "\n").getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
          }
        });
    server.start();
    return server;
  }

  private Path config(int port, int registryPort, int http, int exporter) throws IOException {
    return Files.writeString(
        folder.resolve("plumbline.yaml"),
        """
        kafka: {bootstrap.servers: "127.0.0.1:%d"}
        registry: {schema.registry.url: "http://127.0.0.1:%d"}
        http: {port: %d}
        agent:
          name: agent-0
          cluster: {uid: c-1}
          spool.dir: %s
          scrapes:
            - {source: node, name: n1, url: "http://127.0.0.1:%d/metrics", interval: 300ms}
        """
            .formatted(port, registryPort, http, folder.resolve("spool"), exporter));
  }

  private Process agent(Path config) throws IOException {
    Process process =
        JavaProcess.of(
                folder.resolve("log-" + started.size()),
                List.of("-Xmx128m"),
                Main.class,
                "agent",
                "--config",
                config.toString())
            .start();
    started.add(process);
    return process;
  }

  private static HttpResponse<String> get(int port, String path)
      throws IOException, InterruptedException {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
            HttpResponse.BodyHandlers.ofString());
  }
}
