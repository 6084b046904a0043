package dev.plumbline.schemas.serde;

import dev.plumbline.schemas.registry.SchemaRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serializer;

/**
 * Writes an event in the Confluent wire format: a zero, the schema's id in four bytes, big-endian,
 * then Avro binary. The schema is registered under the topic's name and {@code -value}.
 */
public final class EventSerializer<T extends SpecificRecord> implements Serializer<T> {
  private final SchemaRegistry registry;
  private final Map<String, Integer> ids = new ConcurrentHashMap<>();
  private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);

  /** What one thread reuses. */
  private static final class Scratch {
    final ByteArrayOutputStream bytes = new ByteArrayOutputStream(4096);
    BinaryEncoder encoder;
  }

  public EventSerializer(SchemaRegistry registry) {
    this.registry = registry;
  }

  /**
   * The bytes of an event; null for null.
   *
   * @throws dev.plumbline.schemas.registry.RegistryException when the schema can't be registered
   */
  @Override
  public byte[] serialize(String topic, T event) {
    if (event == null) {
      return null;
    }
    Schema schema = event.getSchema();
    int id = ids.computeIfAbsent(topic, name -> registry.register(name + "-value", schema));
    Scratch reused = scratch.get();
    reused.bytes.reset();
    reused.bytes.write(0);
    reused.bytes.write(id >>> 24);
    reused.bytes.write(id >>> 16);
    reused.bytes.write(id >>> 8);
    reused.bytes.write(id);
    reused.encoder = EncoderFactory.get().directBinaryEncoder(reused.bytes, reused.encoder);
    try {
      new SpecificDatumWriter<T>(schema).write(event, reused.encoder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return reused.bytes.toByteArray();
  }
}
