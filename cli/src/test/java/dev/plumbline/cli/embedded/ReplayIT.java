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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The recorded fleet of the demo through the production path on a real broker. */
class ReplayIT {
  @TempDir static Path folder;
  private static final int KILLS = 3;

  @Test
  void theFaultsOfTheFleetAreFoundExplainedAndGrouped() throws IOException {
    Replay.Result result = DemoTape.replayed(folder.resolve("one"), 4);

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
    assertSame(DemoTape.replayed(folder.resolve("four"), 4), DemoTape.undisturbed());
  }

  @Test
  void killsAtAnyMomentChangeNoLineAtLeastOnce() throws Exception {
    assertSame(killed("at-least-once", new Random(1)), DemoTape.undisturbed());
  }

  @Test
  void killsAtAnyMomentChangeNoLineExactlyOnce() throws Exception {
    assertSame(killed("exactly-once", new Random(2)), DemoTape.undisturbed());
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
      replay.load(List.of(DemoTape.in(folder)), 4);
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
    Process process = DetectProcess.start(broker, registry, state, guarantee, 0);
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
    SharingIT.inputs().forEach(it -> inputs.put(it, OffsetSpec.latest()));
    if (there) {
      return admin.listOffsets(inputs).all().get().values().stream()
          .mapToLong(it -> it.offset())
          .sum();
    }
    return SharingIT.committed(admin, inputs.keySet());
  }
}
