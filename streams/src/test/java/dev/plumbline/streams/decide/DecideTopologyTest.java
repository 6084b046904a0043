package dev.plumbline.streams.decide;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.FindingStatus;
import dev.plumbline.schemas.event.Incident;
import dev.plumbline.schemas.registry.SchemaRegistry;
import dev.plumbline.schemas.serde.EventSerde;
import dev.plumbline.streams.Findings;
import dev.plumbline.streams.findings.Kind;
import dev.plumbline.streams.health.Board;
import dev.plumbline.streams.health.Instruments;
import dev.plumbline.streams.state.SourceLog;
import io.opentelemetry.api.OpenTelemetry;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DecideTopologyTest {
  private static final String CLUSTER = "c-1";

  private final SchemaRegistry registry = SchemaRegistry.inMemory();
  private final Serde<Finding> bytes = EventSerde.of(Finding.class, registry);
  private final Board board = new Board();
  @TempDir Path folder;

  @Test
  void whatWasDecidedBehindTheRestoredStateIsRememberedAndNotSaidAgain() {
    Finding open =
        Findings.open(
            "f1", Kind.GPU_THROTTLE, Map.of("cluster", CLUSTER, "node", "n1", "gpu", "GPU-1"), 0);
    SourceLog behind = new Committed(bytes.serializer().serialize(Topic.FINDINGS.name(), open));
    try (TopologyTestDriver driver = driver(behind)) {
      TestInputTopic<String, Finding> findings =
          driver.createInputTopic(
              Topic.FINDINGS.name(), new StringSerializer(), bytes.serializer());
      TestOutputTopic<String, Incident> incidents =
          driver.createOutputTopic(
              Topic.INCIDENTS.name(),
              new StringDeserializer(),
              EventSerde.of(Incident.class, registry).deserializer());
      assertThat(board.incidents()).hasSize(1);

      findings.pipeInput(CLUSTER, open);
      assertThat(incidents.isEmpty()).isTrue();
      findings.pipeInput(CLUSTER, Findings.resolved(open, 1));

      Incident incident = incidents.readValue();
      assertThat(incident.getStatus()).isEqualTo(FindingStatus.resolved);
      assertThat(incident.getRevision()).isEqualTo(1);
      assertThat(incidents.isEmpty()).isTrue();
    }
  }

  private TopologyTestDriver driver(SourceLog source) {
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "decide");
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "nowhere:1");
    settings.put(StreamsConfig.STATE_DIR_CONFIG, folder.toString());
    return new TopologyTestDriver(
        DecideTopology.of(
            registry,
            true,
            new Instruments(OpenTelemetry.noop().getMeter("test")),
            board,
            context -> source),
        settings,
        Instant.ofEpochMilli(0));
  }

  /** A source whose first record was committed by a process that is gone. */
  private record Committed(byte[] first) implements SourceLog {
    @Override
    public Map<TopicPartition, Long> committed(Set<TopicPartition> partitions) {
      return Map.of(partitions.iterator().next(), 1L);
    }

    @Override
    public void read(
        Map<TopicPartition, Long> from,
        Map<TopicPartition, Long> to,
        Consumer<ConsumerRecord<byte[], byte[]>> out) {
      assertThat(to).containsOnlyKeys(new TopicPartition(Topic.FINDINGS.name(), 0));
      out.accept(new ConsumerRecord<>(Topic.FINDINGS.name(), 0, 0, CLUSTER.getBytes(), first));
    }

    @Override
    public void tail(String topic, int most, Consumer<ConsumerRecord<byte[], byte[]>> out) {}

    @Override
    public void close() {}
  }
}
