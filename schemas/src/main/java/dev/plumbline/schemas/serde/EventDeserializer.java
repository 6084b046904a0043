package dev.plumbline.schemas.serde;

import dev.plumbline.schemas.registry.RegistryException;
import dev.plumbline.schemas.registry.SchemaRegistry;
import dev.plumbline.schemas.serde.BadRecordException.Cause;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Deserializer;

/**
 * Reads an event in the Confluent wire format, whichever compatible schema wrote it. For one
 * thread.
 */
public final class EventDeserializer<T extends SpecificRecord> implements Deserializer<T> {
  private static final int HEADER = 5;

  private final SchemaRegistry registry;
  private final Schema schema;
  private final Class<T> type;

  /** Resolving readers by the writer's schema id. */
  private final Map<Integer, SpecificDatumReader<T>> readers = new HashMap<>();

  private final FlatDecoders.Decoder flat;
  private final FlatReader bytes = new FlatReader();

  /** Id of the schema that the flat decoder reads; -1 until a record of it has come. */
  private int flatId = -1;

  private BinaryDecoder decoder;

  public EventDeserializer(Class<T> type, SchemaRegistry registry) {
    this.type = type;
    this.registry = registry;
    flat = FlatDecoders.of(type);
    this.schema = SpecificData.get().getSchema(type);
  }

  /**
   * The event; null for null, a tombstone.
   *
   * @throws BadRecordException when the bytes are no such event
   * @throws RegistryException when the registry doesn't answer: reading again may help
   */
  @Override
  public T deserialize(String topic, byte[] bytes) {
    if (bytes == null) {
      return null;
    }
    if (bytes.length == 0) {
      throw new BadRecordException(Cause.EMPTY, "the record has no bytes");
    }
    if (bytes.length < HEADER || bytes[0] != 0) {
      throw new BadRecordException(
          Cause.NOT_WIRE_FORMAT,
          "not in the Confluent wire format: "
              + (bytes.length < HEADER
                  ? bytes.length + " bytes, the header alone has " + HEADER
                  : "begins with byte " + bytes[0] + ", not 0")
              + "; write it with a serializer that registers its schema");
    }
    int id = ByteBuffer.wrap(bytes).getInt(1);
    if (id == flatId) {
      return decode(bytes, id, null);
    }
    SpecificDatumReader<T> reader = readers.get(id);
    if (reader == null) {
      Schema writer = writer(id);
      if (flat != null && writer.equals(schema)) {
        flatId = id;
        return decode(bytes, id, null);
      }
      reader = new SpecificDatumReader<>(writer, schema);
      readers.put(id, reader);
    }
    return decode(bytes, id, reader);
  }

  private Schema writer(int id) {
    try {
      return registry.schema(id);
    } catch (RegistryException e) {
      if (e.isUnknown()) {
        throw new BadRecordException(
            Cause.UNKNOWN_SCHEMA_ID,
            "the schema registry knows no schema "
                + id
                + "; was the record written against another registry?",
            e);
      }
      if (e.isUnreadable()) {
        throw new BadRecordException(Cause.INCOMPATIBLE, e.getMessage(), e);
      }
      throw e;
    }
  }

  /** Decodes with a resolving reader, or flat when it is null. */
  private T decode(byte[] bytes, int id, SpecificDatumReader<T> reader) {
    T event;
    boolean whole;
    try {
      if (reader == null) {
        this.bytes.reset(bytes, HEADER);
        event = type.cast(flat.read(this.bytes));
        whole = this.bytes.isEnd();
      } else {
        decoder = DecoderFactory.get().binaryDecoder(bytes, HEADER, bytes.length - HEADER, decoder);
        event = reader.read(null, new BoundedDecoder(decoder, bytes.length));
        whole = decoder.isEnd();
      }
    } catch (EOFException e) {
      throw new BadRecordException(
          Cause.TRUNCATED,
          "the record of " + bytes.length + " bytes ends before schema " + id + " does",
          e);
    } catch (IOException
        | AvroRuntimeException
        | ClassCastException
        | UnsupportedOperationException
        | IndexOutOfBoundsException e) {
      throw new BadRecordException(
          Cause.INCOMPATIBLE,
          "not a " + schema.getName() + " as schema " + id + " says: " + e.getMessage(),
          e);
    }
    if (!whole) {
      throw new BadRecordException(
          Cause.INCOMPATIBLE,
          "bytes are left over after the " + schema.getName() + " of schema " + id);
    }
    return event;
  }
}
