package dev.plumbline.cli.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.plumbline.schemas.Topic;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
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
  private static final int KILLS = 3;

  private static Path tape;
  private static Replay.Result once;

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
                    .contains("latency.swing", "gpu.contention"));
    assertThat(result.remediations()).isNotEmpty();
    assertThat(result.broken()).isZero();
  }

  @Test
  void oneOrFourPartitionsGiveTheSameLines() throws IOException {
    assertSame(replayed("four", 4), once());
  }

  @Test
  void killsAtAnyMomentChangeNoLineAtLeastOnce() throws Exception {
    assertSame(killed("at-least-once", new Random(1)), once());
  }

  @Test
  void killsAtAnyMomentChangeNoLineExactlyOnce() throws Exception {
    assertSame(killed("exactly-once", new Random(2)), once());
  }

  /** What comes of the tape when nothing happens; made once. */
  private static synchronized Replay.Result once() throws IOException {
    if (once == null) {
      once = replayed("once", 1);
    }
    return once;
  }

  private static void assertSame(Replay.Result one, Replay.Result other) {
    assertThat(lines(one.findings(), EventJson::of))
        .isEqualTo(lines(other.findings(), EventJson::of));
    assertThat(lines(one.incidents(), EventJson::of))
        .isEqualTo(lines(other.incidents(), EventJson::of));
    assertThat(lines(one.remediations(), EventJson::of))
        .isEqualTo(lines(other.remediations(), EventJson::of));
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

  /** Detection in processes that are killed one after the other, and one that ends it. */
  private static Replay.Result killed(String guarantee, Random random) throws Exception {
    Path run = folder.resolve(guarantee);
    try (EmbeddedBroker broker = EmbeddedBroker.start(run.resolve("kafka"), 0);
        RegistryServer registry = RegistryServer.start(broker.client(), 0)) {
      Replay replay =
          new Replay(
              broker.client(),
              SchemaRegistry.connect(Map.of("schema.registry.url", registry.url())),
              problem -> {});
      replay.load(List.of(tape), 4);
      try (Admin admin = Admin.create(broker.client())) {
        long all = committed(admin, true);
        long reached = 0;
        for (int kill = 0; kill < KILLS; kill++) {
          reached += random.nextInt((int) (all / KILLS));
          runUntil(admin, reached, broker, registry, run.resolve("life-" + kill), guarantee);
        }
      }
      return replay.detect(run.resolve("state"), 2, 4);
    }
  }

  /** A process that is killed as soon as it has judged so many records. */
  private static void runUntil(
      Admin admin,
      long records,
      EmbeddedBroker broker,
      RegistryServer registry,
      Path state,
      String guarantee)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                DetectProcess.class.getName(),
                broker.address(),
                registry.url(),
                state.toString(),
                guarantee)
            .redirectErrorStream(true)
            .redirectOutput(state.resolveSibling(state.getFileName() + ".log").toFile())
            .start();
    try {
      await()
          .atMost(Duration.ofSeconds(90))
          .pollInterval(Duration.ofMillis(5))
          .until(() -> committed(admin, false) > records || !process.isAlive());
      assertThat(process.isAlive()).isTrue();
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  /** Snapshot records that are there, or that are judged and committed. */
  private static long committed(Admin admin, boolean there) throws Exception {
    Map<TopicPartition, OffsetSpec> inputs = new HashMap<>();
    for (Topic topic :
        List.of(Topic.RESOURCE_SNAPSHOTS, Topic.LATENCY_SNAPSHOTS, Topic.POLICY_SNAPSHOTS)) {
      for (int partition = 0; partition < 4; partition++) {
        inputs.put(new TopicPartition(topic.name(), partition), OffsetSpec.latest());
      }
    }
    if (there) {
      return admin.listOffsets(inputs).all().get().values().stream()
          .mapToLong(it -> it.offset())
          .sum();
    }
    return admin
        .listConsumerGroupOffsets("plumbline-judge")
        .partitionsToOffsetAndMetadata()
        .get()
        .entrySet()
        .stream()
        .filter(it -> inputs.containsKey(it.getKey()) && it.getValue() != null)
        .mapToLong(it -> it.getValue().offset())
        .sum();
  }
}
