package dev.plumbline.streams.fleet;

import dev.plumbline.schemas.event.Control;
import dev.plumbline.schemas.event.Fact;
import dev.plumbline.schemas.serde.BadRecordException;
import dev.plumbline.streams.health.Instruments;
import dev.plumbline.streams.intake.DeadLetters;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/**
 * Hands {@code Cohort} documents to the fleet as facts, which take effect at the event time at
 * which they were applied. Other kinds are for others.
 */
public final class ControlProcessor implements Processor<String, byte[], String, Object> {
  public static final String FLEET = "fleet";
  public static final String DEAD_LETTERS = "control-dead-letters";

  private static final String KIND = "Cohort/";

  private final Deserializer<Control> decoder;
  private final Instruments instruments;
  private ProcessorContext<String, Object> context;
  private DeadLetters deadLetters;

  public ControlProcessor(Deserializer<Control> decoder, Instruments instruments) {
    this.decoder = decoder;
    this.instruments = instruments;
  }

  @Override
  public void init(ProcessorContext<String, Object> context) {
    this.context = context;
    deadLetters = new DeadLetters(context, DEAD_LETTERS, instruments::deadLetter);
  }

  @Override
  public void process(Record<String, byte[]> record) {
    RecordMetadata origin = context.recordMetadata().orElseThrow();
    try {
      fact(
              decoder,
              origin.topic(),
              record.key(),
              record.value(),
              record.timestamp(),
              origin.offset())
          .ifPresent(
              fact ->
                  context.forward(new Record<String, Object>("", fact, record.timestamp()), FLEET));
    } catch (BadRecordException e) {
      deadLetters.bury(record, origin, e);
    } catch (IllegalArgumentException e) {
      deadLetters.bury(
          record, origin, "invalid", record.key() + " is not in force: " + e.getMessage());
    }
  }

  /**
   * The fact that a control record is to the fleet; empty when it is for others.
   *
   * @throws BadRecordException when the record is no control document
   * @throws IllegalArgumentException when its spec is none of a cohort
   */
  static Optional<Fact> fact(
      Deserializer<Control> decoder,
      String topic,
      String key,
      byte[] value,
      long timestamp,
      long offset) {
    if (key == null || !key.startsWith(KIND)) {
      return Optional.empty();
    }
    Control control = decoder.deserialize(topic, value);
    if (control != null) {
      CohortSpec.of(control.getSpec());
    }
    return Optional.of(
        Fact.newBuilder()
            .setKind("control")
            .setPartition(0)
            .setAt(control == null ? Instant.ofEpochMilli(timestamp) : control.getAt())
            .setOrdinal(offset)
            .setSubject(key.substring(KIND.length()))
            .setGone(control == null)
            .setFields(control == null ? Map.of() : Map.of("spec", control.getSpec()))
            .build());
  }
}
