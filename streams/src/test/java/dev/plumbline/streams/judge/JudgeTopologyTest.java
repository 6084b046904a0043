package dev.plumbline.streams.judge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.event.Control;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.GpuSample;
import dev.plumbline.schemas.event.ResourceSnapshot;
import dev.plumbline.schemas.registry.SchemaRegistry;
import dev.plumbline.schemas.serde.EventSerde;
import dev.plumbline.streams.Given;
import dev.plumbline.streams.findings.Kind;
import dev.plumbline.streams.health.Board;
import dev.plumbline.streams.health.Instruments;
import dev.plumbline.streams.intake.EndOfTape;
import dev.plumbline.streams.state.Lease;
import dev.plumbline.streams.state.SourceLog;
import io.opentelemetry.api.OpenTelemetry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.errors.TaskMigratedException;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JudgeTopologyTest {
  private static final String TOPIC = Topic.RESOURCE_SNAPSHOTS.name();

  private final SchemaRegistry registry = SchemaRegistry.inMemory();
  private final Board board = new Board();
  private final Given given = new Given();
  @TempDir Path state;
  private long nanos;
  private TopologyTestDriver driver;
  private TestInputTopic<String, byte[]> resources;
  private TestOutputTopic<String, Finding> findings;
  private TestOutputTopic<String, byte[]> letters;

  @BeforeEach
  void start() {
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "judge");
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "nowhere:1");
    settings.put(StreamsConfig.STATE_DIR_CONFIG, state.toString());
    Instruments instruments = new Instruments(OpenTelemetry.noop().getMeter("test"));
    driver =
        new TopologyTestDriver(
            JudgeTopology.of(
                registry,
                1,
                false,
                new Lease(Duration.ofSeconds(3), () -> nanos),
                instruments,
                board,
                context -> SourceLog.empty()),
            settings,
            Instant.ofEpochMilli(Given.START));
    resources = input(TOPIC);
    findings =
        driver.createOutputTopic(
            Topic.FINDINGS.name(),
            new StringDeserializer(),
            EventSerde.of(Finding.class, registry).deserializer());
    letters =
        driver.createOutputTopic(
            Topic.DEAD_LETTERS.name(), new StringDeserializer(), new ByteArrayDeserializer());
  }

  @AfterEach
  void stop() {
    driver.close();
  }

  @Test
  void aFaultOnTheTopicBecomesAFindingThatSaysWhatItIsInItsHeaders() {
    throttled(4);

    TestRecord<String, Finding> record = findings.readRecord();
    assertThat(record.key()).isEqualTo(Given.CLUSTER);
    assertThat(record.value().getKind()).isEqualTo(Kind.GPU_THROTTLE);
    assertThat(header(record, "ce_type")).isEqualTo("dev.plumbline.finding.opened.v1");
    assertThat(header(record, "ce_id")).isEqualTo(record.value().getId() + "-0");
    assertThat(board.findings()).hasSize(1);
  }

  @Test
  void theSameRecordsAgainFindNothingAgain() {
    List<byte[]> records = throttled(4);
    findings.readRecordsToList();
    for (byte[] record : records) {
      resources.pipeInput(Given.CLUSTER, record, given.now);
    }

    assertThat(findings.isEmpty()).isTrue();
    assertThat(letters.isEmpty()).isTrue();
  }

  @Test
  void aProcessThatWasStoppedForTooLongGivesItsTaskUpBeforeItSaysAnything() {
    nanos += 3_000_000_001L;

    assertThatThrownBy(() -> throttled(4)).isInstanceOf(TaskMigratedException.class);
    assertThat(findings.isEmpty()).isTrue();
  }

  @Test
  void recordsThatAreNoSnapshotsGoToTheDeadLettersWithCauseOriginAndBytes() {
    byte[] text = "not avro".getBytes(StandardCharsets.UTF_8);
    byte[] unknown = bytes(given.boards("n1", Given.gpu("GPU-1")));
    unknown[2] = 99;
    byte[] cut = java.util.Arrays.copyOf(bytes(given.boards("n1", Given.gpu("GPU-1"))), 40);
    resources.pipeInput(Given.CLUSTER, text, 7);
    resources.pipeInput(Given.CLUSTER, unknown, 7);
    resources.pipeInput(Given.CLUSTER, cut, 7);
    resources.pipeInput(Given.CLUSTER, new byte[0], 7);
    resources.pipeInput("another", bytes(given.boards("n1", Given.gpu("GPU-1"))), 7);

    List<TestRecord<String, byte[]>> all = letters.readRecordsToList();
    assertThat(all)
        .extracting(it -> header(it, "plumbline.error.cause"))
        .containsExactly("not_wire_format", "unknown_schema_id", "truncated", "empty", "invalid");
    assertThat(all.get(0).value()).isEqualTo(text);
    assertThat(header(all.get(1), "plumbline.error.topic")).isEqualTo(TOPIC);
    assertThat(header(all.get(1), "plumbline.error.offset")).isEqualTo("1");
    assertThat(header(all.get(4), "plumbline.error.message")).contains("keyed by its cluster");
  }

  @Test
  void aCohortThatCannotBeInForceGoesToTheDeadLettersToo() {
    Control control =
        new Control("Cohort", "edge", "{\"bak\": \"5m\"}", Instant.ofEpochMilli(7), "", "");
    TestInputTopic<String, byte[]> controls = input(Topic.CONTROL.name());
    controls.pipeInput("Cohort/edge", new byte[] {1, 2, 3}, 7);
    controls.pipeInput(
        "Cohort/edge",
        EventSerde.of(Control.class, registry)
            .serializer()
            .serialize(Topic.CONTROL.name(), control),
        7);

    List<TestRecord<String, byte[]>> all = letters.readRecordsToList();
    assertThat(all)
        .extracting(it -> header(it, "plumbline.error.cause"))
        .containsExactly("not_wire_format", "invalid");
    assertThat(header(all.get(1), "plumbline.error.topic")).isEqualTo(Topic.CONTROL.name());
    assertThat(header(all.get(1), "plumbline.error.message"))
        .startsWith("Cohort/edge is not in force: ")
        .contains("bak");
  }

  @Test
  void aBadRecordHarmsNothingElse() {
    resources.pipeInput(Given.CLUSTER, new byte[] {1, 2, 3}, Given.START);
    throttled(4);

    assertThat(findings.readRecordsToList()).hasSize(1);
  }

  @Test
  void theEndOfATapeComesOutBehindEverything() {
    throttled(4);
    for (Topic topic :
        List.of(Topic.RESOURCE_SNAPSHOTS, Topic.LATENCY_SNAPSHOTS, Topic.POLICY_SNAPSHOTS)) {
      input(topic.name())
          .pipeInput(
              new TestRecord<>(
                  EndOfTape.key("tape", 0), null, EndOfTape.headers(), given.now + 60_000));
    }

    List<TestRecord<String, Finding>> all = findings.readRecordsToList();
    assertThat(all).hasSize(1 + EndOfTape.markers(1));
    assertThat(all.subList(1, all.size()))
        .allSatisfy(it -> assertThat(EndOfTape.is(it.headers())).isTrue());
  }

  private List<byte[]> throttled(int scrapes) {
    List<byte[]> records = new java.util.ArrayList<>();
    for (int i = 0; i < scrapes; i++) {
      GpuSample gpu = Given.gpu("GPU-1");
      gpu.setClockEventReasons(0x40);
      byte[] bytes = bytes(given.boards("n1", gpu));
      records.add(bytes);
      resources.pipeInput(Given.CLUSTER, bytes, given.now);
      given.after(60);
    }
    return records;
  }

  private TestInputTopic<String, byte[]> input(String topic) {
    return driver.createInputTopic(topic, new StringSerializer(), new ByteArraySerializer());
  }

  private byte[] bytes(ResourceSnapshot snapshot) {
    return EventSerde.of(ResourceSnapshot.class, registry).serializer().serialize(TOPIC, snapshot);
  }

  private static String header(TestRecord<?, ?> record, String name) {
    RecordHeaders headers = new RecordHeaders(record.headers());
    return new String(headers.lastHeader(name).value(), StandardCharsets.UTF_8);
  }
}
