package dev.plumbline.connectors;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.LogicalTypes;
import org.apache.avro.generic.GenericFixed;
import org.apache.avro.generic.IndexedRecord;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.data.Timestamp;
import org.apache.kafka.connect.errors.DataException;

/**
 * Avro records as Connect Structs: same field names, the full name as schema name, enums as text,
 * {@code timestamp-millis} as Connect's Timestamp, a union with null as an optional.
 *
 * <p>Schemas are translated once and kept. Unions of several types, which the contract does not
 * use, have no form in Connect and are refused.
 */
final class ConnectForm {
  private final Map<org.apache.avro.Schema, Schema> schemas = new ConcurrentHashMap<>();

  SchemaAndValue of(IndexedRecord record) {
    org.apache.avro.Schema avro = record.getSchema();
    Schema schema = schemas.get(avro);
    if (schema == null) {
      schema = builder(avro).build();
      schemas.put(avro, schema);
    }
    return new SchemaAndValue(schema, value(avro, schema, record));
  }

  private static SchemaBuilder builder(org.apache.avro.Schema avro) {
    return switch (avro.getType()) {
      case RECORD -> struct(avro);
      case ARRAY -> SchemaBuilder.array(builder(avro.getElementType()).build());
      case MAP -> SchemaBuilder.map(Schema.STRING_SCHEMA, builder(avro.getValueType()).build());
      case UNION -> builder(present(avro)).optional();
      case ENUM, STRING -> SchemaBuilder.string();
      case LONG ->
          avro.getLogicalType() instanceof LogicalTypes.TimestampMillis
              ? Timestamp.builder()
              : SchemaBuilder.int64();
      case INT -> SchemaBuilder.int32();
      case DOUBLE -> SchemaBuilder.float64();
      case FLOAT -> SchemaBuilder.float32();
      case BOOLEAN -> SchemaBuilder.bool();
      case BYTES, FIXED -> SchemaBuilder.bytes();
      case NULL -> throw new DataException("a field that is always null has no form in Connect");
    };
  }

  private static SchemaBuilder struct(org.apache.avro.Schema avro) {
    SchemaBuilder struct = SchemaBuilder.struct().name(avro.getFullName());
    for (org.apache.avro.Schema.Field field : avro.getFields()) {
      struct.field(field.name(), builder(field.schema()).build());
    }
    return struct;
  }

  /** The type beside null. */
  private static org.apache.avro.Schema present(org.apache.avro.Schema union) {
    List<org.apache.avro.Schema> types =
        union.getTypes().stream()
            .filter(it -> it.getType() != org.apache.avro.Schema.Type.NULL)
            .toList();
    if (types.size() != 1 || union.getTypes().size() != 2) {
      throw new DataException("only a union with null has a form in Connect, not " + union);
    }
    return types.get(0);
  }

  private static Object value(org.apache.avro.Schema avro, Schema schema, Object value) {
    if (value == null) {
      return null;
    }
    return switch (avro.getType()) {
      case RECORD -> struct(avro, schema, (IndexedRecord) value);
      case ARRAY ->
          ((List<?>) value)
              .stream().map(it -> value(avro.getElementType(), schema.valueSchema(), it)).toList();
      case MAP -> map(avro, schema, (Map<?, ?>) value);
      case UNION -> value(present(avro), schema, value);
      case ENUM, STRING -> value.toString();
      case LONG ->
          avro.getLogicalType() instanceof LogicalTypes.TimestampMillis ? date(value) : value;
      case FIXED -> ByteBuffer.wrap(((GenericFixed) value).bytes());
      default -> value;
    };
  }

  private static Struct struct(org.apache.avro.Schema avro, Schema schema, IndexedRecord record) {
    Struct struct = new Struct(schema);
    for (org.apache.avro.Schema.Field field : avro.getFields()) {
      org.apache.kafka.connect.data.Field to = schema.field(field.name());
      struct.put(to, value(field.schema(), to.schema(), record.get(field.pos())));
    }
    return struct;
  }

  private static Map<String, Object> map(
      org.apache.avro.Schema avro, Schema schema, Map<?, ?> entries) {
    Map<String, Object> map = new LinkedHashMap<>();
    entries.forEach(
        (key, each) ->
            map.put(key.toString(), value(avro.getValueType(), schema.valueSchema(), each)));
    return map;
  }

  private static Date date(Object value) {
    return value instanceof Instant instant ? Date.from(instant) : new Date((Long) value);
  }
}
