package dev.plumbline.schemas.serde;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Values by the bytes they were made of: agents say the same names again with every scrape. A value
 * has one place that its bytes decide, and gives way to the next that has the same one, so the
 * memory is bounded and a miss costs no more than making the value. Threads may share it: one that
 * comes too early makes the value again.
 */
final class Interned<V> {
  private static final VarHandle INT64 =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int FIRST = 1 << 10;
  private static final int MOST = 1 << 17;

  /** A value and its bytes. */
  private static final class Entry<V> {
    final long hash;
    final byte[] bytes;
    final V value;

    Entry(long hash, byte[] bytes, V value) {
      this.hash = hash;
      this.bytes = bytes;
      this.value = value;
    }
  }

  private final int longest;
  private Entry<V>[] entries = table(FIRST);
  private int displaced;

  /**
   * @param longest values of more bytes than that are not kept
   */
  Interned(int longest) {
    this.longest = longest;
  }

  /** The value that was made of these bytes, or null when it has to be made. */
  V get(byte[] source, int from, int length) {
    if (length > longest) {
      return null;
    }
    long hash = hash(source, from, length);
    Entry<V>[] now = entries;
    Entry<V> entry = now[slot(hash, now.length)];
    boolean same =
        entry != null
            && entry.hash == hash
            && Arrays.equals(entry.bytes, 0, entry.bytes.length, source, from, from + length);
    return same ? entry.value : null;
  }

  /** Keeps what was made of these bytes, and returns it. */
  V keep(byte[] source, int from, int length, V value) {
    if (length > longest) {
      return value;
    }
    long hash = hash(source, from, length);
    Entry<V>[] now = entries;
    int slot = slot(hash, now.length);
    if (now[slot] != null && ++displaced > now.length / 2 && now.length < MOST) {
      now = grown(now);
      entries = now;
      displaced = 0;
      slot = slot(hash, now.length);
    }
    now[slot] = new Entry<>(hash, Arrays.copyOfRange(source, from, from + length), value);
    return value;
  }

  private static <V> Entry<V>[] grown(Entry<V>[] entries) {
    Entry<V>[] more = table(4 * entries.length);
    for (Entry<V> entry : entries) {
      if (entry != null) {
        more[slot(entry.hash, more.length)] = entry;
      }
    }
    return more;
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static <V> Entry<V>[] table(int size) {
    return new Entry[size];
  }

  private static int slot(long hash, int size) {
    return (int) (hash >>> 40) & size - 1;
  }

  private static long hash(byte[] source, int from, int length) {
    long hash = length;
    int at = from;
    for (int end = from + length - Long.BYTES; at <= end; at += Long.BYTES) {
      hash = (hash ^ (long) INT64.get(source, at)) * 0x9E3779B97F4A7C15L;
      hash ^= hash >>> 32;
    }
    for (int end = from + length; at < end; at++) {
      hash = (hash ^ source[at]) * 0x9E3779B97F4A7C15L;
    }
    return (hash ^ hash >>> 29) * 0xBF58476D1CE4E5B9L;
  }
}
