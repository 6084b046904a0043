package dev.plumbline.streams.judge;

import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.event.Control;
import dev.plumbline.schemas.event.Fact;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.registry.SchemaRegistry;
import dev.plumbline.schemas.serde.EventSerde;
import dev.plumbline.schemas.serde.KeyDeserializer;
import dev.plumbline.streams.fleet.ControlProcessor;
import dev.plumbline.streams.fleet.FleetProcessor;
import dev.plumbline.streams.health.Board;
import dev.plumbline.streams.health.Instruments;
import dev.plumbline.streams.intake.EndOfTape;
import dev.plumbline.streams.state.EntityStore;
import dev.plumbline.streams.state.Lease;
import dev.plumbline.streams.state.SourceLog;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.ProcessingContext;

/**
 * Snapshots to findings: judge (one task per partition, all three snapshot topics together), and
 * the fleet stage behind it.
 */
public final class JudgeTopology {
  private JudgeTopology() {}

  /**
   * The topology.
   *
   * @param partitions partitions of the snapshot topics
   * @param live false when every partition ends with an end-of-tape marker
   * @param lease of the process that it runs in
   */
  public static Topology of(
      SchemaRegistry registry,
      int partitions,
      boolean live,
      Lease lease,
      Instruments instruments,
      Board board) {
    return of(registry, partitions, live, lease, instruments, board, SourceLog::of);
  }

  /**
   * The topology.
   *
   * @param sources where a task reads again what its state lacks after a restore
   */
  static Topology of(
      SchemaRegistry registry,
      int partitions,
      boolean live,
      Lease lease,
      Instruments instruments,
      Board board,
      Function<ProcessingContext, SourceLog> sources) {
    KeyDeserializer keys = new KeyDeserializer();
    StringSerializer keyBytes = new StringSerializer();
    Topology topology = new Topology();
    topology.addSource(
        "snapshots",
        keys,
        new ByteArrayDeserializer(),
        Topic.RESOURCE_SNAPSHOTS.name(),
        Topic.LATENCY_SNAPSHOTS.name(),
        Topic.POLICY_SNAPSHOTS.name());
    topology.addProcessor(
        "judge",
        () -> new JudgeProcessor(decoders(registry), sources, lease, instruments, board),
        "snapshots");
    topology.addStateStore(EntityStore.builder(JudgeProcessor.STORE), "judge");
    topology.addSink(
        JudgeProcessor.FINDINGS,
        Topic.FINDINGS.name(),
        keyBytes,
        EventSerde.of(Finding.class, registry).serializer(),
        EndOfTape.<Finding>partitioner(),
        "judge");
    topology.addSink(
        JudgeProcessor.FACTS,
        Topic.FLEET_FACTS.name(),
        keyBytes,
        EventSerde.of(Fact.class, registry).serializer(),
        "judge");
    topology.addSink(
        JudgeProcessor.DEAD_LETTERS,
        Topic.DEAD_LETTERS.name(),
        keyBytes,
        new ByteArraySerializer(),
        "judge");

    topology.addSource(
        "facts-in",
        keys,
        EventSerde.of(Fact.class, registry).deserializer(),
        Topic.FLEET_FACTS.name());
    topology.addSource("control-in", keys, new ByteArrayDeserializer(), Topic.CONTROL.name());
    topology.addProcessor(
        "control",
        () ->
            new ControlProcessor(
                EventSerde.of(Control.class, registry).deserializer(), instruments),
        "control-in");
    topology.addSink(
        ControlProcessor.DEAD_LETTERS,
        Topic.DEAD_LETTERS.name(),
        keyBytes,
        new ByteArraySerializer(),
        "control");
    topology.addProcessor(
        ControlProcessor.FLEET,
        () ->
            new FleetProcessor(
                partitions,
                live,
                EventSerde.of(Fact.class, registry).deserializer(),
                EventSerde.of(Control.class, registry).deserializer(),
                sources,
                lease,
                instruments,
                board),
        "facts-in",
        "control");
    topology.addStateStore(EntityStore.builder(FleetProcessor.STORE), "fleet");
    topology.addSink(
        "fleet-findings",
        Topic.FINDINGS.name(),
        keyBytes,
        EventSerde.of(Finding.class, registry).serializer(),
        EndOfTape.<Finding>partitioner(),
        "fleet");
    return topology;
  }

  private static Map<String, Deserializer<? extends SpecificRecord>> decoders(
      SchemaRegistry registry) {
    Map<String, Deserializer<? extends SpecificRecord>> decoders = new TreeMap<>();
    for (Topic topic :
        new Topic[] {Topic.RESOURCE_SNAPSHOTS, Topic.LATENCY_SNAPSHOTS, Topic.POLICY_SNAPSHOTS}) {
      decoders.put(topic.name(), EventSerde.of(topic.type(), registry).deserializer());
    }
    return decoders;
  }
}
