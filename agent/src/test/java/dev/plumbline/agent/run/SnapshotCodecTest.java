package dev.plumbline.agent.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plumbline.agent.snapshot.SnapshotFactory;
import dev.plumbline.agent.tape.TapeLine;
import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.event.ResourceSnapshot;
import dev.plumbline.schemas.registry.SchemaRegistry;
import dev.plumbline.schemas.serde.EventDeserializer;
import dev.plumbline.schemas.serde.EventSerializer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotCodecTest {
  private static final Instant SENT = Instant.parse("2026-11-20T11:00:00Z");

  @TempDir Path folder;
  private final SchemaRegistry registry = SchemaRegistry.inMemory();

  @Test
  void aSnapshotLeavesAsItCameButForItsDepartureAndTheGapBeforeIt() throws Exception {
    SnapshotFactory.Event event = event();
    SnapshotCodec codec = new SnapshotCodec(folder);
    SnapshotCodec.Departing departing = codec.decode(codec.encode(event));
    int id = registry.register(departing.topic + "-value", departing.schema());

    ResourceSnapshot read = read(departing.topic, departing.wire(id, SENT, 7));

    assertThat(departing.topic).isEqualTo(event.topic().name());
    assertThat(departing.key).isEqualTo("c-1");
    assertThat(Instant.ofEpochMilli(departing.observedAt()))
        .isEqualTo(read.getHeader().getObservedAt());
    assertThat(read.getHeader().getDropped()).isEqualTo(7);
    assertThat(read.getHeader().getSentAt()).isEqualTo(SENT);
    ResourceSnapshot made = (ResourceSnapshot) event.value();
    made.getHeader().setSentAt(SENT);
    made.getHeader().setDropped(7);
    byte[] expected =
        new EventSerializer<ResourceSnapshot>(registry).serialize(departing.topic, made);
    assertThat(departing.wire(id, SENT, 0)).isEqualTo(expected);
  }

  @Test
  void whatAnOtherVersionOfTheAgentLeftIsSentWithItsOwnSchema() throws Exception {
    SnapshotCodec codec = new SnapshotCodec(folder);
    byte[] bytes = codec.encode(event());
    // a schema that this version does not know, kept beside the records by the one that did
    Schema other =
        new Schema.Parser()
            .parse(
                ResourceSnapshot.getClassSchema()
                    .toString()
                    .replace("\"metricNames\"", "\"seriesOfOld\""));
    assertThat(other).isNotEqualTo(ResourceSnapshot.getClassSchema());
    long fingerprint = SchemaNormalization.parsingFingerprint64(other);
    Files.writeString(folder.resolve("schema-%016x.avsc".formatted(fingerprint)), other.toString());
    ByteBuffer.wrap(bytes).putLong(1, fingerprint);

    SnapshotCodec.Departing departing = new SnapshotCodec(folder).decode(bytes);

    assertThat(departing.schema()).isEqualTo(other);
    assertThat(departing.target()).isEqualTo("gpu-worker-03");
  }

  @Test
  void schemasLieBesideTheRecords() throws Exception {
    SnapshotCodec codec = new SnapshotCodec(folder);
    codec.encode(event());
    codec.encode(event());

    try (Stream<Path> files = Files.list(folder)) {
      List<Path> schemas = files.toList();
      assertThat(schemas).hasSize(1);
      assertThat(new Schema.Parser().parse(Files.readString(schemas.get(0))))
          .isEqualTo(ResourceSnapshot.getClassSchema());
    }
  }

  @Test
  void aRecordOfAnUnknownFormatIsSaid() {
    byte[] bytes = new SnapshotCodec(folder).encode(event());
    bytes[0] = 9;

    assertThatThrownBy(() -> new SnapshotCodec(folder).decode(bytes))
        .hasMessage("it has format 9, this version knows 1");
  }

  private ResourceSnapshot read(String topic, byte[] wire) {
    return new EventDeserializer<>(ResourceSnapshot.class, registry).deserialize(topic, wire);
  }

  private static SnapshotFactory.Event event() {
    try (InputStream in =
        SnapshotCodecTest.class.getResourceAsStream("/fixtures/dcgm-exporter.prom")) {
      SnapshotFactory.Event event =
          new SnapshotFactory("agent-0", 42, Map.of())
              .of(
                  new TapeLine(
                      Instant.parse("2026-11-20T10:15:00Z"),
                      "c-1",
                      TapeLine.Format.PROMETHEUS,
                      "dcgm",
                      "gpu-worker-03",
                      Map.of("node", "gpu-worker-03"),
                      in.readAllBytes(),
                      null,
                      null));
      assertThat(event.topic()).isEqualTo(Topic.RESOURCE_SNAPSHOTS);
      return event;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
