package dev.plumbline.cli.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.plumbline.cli.JavaProcess;
import dev.plumbline.cli.Main;
import dev.plumbline.cli.embedded.EmbeddedBroker;
import dev.plumbline.schemas.registry.RegistryServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The commands, settings and health checks of our services in the compose file, run here without
 * containers: only addresses are other ones, by the environment.
 */
class ComposeServicesIT {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  @TempDir Path folder;
  private final Map<String, Process> running = new TreeMap<>();

  @AfterEach
  void stop() throws InterruptedException {
    for (Process process : running.values()) {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void topicsAreCreatedAndEveryServiceBecomesHealthyAndDoesItsWork() throws Exception {
    JsonNode services =
        new YAMLMapper().readTree(ROOT.resolve("docker-compose.yml").toFile()).path("services");
    try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("kafka"), 0);
        RegistryServer registry = RegistryServer.start(broker.client(), 0)) {
      start(services, "topics", broker, registry, Peers.freePort());
      assertThat(running.get("topics").waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(running.get("topics").exitValue()).as(log("topics")).isZero();

      Map<String, Integer> ports = new TreeMap<>();
      for (String service : List.of("agent", "detect", "connect")) {
        ports.put(service, Peers.freePort());
        start(services, service, broker, registry, ports.get(service));
      }
      ports.forEach(
          (service, port) ->
              await()
                  .atMost(Duration.ofMinutes(2))
                  .pollInterval(Duration.ofMillis(300))
                  .failFast(service + " ended", () -> !running.get(service).isAlive())
                  .until(() -> healthy(services.path(service), port)));
      try (Admin admin = Admin.create(broker.client())) {
        await().atMost(Duration.ofMinutes(1)).until(() -> snapshots(admin) > 0);
      }
    }
  }

  private void start(
      JsonNode services, String name, EmbeddedBroker broker, RegistryServer registry, int port)
      throws IOException {
    List<String> command = new ArrayList<>();
    for (JsonNode word : services.path(name).path("command")) {
      command.add(
          word.textValue().replace("/etc/plumbline", ROOT.resolve("deploy/compose").toString()));
    }
    ProcessBuilder builder =
        JavaProcess.of(
                folder.resolve(name + ".log"),
                List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                Main.class,
                command.toArray(new String[0]))
            .directory(Files.createDirectories(folder.resolve(name)).toFile());
    builder
        .environment()
        .putAll(
            Map.of(
                "PLUMBLINE_KAFKA_BOOTSTRAP_SERVERS", broker.address(),
                "PLUMBLINE_REGISTRY_SCHEMA_REGISTRY_URL", registry.url(),
                "PLUMBLINE_HTTP_HOST", "127.0.0.1",
                "PLUMBLINE_HTTP_PORT", Integer.toString(port),
                "PLUMBLINE_CONNECT_LISTENERS", "http://127.0.0.1:" + port));
    running.put(name, builder.start());
  }

  /** Runs the service's own health check, against the port it has here. */
  private static boolean healthy(JsonNode service, int port)
      throws IOException, InterruptedException {
    JsonNode test = service.at("/healthcheck/test");
    String path = test.isMissingNode() || test.size() < 4 ? "/healthz" : test.get(3).textValue();
    return new ProcessBuilder(
                ROOT.resolve("deploy/docker/healthy").toString(), Integer.toString(port), path)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start()
            .waitFor()
        == 0;
  }

  private static long snapshots(Admin admin) throws Exception {
    long all = 0;
    int partitions =
        admin
            .describeTopics(List.of("plumbline.resource.snapshots"))
            .allTopicNames()
            .get()
            .get("plumbline.resource.snapshots")
            .partitions()
            .size();
    for (int partition = 0; partition < partitions; partition++) {
      TopicPartition one = new TopicPartition("plumbline.resource.snapshots", partition);
      all +=
          admin.listOffsets(Map.of(one, OffsetSpec.latest())).partitionResult(one).get().offset();
    }
    return all;
  }

  private String log(String service) {
    try {
      return Files.readString(folder.resolve(service + ".log"));
    } catch (IOException e) {
      return e.toString();
    }
  }
}
