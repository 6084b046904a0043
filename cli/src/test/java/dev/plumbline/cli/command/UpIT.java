package dev.plumbline.cli.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import dev.plumbline.cli.JavaProcess;
import dev.plumbline.cli.Main;
import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.event.Finding;
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
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Everything in one process, live, killed in the middle and started again. */
class UpIT {
  private static final Duration LONG = Duration.ofSeconds(90);

  @TempDir Path folder;
  private final AtomicInteger reasons = new AtomicInteger(0);
  private final List<Process> started = new ArrayList<>();
  private final int http = freePort();
  private final int kafka = freePort();
  private final int registry = freePort();
  private HttpServer exporter;

  @BeforeEach
  void anExporterOfBoards() throws IOException {
    exporter = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    exporter.createContext(
        "/metrics",
        exchange -> {
          String text =
              "DCGM_FI_DEV_CLOCKS_EVENT_REASONS{gpu=\"0\",UUID=\"GPU-1\"} "
                  + reasons.get()
                  + "\n"
                  + "DCGM_FI_DEV_GPU_TEMP{gpu=\"0\",UUID=\"GPU-1\"} 61\n";
          byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
          try (exchange) {
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
          }
        });
    exporter.start();
  }

  @AfterEach
  void stop() throws InterruptedException {
    for (Process process : started) {
      process.destroyForcibly().waitFor();
    }
    exporter.stop(0);
  }

  @Test
  void aKillInTheMiddleLosesNothingAndRepeatsNothing() throws Exception {
    Process first = up();
    reasons.set(0x40);
    await().atMost(LONG).ignoreExceptions().until(() -> openThrottles() == 1);
    first.destroyForcibly().waitFor();

    up();
    await().atMost(LONG).ignoreExceptions().until(() -> openThrottles() == 1);
    await().atMost(LONG).ignoreExceptions().until(() -> get("/readyz").statusCode() == 200);

    // the API shows what is judged, a reader of the topic what is committed: a moment later
    await().atMost(LONG).until(() -> !throttles().isEmpty());
    assertThat(throttles()).hasSize(1);
    assertThat(read(Topic.RESOURCE_SNAPSHOTS, ResourceSnapshot.class))
        .filteredOn(it -> it.getHeader().getSource().equals("dcgm"))
        .isNotEmpty()
        .allSatisfy(it -> assertThat(it.getGpus().get(0).getTemperatureCelsius()).isEqualTo(61));
    assertThat(get("/metrics").body())
        .contains("plumbline_findings_open{")
        .contains("plumbline_snapshots_total{");
  }

  @Test
  void aGpuThatBothItsExporterAndTheDriverTellOfIsToldOnce() throws Exception {
    Path tool = folder.resolve("bin").resolve("nvidia-smi");
    Files.createDirectories(tool.getParent());
    Files.writeString(
        tool,
        "#!/bin/sh\nfor i in 1 2; do echo \"GPU-$i, 0, NVIDIA H100, 580.95.05, 1980, 2619, 67,"
            + " 641.22, 99, 61, 76215, 4817, 528\"; done\n");
    assertThat(tool.toFile().setExecutable(true)).isTrue();

    up(true);
    await().atMost(LONG).ignoreExceptions().until(() -> tellers("GPU-2").size() == 1);

    assertThat(tellers("GPU-1")).hasSize(1);
    assertThat(tellers("GPU-2")).doesNotContainAnyElementsOf(tellers("GPU-1"));
  }

  /** Targets that told of a GPU. */
  private Set<String> tellers(String uuid) {
    return read(Topic.RESOURCE_SNAPSHOTS, ResourceSnapshot.class).stream()
        .filter(it -> it.getGpus().stream().anyMatch(gpu -> gpu.getUuid().equals(uuid)))
        .map(it -> it.getHeader().getTarget())
        .collect(Collectors.toSet());
  }

  private List<Finding> throttles() {
    return read(Topic.FINDINGS, Finding.class).stream()
        .filter(it -> it.getKind().equals("gpu.throttle"))
        .toList();
  }

  private Process up() throws IOException {
    return up(false);
  }

  private Process up(boolean host) throws IOException {
    ProcessBuilder builder =
        JavaProcess.of(
            folder.resolve("log-" + started.size()),
            List.of("-Xmx512m"),
            Main.class,
            "up",
            "--data",
            folder.resolve("data").toString(),
            "--scrape",
            "dcgm=http://127.0.0.1:" + exporter.getAddress().getPort() + "/metrics",
            "--interval",
            "500ms",
            "--http-port",
            "" + http,
            "--kafka-port",
            "" + kafka,
            "--registry-port",
            "" + registry);
    if (!host) {
      builder.command().add("--no-host");
    }
    builder.environment().merge("PATH", folder.resolve("bin") + ":", (path, bin) -> bin + path);
    Process process = builder.start();
    started.add(process);
    return process;
  }

  private long openThrottles() throws IOException, InterruptedException {
    JsonNode list = new ObjectMapper().readTree(get("/api/v1/findings?kind=gpu.throttle").body());
    return list.path("findings").size();
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + http + path)).build(),
            HttpResponse.BodyHandlers.ofString());
  }

  private <T extends SpecificRecord> List<T> read(Topic topic, Class<T> type) {
    SchemaRegistry schemas =
        SchemaRegistry.connect(Map.of("schema.registry.url", "http://127.0.0.1:" + registry));
    EventDeserializer<T> decoder = new EventDeserializer<>(type, schemas);
    List<T> events = new ArrayList<>();
    try (KafkaConsumer<String, byte[]> consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", "127.0.0.1:" + kafka, "isolation.level", "read_committed"),
            new StringDeserializer(),
            new ByteArrayDeserializer())) {
      TopicPartition partition = new TopicPartition(topic.name(), 0);
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      long end = consumer.endOffsets(List.of(partition)).get(partition);
      while (consumer.position(partition) < end) {
        consumer
            .poll(Duration.ofMillis(200))
            .forEach(it -> events.add(decoder.deserialize(it.topic(), it.value())));
      }
    }
    return events;
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
