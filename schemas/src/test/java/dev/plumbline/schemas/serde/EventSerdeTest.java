package dev.plumbline.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plumbline.schemas.Samples;
import dev.plumbline.schemas.event.GpuSample;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.event.Outcome;
import dev.plumbline.schemas.event.ResourceSnapshot;
import dev.plumbline.schemas.registry.SchemaRegistry;
import dev.plumbline.schemas.serde.BadRecordException.Cause;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.apache.kafka.common.serialization.Serde;
import org.junit.jupiter.api.Test;

class EventSerdeTest {
  private static final String TOPIC = "plumbline.resource.snapshots";

  private final SchemaRegistry registry = SchemaRegistry.inMemory();
  private final Serde<ResourceSnapshot> serde = EventSerde.of(ResourceSnapshot.class, registry);

  @Test
  void whatIsWrittenIsReadBackWithEveryNumberThatJsonCouldNotSay() {
    ResourceSnapshot snapshot = snapshot();
    snapshot.getGpus().get(0).setPowerWatts(Double.NaN);
    snapshot.getGpus().get(0).setSmClockMhz(Double.POSITIVE_INFINITY);

    byte[] bytes = serde.serializer().serialize(TOPIC, snapshot);

    // as text, for a NaN is equal to nothing
    assertThat(serde.deserializer().deserialize(TOPIC, bytes)).hasToString(snapshot.toString());
  }

  @Test
  void theFormIsAZeroAndTheSchemasIdBeforeTheRecord() {
    byte[] bytes = serde.serializer().serialize(TOPIC, snapshot());

    int id = registry.register(TOPIC + "-value", ResourceSnapshot.getClassSchema());
    assertThat(Arrays.copyOf(bytes, 5)).containsExactly(0, 0, 0, 0, id);
  }

  @Test
  void nothingStaysNothing() {
    assertThat(serde.serializer().serialize(TOPIC, null)).isNull();
    assertThat(serde.deserializer().deserialize(TOPIC, null)).isNull();
  }

  @Test
  void anEmptyRecordIsSaidToBeEmpty() {
    assertBad(new byte[0], Cause.EMPTY);
  }

  @Test
  void jsonIsNotTheWireFormat() {
    assertBad("{\"cluster\":\"a\"}".getBytes(), Cause.NOT_WIRE_FORMAT);
  }

  @Test
  void anIdThatTheRegistryDoesNotKnowIsNamed() {
    byte[] bytes = serde.serializer().serialize(TOPIC, snapshot());
    bytes[3] = 9;

    assertBad(bytes, Cause.UNKNOWN_SCHEMA_ID);
  }

  @Test
  void aRecordThatEndsTooEarlyIsTruncated() {
    byte[] bytes = serde.serializer().serialize(TOPIC, snapshot());

    assertBad(Arrays.copyOf(bytes, bytes.length / 2), Cause.TRUNCATED);
  }

  @Test
  void bytesLeftOverBelongToNoSnapshot() {
    byte[] bytes = serde.serializer().serialize(TOPIC, snapshot());

    assertBad(Arrays.copyOf(bytes, bytes.length + 3), Cause.INCOMPATIBLE);
  }

  @Test
  void anotherEventIsNoSnapshot() {
    Serde<Outcome> other = EventSerde.of(Outcome.class, registry);
    byte[] bytes =
        other
            .serializer()
            .serialize(
                TOPIC,
                Outcome.newBuilder()
                    .setRemediation("r")
                    .setAt(Instant.EPOCH)
                    .setActor("a")
                    .setStatus("started")
                    .build());

    assertBad(bytes, Cause.INCOMPATIBLE);
  }

  @Property(tries = 500)
  void garbageBehindAGoodHeaderIsABadRecordAndNothingElse(@ForAll @Size(max = 200) byte[] garbage) {
    int id = registry.register(TOPIC + "-value", ResourceSnapshot.getClassSchema());
    byte[] bytes = new byte[garbage.length + 5];
    bytes[4] = (byte) id;
    System.arraycopy(garbage, 0, bytes, 5, garbage.length);
    try {
      serde.deserializer().deserialize(TOPIC, bytes);
    } catch (BadRecordException e) {
      assertThat(e.cause()).isIn(Cause.TRUNCATED, Cause.INCOMPATIBLE);
    }
  }

  private void assertBad(byte[] bytes, Cause cause) {
    assertThatThrownBy(() -> serde.deserializer().deserialize(TOPIC, bytes))
        .isInstanceOfSatisfying(
            BadRecordException.class, e -> assertThat(e.cause()).isEqualTo(cause));
  }

  private static ResourceSnapshot snapshot() {
    ResourceSnapshot snapshot = Samples.blank(ResourceSnapshot.class);
    snapshot.setHeader(
        Header.newBuilder()
            .setCluster("c-1")
            .setAgent("agent-0")
            .setEpoch(1)
            .setSequence(7)
            .setObservedAt(Instant.parse("2026-11-02T10:00:00Z"))
            .setSentAt(Instant.parse("2026-11-02T10:00:01Z"))
            .setSource("dcgm")
            .setTarget("gpu-7")
            .setLabels(Map.of("node", "gpu-7"))
            .build());
    GpuSample gpu = Samples.blank(GpuSample.class);
    gpu.setUuid("GPU-1");
    gpu.setTemperatureCelsius(61);
    snapshot.setGpus(List.of(gpu));
    return snapshot;
  }
}
