package dev.plumbline.agent.run;

import dev.plumbline.agent.snapshot.SnapshotFactory;
import dev.plumbline.schemas.Topic;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A snapshot as it lies in the spool: without a registry's id, since the registry may be away too,
 * and with its header apart, since only at its departure it is known when it leaves and what is
 * missing before it.
 *
 * <pre>
 * format (1 byte), fingerprint of the schema (8), topic and key (2 bytes of length, UTF-8),
 * length of the header (4), header and the other fields (Avro)
 * </pre>
 *
 * The schemas lie beside the records, so that a later version of the agent can send what an earlier
 * one left. For one encoding and one decoding thread.
 */
final class SnapshotCodec {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotCodec.class);
  private static final byte FORMAT = 1;

  private final Path folder;
  private final Map<Schema, Writing> writing = new HashMap<>();
  private final Map<Long, Reading> reading = new HashMap<>();
  private final Set<Schema> kept = new HashSet<>();
  private final ByteArrayOutputStream scratch = new ByteArrayOutputStream(1 << 14);
  private BinaryEncoder encoder;

  /** What is needed to encode with a schema. */
  private record Writing(
      long fingerprint,
      SpecificDatumWriter<Object> header,
      SpecificDatumWriter<SpecificRecord> whole) {}

  /** What is needed to decode a header and to encode it again. */
  private record Reading(
      Schema schema,
      GenericDatumReader<GenericRecord> reader,
      GenericDatumWriter<GenericRecord> writer) {}

  /**
   * @param folder where schemas are kept
   */
  SnapshotCodec(Path folder) {
    this.folder = folder;
    for (Topic topic :
        new Topic[] {Topic.RESOURCE_SNAPSHOTS, Topic.LATENCY_SNAPSHOTS, Topic.POLICY_SNAPSHOTS}) {
      Schema schema = SpecificData.get().getSchema(topic.type());
      reading.put(fingerprint(schema), reading(schema));
    }
  }

  /** The snapshot's bytes for the spool. */
  byte[] encode(SnapshotFactory.Event event) {
    SpecificRecord value = event.value();
    Schema schema = value.getSchema();
    Writing as = writing.computeIfAbsent(schema, SnapshotCodec::writing);
    keep(schema, as.fingerprint());
    byte[] topic = event.topic().name().getBytes(StandardCharsets.UTF_8);
    byte[] key = event.key().getBytes(StandardCharsets.UTF_8);
    try {
      scratch.reset();
      encoder = EncoderFactory.get().directBinaryEncoder(scratch, encoder);
      as.header().write(value.get(0), encoder);
      int header = scratch.size();
      scratch.reset();
      as.whole().write(value, encoder);
      ByteBuffer out =
          ByteBuffer.allocate(1 + 8 + 2 + topic.length + 2 + key.length + 4 + scratch.size());
      out.put(FORMAT).putLong(as.fingerprint());
      out.putShort((short) topic.length).put(topic);
      out.putShort((short) key.length).put(key);
      out.putInt(header).put(scratch.toByteArray());
      return out.array();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A snapshot on its way out of the spool. */
  final class Departing {
    final String topic;
    final String key;
    private final Reading as;
    private final GenericRecord header;
    private final ByteBuffer rest;

    private Departing(String topic, String key, Reading as, GenericRecord header, ByteBuffer rest) {
      this.topic = topic;
      this.key = key;
      this.as = as;
      this.header = header;
      this.rest = rest;
    }

    Schema schema() {
      return as.schema();
    }

    /** Event time, milliseconds since 1970. */
    long observedAt() {
      return (Long) header.get("observedAt");
    }

    /** True for what was seen of an object of the Kubernetes API. */
    boolean isObject() {
      return topic.equals(Topic.POLICY_SNAPSHOTS.name());
    }

    String source() {
      return header.get("source").toString();
    }

    /** True for the line that its target left. */
    boolean isGone() {
      return (Boolean) header.get("gone");
    }

    String target() {
      return header.get("target").toString();
    }

    /**
     * The record's value in the Confluent wire format.
     *
     * @param id id of the schema in the registry
     * @param dropped snapshots missing just before it, beside those it already speaks of
     */
    byte[] wire(int id, Instant sentAt, long dropped) {
      header.put("sentAt", sentAt.toEpochMilli());
      header.put("dropped", (Long) header.get("dropped") + dropped);
      ByteArrayOutputStream out = new ByteArrayOutputStream(rest.remaining() + 256);
      out.writeBytes(ByteBuffer.allocate(5).put((byte) 0).putInt(id).array());
      try {
        as.writer().write(header, EncoderFactory.get().directBinaryEncoder(out, null));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      out.write(rest.array(), rest.position(), rest.remaining());
      return out.toByteArray();
    }
  }

  /**
   * What the spool gave back.
   *
   * @throws IOException saying why it can't be used
   */
  Departing decode(byte[] bytes) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    byte format = in.get();
    if (format != FORMAT) {
      throw new IOException("it has format " + format + ", this version knows " + FORMAT);
    }
    Reading as = reading(in.getLong());
    String topic = text(in);
    String key = text(in);
    int length = in.getInt();
    GenericRecord header =
        as.reader()
            .read(null, DecoderFactory.get().binaryDecoder(bytes, in.position(), length, null));
    in.position(in.position() + length);
    return new Departing(topic, key, as, header, in);
  }

  private Reading reading(long fingerprint) throws IOException {
    Reading known = reading.get(fingerprint);
    if (known == null) {
      Path file = file(fingerprint);
      known = reading(new Schema.Parser().parse(Files.readString(file)));
      reading.put(fingerprint, known);
    }
    return known;
  }

  /** Writes the schema down once; where that fails only a later version would miss it. */
  private void keep(Schema schema, long fingerprint) {
    if (!kept.add(schema) || Files.exists(file(fingerprint))) {
      return;
    }
    try {
      Path draft = folder.resolve("schema.draft");
      Files.writeString(draft, schema.toString());
      Files.move(draft, file(fingerprint), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      LOG.warn("the schema {} can't be kept in the spool: {}", schema.getName(), e.toString());
    }
  }

  private Path file(long fingerprint) {
    return folder.resolve("schema-%016x.avsc".formatted(fingerprint));
  }

  private static Writing writing(Schema schema) {
    return new Writing(
        fingerprint(schema),
        new SpecificDatumWriter<>(schema.getFields().get(0).schema()),
        new SpecificDatumWriter<>(schema));
  }

  private static Reading reading(Schema schema) {
    Schema header = schema.getField("header").schema();
    return new Reading(schema, new GenericDatumReader<>(header), new GenericDatumWriter<>(header));
  }

  private static long fingerprint(Schema schema) {
    return SchemaNormalization.parsingFingerprint64(schema);
  }

  private static String text(ByteBuffer in) {
    byte[] bytes = new byte[in.getShort() & 0xffff];
    in.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
