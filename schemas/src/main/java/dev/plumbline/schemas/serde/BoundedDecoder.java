package dev.plumbline.schemas.serde;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.avro.io.Decoder;
import org.apache.avro.util.Utf8;

/**
 * Believes no length that is greater than the record itself.
 *
 * <p>Avro's own decoder makes room for a text or a list before it looks whether the bytes are
 * there: five bytes of garbage that read as a length of a gigabyte end the worker with an
 * OutOfMemoryError. Here they end with an EOFException.
 */
public final class BoundedDecoder extends Decoder {
  private final Decoder decoder;
  private final int limit;

  /**
   * @param decoder reads the record
   * @param limit the record's length in bytes; no text, list or map in it is longer
   */
  public BoundedDecoder(Decoder decoder, int limit) {
    this.decoder = decoder;
    this.limit = limit;
  }

  private int length() throws IOException {
    return (int) bounded(decoder.readLong());
  }

  private long bounded(long length) throws EOFException {
    if (length < 0 || length > limit) {
      throw new EOFException("a length of " + length + " in a record of " + limit + " bytes");
    }
    return length;
  }

  private byte[] content() throws IOException {
    byte[] bytes = new byte[length()];
    decoder.readFixed(bytes, 0, bytes.length);
    return bytes;
  }

  @Override
  public Utf8 readString(Utf8 old) throws IOException {
    return new Utf8(content());
  }

  @Override
  public String readString() throws IOException {
    return readString(null).toString();
  }

  @Override
  public void skipString() throws IOException {
    decoder.skipFixed(length());
  }

  @Override
  public ByteBuffer readBytes(ByteBuffer old) throws IOException {
    return ByteBuffer.wrap(content());
  }

  @Override
  public void skipBytes() throws IOException {
    decoder.skipFixed(length());
  }

  @Override
  public long readArrayStart() throws IOException {
    return bounded(decoder.readArrayStart());
  }

  @Override
  public long arrayNext() throws IOException {
    return bounded(decoder.arrayNext());
  }

  @Override
  public long skipArray() throws IOException {
    return bounded(decoder.skipArray());
  }

  @Override
  public long readMapStart() throws IOException {
    return bounded(decoder.readMapStart());
  }

  @Override
  public long mapNext() throws IOException {
    return bounded(decoder.mapNext());
  }

  @Override
  public long skipMap() throws IOException {
    return bounded(decoder.skipMap());
  }

  @Override
  public void readNull() throws IOException {
    decoder.readNull();
  }

  @Override
  public boolean readBoolean() throws IOException {
    return decoder.readBoolean();
  }

  @Override
  public int readInt() throws IOException {
    return decoder.readInt();
  }

  @Override
  public long readLong() throws IOException {
    return decoder.readLong();
  }

  @Override
  public float readFloat() throws IOException {
    return decoder.readFloat();
  }

  @Override
  public double readDouble() throws IOException {
    return decoder.readDouble();
  }

  @Override
  public void readFixed(byte[] bytes, int start, int length) throws IOException {
    decoder.readFixed(bytes, start, length);
  }

  @Override
  public void skipFixed(int length) throws IOException {
    decoder.skipFixed(length);
  }

  @Override
  public int readEnum() throws IOException {
    return decoder.readEnum();
  }

  @Override
  public int readIndex() throws IOException {
    return decoder.readIndex();
  }
}
