package dev.plumbline.schemas.serde;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.EOFException;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Avro binary read straight from an array. It believes no length that is greater than what is left,
 * and hands out the same text for the same bytes. For one thread.
 */
final class FlatReader {
  private static final VarHandle FLOAT64 =
      MethodHandles.byteArrayViewVarHandle(double[].class, ByteOrder.LITTLE_ENDIAN);

  /** Room made for a list or map before its elements are seen. */
  private static final int MOST_AHEAD = 256;

  /** Reads one element of a list. */
  @FunctionalInterface
  interface Element<T> {
    T read(FlatReader in) throws IOException;
  }

  private final Interned<String> texts = new Interned<>(128);
  private final Interned<Map<String, String>> maps = new Interned<>(1024);
  private byte[] bytes = new byte[0];
  private int at;

  /** Begins with other bytes. */
  void reset(byte[] bytes, int from) {
    this.bytes = bytes;
    at = from;
  }

  /** True when all bytes are read. */
  boolean isEnd() {
    return at == bytes.length;
  }

  double float64() throws IOException {
    if (bytes.length - at < Double.BYTES) {
      throw end();
    }
    double value = (double) FLOAT64.get(bytes, at);
    at += Double.BYTES;
    return value;
  }

  long int64() throws IOException {
    long value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      if (at == bytes.length) {
        throw end();
      }
      byte next = bytes[at++];
      value |= (next & 0x7fL) << shift;
      if (next >= 0) {
        return value >>> 1 ^ -(value & 1);
      }
    }
    throw new IOException("Invalid long encoding");
  }

  boolean bool() throws IOException {
    if (at == bytes.length) {
      throw end();
    }
    return bytes[at++] == 1;
  }

  Instant instant() throws IOException {
    return Instant.ofEpochMilli(int64());
  }

  /** The branch of a union of null and something: true for something. */
  boolean some() throws IOException {
    long branch = int64();
    if (branch != 0 && branch != 1) {
      throw new IOException("a union of two has no branch " + branch);
    }
    return branch == 1;
  }

  String text() throws IOException {
    int length = length();
    int from = at;
    at += length;
    if (length == 0) {
      return "";
    }
    String known = texts.get(bytes, from, length);
    return known != null
        ? known
        : texts.keep(bytes, from, length, new String(bytes, from, length, UTF_8));
  }

  /** A map of texts, which must not be changed: who has the same labels has the same map. */
  Map<String, String> texts() throws IOException {
    int from = at;
    for (long n = block(); n != 0; n = block()) {
      for (; n > 0; n--) {
        skipText();
        skipText();
      }
    }
    int end = at;
    if (end - from == 1) {
      return Map.of();
    }
    Map<String, String> known = maps.get(bytes, from, end - from);
    if (known != null) {
      return known;
    }
    at = from;
    Map<String, String> map = new HashMap<>();
    for (long n = block(); n != 0; n = block()) {
      for (; n > 0; n--) {
        String name = text();
        map.put(name, text());
      }
    }
    return maps.keep(bytes, from, end - from, Collections.unmodifiableMap(map));
  }

  Map<String, Double> numbers() throws IOException {
    long n = block();
    if (n == 0) {
      return Map.of();
    }
    Map<String, Double> map = new HashMap<>();
    for (; n != 0; n = block()) {
      for (; n > 0; n--) {
        String name = text();
        map.put(name, float64());
      }
    }
    return map;
  }

  <T> List<T> list(Element<T> element) throws IOException {
    long n = block();
    if (n == 0) {
      return List.of();
    }
    List<T> list = new ArrayList<>((int) Math.min(n, MOST_AHEAD));
    for (; n != 0; n = block()) {
      for (; n > 0; n--) {
        list.add(element.read(this));
      }
    }
    return list;
  }

  List<Double> doubles() throws IOException {
    long n = block();
    if (n == 0) {
      return List.of();
    }
    double[] values = new double[0];
    for (; n != 0; n = block()) {
      if (n > (bytes.length - at) / Double.BYTES) {
        throw end();
      }
      int next = values.length;
      values = java.util.Arrays.copyOf(values, next + (int) n);
      for (; next < values.length; next++) {
        values[next] = float64();
      }
    }
    return new Doubles(values);
  }

  /** Number of elements in the next block; 0 ends a list or map. */
  private long block() throws IOException {
    long count = int64();
    if (count < 0) {
      // the block's size in bytes is there for those who skip it
      int64();
      count = -count;
    }
    if (count < 0 || count > bytes.length) {
      throw new EOFException("a length of " + count + " in a record of " + bytes.length + " bytes");
    }
    return count;
  }

  private void skipText() throws IOException {
    int length = length();
    at += length;
  }

  private int length() throws IOException {
    long length = int64();
    if (length < 0 || length > bytes.length - at) {
      throw new EOFException(
          "a length of " + length + " in a record of " + bytes.length + " bytes");
    }
    return (int) length;
  }

  private static EOFException end() {
    return new EOFException("the bytes end within a value");
  }
}
