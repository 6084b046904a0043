package dev.plumbline.streams.decide;

import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.Incident;
import dev.plumbline.schemas.event.Remediation;
import dev.plumbline.schemas.registry.SchemaRegistry;
import dev.plumbline.schemas.serde.EventSerde;
import dev.plumbline.streams.health.Board;
import dev.plumbline.streams.health.Instruments;
import dev.plumbline.streams.state.EntityStore;
import dev.plumbline.streams.state.SourceLog;
import java.util.function.Function;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.ProcessingContext;

/** Findings to incidents and remediations. */
public final class DecideTopology {
  private DecideTopology() {}

  /**
   * The topology.
   *
   * @param live true when ages are measured by the wall clock; false in a replay
   */
  public static Topology of(
      SchemaRegistry registry, boolean live, Instruments instruments, Board board) {
    return of(registry, live, instruments, board, SourceLog::of);
  }

  /**
   * The topology.
   *
   * @param sources where a task reads again what its state lacks after a restore
   */
  static Topology of(
      SchemaRegistry registry,
      boolean live,
      Instruments instruments,
      Board board,
      Function<ProcessingContext, SourceLog> sources) {
    StringSerializer keyBytes = new StringSerializer();
    Topology topology = new Topology();
    topology.addSource(
        "findings",
        new StringDeserializer(),
        EventSerde.of(Finding.class, registry).deserializer(),
        Topic.FINDINGS.name());
    topology.addProcessor(
        "decide",
        () ->
            new DecideProcessor(
                live,
                EventSerde.of(Finding.class, registry).deserializer(),
                sources,
                instruments,
                board),
        "findings");
    topology.addStateStore(EntityStore.eachCommit(DecideProcessor.STORE), "decide");
    topology.addSink(
        DecideProcessor.INCIDENTS,
        Topic.INCIDENTS.name(),
        keyBytes,
        EventSerde.of(Incident.class, registry).serializer(),
        "decide");
    topology.addSink(
        DecideProcessor.REMEDIATIONS,
        Topic.REMEDIATIONS.name(),
        keyBytes,
        EventSerde.of(Remediation.class, registry).serializer(),
        "decide");
    return topology;
  }
}
