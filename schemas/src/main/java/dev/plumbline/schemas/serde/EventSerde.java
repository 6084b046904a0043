package dev.plumbline.schemas.serde;

import dev.plumbline.schemas.registry.SchemaRegistry;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** Both directions of an event in the Confluent wire format. */
public final class EventSerde {
  private EventSerde() {}

  /** The serde of an event class against a registry. */
  public static <T extends SpecificRecord> Serde<T> of(Class<T> type, SchemaRegistry registry) {
    return Serdes.serdeFrom(
        new EventSerializer<>(registry), new EventDeserializer<>(type, registry));
  }
}
