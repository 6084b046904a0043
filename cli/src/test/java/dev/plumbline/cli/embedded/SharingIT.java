package dev.plumbline.cli.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.Topics;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.Incident;
import dev.plumbline.schemas.event.Remediation;
import dev.plumbline.schemas.json.EventJson;
import dev.plumbline.schemas.registry.RegistryServer;
import dev.plumbline.schemas.registry.SchemaRegistry;
import dev.plumbline.schemas.serde.EventDeserializer;
import dev.plumbline.streams.findings.CloudEventHeaders;
import dev.plumbline.streams.intake.EndOfTape;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.awaitility.Awaitility;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Detect processes that come and go while a fleet is published: whoever judges what, and however
 * they end, together they say what one undisturbed process says, and nothing twice. Each is the
 * others' standby, so tasks become standbys and active again.
 */
class SharingIT {
  private static final int PARTITIONS = 4;
  private static final Duration PATIENCE = Duration.ofSeconds(120);

  @TempDir Path folder;
  private final List<Process> started = new ArrayList<>();

  /** A step of the test: an operation that comes before a line of the tape is sent. */
  private record Step(long line, ThrowingRunnable run) {}

  @Test
  void oneLeavesOneStallsOneIsKilledOneJoinsAndNothingIsLostOrSaidTwice() throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("kafka"), 0);
        RegistryServer registry = RegistryServer.start(broker.client(), 0);
        Admin admin = Admin.create(broker.client())) {
      SchemaRegistry schemas =
          SchemaRegistry.connect(Map.of("schema.registry.url", registry.url()));
      Replay replay = new Replay(broker.client(), schemas, problem -> {});
      Topics.create(admin, PARTITIONS, 1, Map.of("retention.ms", "-1"));
      Process first = start(broker, registry, "first");
      Process second = start(broker, registry, "second");
      List<Process> third = new ArrayList<>();
      List<Step> steps =
          new ArrayList<>(
              List.of(
                  new Step(0, () -> await(() -> owners(admin).size() == 2)),
                  new Step(
                      2_500,
                      () -> {
                        awaitWork(admin, "first");
                        awaitWork(admin, "second");
                        first.destroy();
                        assertThat(first.waitFor(60, TimeUnit.SECONDS)).isTrue();
                      }),
                  new Step(
                      4_500,
                      () -> {
                        assertThat(owners(admin)).containsOnlyKeys("second");
                        third.add(start(broker, registry, "third"));
                      }),
                  new Step(
                      6_000,
                      () -> {
                        awaitWork(admin, "third");
                        signal(second, "STOP");
                      }),
                  new Step(
                      7_500,
                      () -> {
                        await(() -> owners(admin).keySet().equals(Set.of("third")));
                        awaitWork(admin, "third");
                        signal(second, "CONT");
                      }),
                  new Step(
                      9_500,
                      () -> {
                        awaitWork(admin, "second");
                        third.get(0).destroyForcibly().waitFor();
                      })));
      replay.load(
          List.of(DemoTape.in(folder)),
          PARTITIONS,
          line -> {
            if (!steps.isEmpty() && steps.get(0).line() == line) {
              try {
                steps.remove(0).run().run();
              } catch (Throwable e) {
                throw new AssertionError("before line " + line, e);
              }
            }
          });
      assertThat(steps).isEmpty();

      List<String> findings = said(broker, schemas, Topic.FINDINGS, Finding.class, EventJson::of);
      List<String> incidents =
          said(broker, schemas, Topic.INCIDENTS, Incident.class, EventJson::of);
      List<String> remediations =
          said(broker, schemas, Topic.REMEDIATIONS, Remediation.class, EventJson::of);
      assertThat(second.isAlive()).isTrue();

      Replay.Result alone = DemoTape.undisturbed();
      assertThat(findings).isEqualTo(lines(alone.findings(), EventJson::of));
      assertThat(incidents).isEqualTo(lines(alone.incidents(), EventJson::of));
      assertThat(remediations).isEqualTo(lines(alone.remediations(), EventJson::of));
    }
  }

  @AfterEach
  void end() throws InterruptedException {
    for (Process process : started) {
      process.destroyForcibly().waitFor();
    }
  }

  private Process start(EmbeddedBroker broker, RegistryServer registry, String name)
      throws IOException {
    Process process =
        DetectProcess.start(broker, registry, folder.resolve(name), "at-least-once", 1);
    started.add(process);
    return process;
  }

  private static void signal(Process process, String signal) throws Exception {
    String command = "kill -%s %d".formatted(signal, process.pid());
    assertThat(new ProcessBuilder("sh", "-c", command).start().waitFor()).isZero();
  }

  private static void await(Callable<Boolean> condition) {
    Awaitility.await().atMost(PATIENCE).pollInterval(Duration.ofMillis(50)).until(condition);
  }

  /** Until a process has partitions with clusters in them, and goes on in each of those. */
  private static void awaitWork(Admin admin, String name) throws Exception {
    Map<Set<TopicPartition>, Long> before = new HashMap<>();
    await(
        () -> {
          Set<TopicPartition> own = owners(admin).getOrDefault(name, Set.of());
          long done = committed(admin, own);
          return done > before.computeIfAbsent(own, k -> done) || done > 0 && lag(admin, own) == 0;
        });
  }

  /** Snapshot partitions by the process that has them. */
  private static Map<String, Set<TopicPartition>> owners(Admin admin) throws Exception {
    Map<String, Set<TopicPartition>> owners = new TreeMap<>();
    ConsumerGroupDescription group;
    try {
      group =
          admin
              .describeConsumerGroups(List.of("plumbline-judge"))
              .all()
              .get()
              .get("plumbline-judge");
    } catch (ExecutionException e) {
      assertThat(e).hasCauseInstanceOf(GroupIdNotFoundException.class);
      return owners;
    }
    for (MemberDescription member : group.members()) {
      Set<TopicPartition> own = new HashSet<>(member.assignment().topicPartitions());
      own.retainAll(inputs());
      if (!own.isEmpty()) {
        String name = member.clientId().split("-", 2)[0];
        owners.computeIfAbsent(name, k -> new HashSet<>()).addAll(own);
      }
    }
    return owners;
  }

  private static long lag(Admin admin, Set<TopicPartition> partitions) throws Exception {
    Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
    partitions.forEach(it -> latest.put(it, OffsetSpec.latest()));
    return admin.listOffsets(latest).all().get().values().stream()
            .mapToLong(it -> it.offset())
            .sum()
        - committed(admin, partitions);
  }

  /** Partitions of the snapshot topics. */
  static Set<TopicPartition> inputs() {
    Set<TopicPartition> inputs = new HashSet<>();
    for (Topic topic :
        List.of(Topic.RESOURCE_SNAPSHOTS, Topic.LATENCY_SNAPSHOTS, Topic.POLICY_SNAPSHOTS)) {
      for (int partition = 0; partition < PARTITIONS; partition++) {
        inputs.add(new TopicPartition(topic.name(), partition));
      }
    }
    return inputs;
  }

  /** Records that the judging stage has done with. */
  static long committed(Admin admin, Set<TopicPartition> partitions) throws Exception {
    return admin
        .listConsumerGroupOffsets("plumbline-judge")
        .partitionsToOffsetAndMetadata()
        .get()
        .entrySet()
        .stream()
        .filter(it -> partitions.contains(it.getKey()) && it.getValue() != null)
        .mapToLong(it -> it.getValue().offset())
        .sum();
  }

  /** What stands on a topic up to its last marker, in its order of time, id and revision. */
  private static <T extends SpecificRecord> List<String> said(
      EmbeddedBroker broker,
      SchemaRegistry schemas,
      Topic topic,
      Class<T> type,
      Function<T, ObjectNode> json) {
    Map<String, Object> settings = new HashMap<>(broker.client());
    settings.put("isolation.level", "read_committed");
    EventDeserializer<T> decoder = new EventDeserializer<>(type, schemas);
    TreeMap<String, String> said = new TreeMap<>();
    Set<String> ids = new HashSet<>();
    Set<String> ended = new HashSet<>();
    try (KafkaConsumer<String, byte[]> consumer =
        new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
      consumer.seekToBeginning(Topics.assign(consumer, topic));
      long deadline = System.nanoTime() + PATIENCE.toNanos();
      while (ended.size() < EndOfTape.markers(PARTITIONS)) {
        assertThat(System.nanoTime()).as("ends of %s: %s", topic, ended).isLessThan(deadline);
        for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(100))) {
          if (EndOfTape.is(record.headers())) {
            ended.add(record.key());
          } else {
            String id = CloudEventHeaders.id(record.headers());
            assertThat(ids.add(id)).as("%s on %s for the first time", id, topic.name()).isTrue();
            T event = decoder.deserialize(topic.name(), record.value());
            said.put(order(event), json.apply(event).toString());
          }
        }
      }
    }
    return List.copyOf(said.values());
  }

  private static <T extends SpecificRecord> List<String> lines(
      List<T> events, Function<T, ObjectNode> json) {
    TreeMap<String, String> lines = new TreeMap<>();
    events.forEach(it -> lines.put(order(it), json.apply(it).toString()));
    return List.copyOf(lines.values());
  }

  /** Sorts by time, id and revision. */
  private static String order(SpecificRecord event) {
    return "%020d|%s|%010d"
        .formatted(
            ((Instant) field(event, "at")).toEpochMilli(),
            field(event, "id"),
            (Integer) field(event, "revision"));
  }

  private static Object field(SpecificRecord event, String name) {
    return event.get(event.getSchema().getField(name).pos());
  }
}
