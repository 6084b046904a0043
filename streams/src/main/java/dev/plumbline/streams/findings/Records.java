package dev.plumbline.streams.findings;

import java.io.ByteArrayOutputStream;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;

/** Event records inside state: plain Avro, written and read by the same build. */
public final class Records {
  private Records() {}

  /** The record without any framing. */
  public static byte[] bytes(SpecificRecord record) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
    BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);
    try {
      new SpecificDatumWriter<SpecificRecord>(record.getSchema()).write(record, encoder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /** The record that {@link #bytes} wrote. */
  public static <T extends SpecificRecord> T read(Class<T> type, byte[] bytes) {
    Schema schema = SpecificData.get().getSchema(type);
    try {
      return new SpecificDatumReader<T>(schema)
          .read(null, DecoderFactory.get().binaryDecoder(bytes, null));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The record with its length before it; null is kept. */
  public static void write(DataOutput out, SpecificRecord record) throws IOException {
    byte[] bytes = record == null ? new byte[0] : bytes(record);
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  /** What {@link #write} wrote. */
  public static <T extends SpecificRecord> T read(DataInput in, Class<T> type) throws IOException {
    byte[] bytes = new byte[in.readInt()];
    in.readFully(bytes);
    return bytes.length == 0 ? null : read(type, bytes);
  }
}
