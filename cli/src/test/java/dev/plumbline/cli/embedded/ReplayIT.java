package dev.plumbline.cli.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.FindingStatus;
import dev.plumbline.schemas.event.Incident;
import dev.plumbline.schemas.event.Member;
import dev.plumbline.schemas.json.EventJson;
import dev.plumbline.schemas.registry.RegistryServer;
import dev.plumbline.schemas.registry.SchemaRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The recorded fleet of the demo through the production path on a real broker. */
class ReplayIT {
  @TempDir static Path folder;
  private static Path tape;

  @BeforeAll
  static void tape() throws IOException {
    tape = folder.resolve("fleet.tape.jsonl.gz");
    try (InputStream in = ReplayIT.class.getResourceAsStream("/demo/fleet.tape.jsonl.gz")) {
      Files.copy(in, tape);
    }
  }

  @Test
  void theFaultsOfTheFleetAreFoundExplainedAndGrouped() throws IOException {
    Replay.Result result = replayed("one", 4);

    assertThat(result.findings())
        .filteredOn(it -> it.getStatus() == FindingStatus.open)
        .extracting(Finding::getKind)
        .contains("drift.config", "latency.swing", "gpu.contention", "gpu.throttle");
    assertThat(result.findings())
        .filteredOn(it -> it.getKind().equals("gpu.contention"))
        .allSatisfy(
            it -> assertThat(it.getCause().getEntity()).containsEntry("workload", "summarize"));
    assertThat(result.incidents())
        .extracting(Incident::getMembers)
        .anySatisfy(
            members ->
                assertThat(members)
                    .extracting(Member::getKind)
                    .contains("latency.swing", "drift.config"));
    assertThat(result.remediations()).isNotEmpty();
    assertThat(result.broken()).isZero();
  }

  @Test
  void oneOrFourPartitionsAndAKillInTheMiddleGiveTheSameLines() throws Exception {
    Replay.Result once = replayed("two", 1);
    Replay.Result killed = killedInTheMiddle();

    assertThat(lines(killed.findings(), EventJson::of))
        .isEqualTo(lines(once.findings(), EventJson::of));
    assertThat(lines(killed.incidents(), EventJson::of))
        .isEqualTo(lines(once.incidents(), EventJson::of));
    assertThat(lines(killed.remediations(), EventJson::of))
        .isEqualTo(lines(once.remediations(), EventJson::of));
  }

  private static <T> List<String> lines(List<T> events, Function<T, ObjectNode> json) {
    return events.stream().map(it -> json.apply(it).toString()).toList();
  }

  private static Replay.Result replayed(String name, int partitions) throws IOException {
    Path run = folder.resolve(name);
    try (EmbeddedBroker broker = EmbeddedBroker.start(run.resolve("kafka"), 0)) {
      Replay replay = new Replay(broker.client(), SchemaRegistry.inMemory(), problem -> {});
      replay.load(List.of(tape), partitions);
      return replay.detect(run.resolve("state"), 2, partitions);
    }
  }

  private static Replay.Result killedInTheMiddle() throws Exception {
    Path run = folder.resolve("killed");
    try (EmbeddedBroker broker = EmbeddedBroker.start(run.resolve("kafka"), 0);
        RegistryServer registry = RegistryServer.start(broker.client(), 0)) {
      Replay replay =
          new Replay(
              broker.client(),
              SchemaRegistry.connect(Map.of("schema.registry.url", registry.url())),
              problem -> {});
      replay.load(List.of(tape), 4);
      Process process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx512m",
                  "-cp",
                  System.getProperty("java.class.path"),
                  DetectProcess.class.getName(),
                  broker.address(),
                  registry.url(),
                  run.resolve("state-of-the-killed").toString())
              .redirectErrorStream(true)
              .redirectOutput(run.resolve("log").toFile())
              .start();
      try (Admin admin = Admin.create(broker.client())) {
        // something was found, and more is to come
        await()
            .atMost(Duration.ofSeconds(60))
            .pollInterval(Duration.ofMillis(20))
            .until(() -> found(admin) > 0 || !process.isAlive());
        assertThat(process.isAlive()).isTrue();
      } finally {
        process.destroyForcibly().waitFor();
      }
      return replay.detect(run.resolve("state"), 2, 4);
    }
  }

  private static long found(Admin admin) throws Exception {
    long found = 0;
    for (int partition = 0; partition < 4; partition++) {
      TopicPartition one = new TopicPartition("plumbline.findings", partition);
      found +=
          admin.listOffsets(Map.of(one, OffsetSpec.latest())).partitionResult(one).get().offset();
    }
    return found;
  }
}
