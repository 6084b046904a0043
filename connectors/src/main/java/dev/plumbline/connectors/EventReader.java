package dev.plumbline.connectors;

import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.registry.RegistryException;
import dev.plumbline.schemas.registry.SchemaRegistry;
import dev.plumbline.schemas.serde.BoundedDecoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.errors.RetriableException;

/**
 * Reads one record in the Confluent wire format: a zero, the writer schema's id in four bytes, Avro
 * binary to the last byte.
 */
final class EventReader {
  private static final int HEADER = 5;
  private static final Map<String, Schema> CONTRACT =
      Topic.ALL.stream()
          .map(Topic::type)
          .filter(Objects::nonNull)
          .map(SpecificData.get()::getSchema)
          .collect(Collectors.toMap(Schema::getFullName, Function.identity()));

  private final SchemaRegistry registry;

  EventReader(SchemaRegistry registry) {
    this.registry = registry;
  }

  /**
   * The record.
   *
   * @throws DataException when the bytes are none, or name a schema that is not known or no Avro
   * @throws RetriableException when the registry doesn't answer
   */
  IndexedRecord read(byte[] bytes) {
    if (bytes.length < HEADER || bytes[0] != 0) {
      throw new DataException(
          "not in the Confluent wire format: "
              + (bytes.length < HEADER
                  ? bytes.length + " bytes, the header alone has " + HEADER
                  : "begins with byte " + bytes[0] + " and not 0"));
    }
    int id = ByteBuffer.wrap(bytes).getInt(1);
    Schema writer = writer(id);
    if (writer.getType() != Schema.Type.RECORD) {
      throw new DataException("schema " + id + " is no record but a " + writer.getType().getName());
    }
    return decode(bytes, id, writer);
  }

  private Schema writer(int id) {
    try {
      return registry.schema(id);
    } catch (RegistryException e) {
      if (e.isUnknown()) {
        throw new DataException("the schema registry knows no schema " + id, e);
      }
      if (e.isUnreadable()) {
        throw new DataException(e.getMessage(), e);
      }
      throw new RetriableException("no schema " + id + ": " + e.getMessage(), e);
    }
  }

  private static IndexedRecord decode(byte[] bytes, int id, Schema writer) {
    Schema reader = CONTRACT.getOrDefault(writer.getFullName(), writer);
    BinaryDecoder decoder =
        DecoderFactory.get().binaryDecoder(bytes, HEADER, bytes.length - HEADER, null);
    IndexedRecord record;
    boolean whole;
    try {
      record =
          new GenericDatumReader<IndexedRecord>(writer, reader)
              .read(null, new BoundedDecoder(decoder, bytes.length));
      whole = decoder.isEnd();
    } catch (IOException | RuntimeException e) {
      throw new DataException(
          "no " + writer.getFullName() + " as schema " + id + " says: " + e.getMessage(), e);
    }
    if (!whole) {
      throw new DataException("bytes are left over after a " + writer.getFullName());
    }
    return record;
  }
}
