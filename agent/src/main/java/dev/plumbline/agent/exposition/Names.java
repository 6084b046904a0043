package dev.plumbline.agent.exposition;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Texts by their UTF-8 bytes: a text seen before is found without making it again. An exposition
 * repeats nearly all of its names and label values at every scrape.
 */
final class Names {
  /** With more texts or bytes than this it starts anew: churn must not fill the heap. */
  static final int MOST = 50_000;

  static final int MOST_BYTES = 4 << 20;

  /** Longer texts are not kept: what is that long seldom comes twice. */
  static final int LONGEST = 512;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** From the golden ratio, as Fibonacci hashing has it (Knuth, TAOCP 3, 6.4). */
  private static final long MIX = 0x9e3779b97f4a7c15L;

  private byte[][] bytes = new byte[1 << 12][];
  private String[] texts = new String[1 << 12];
  private int size;
  private int held;

  String of(byte[] body, int from, int to) {
    int mask = texts.length - 1;
    int slot = hash(body, from, to) & mask;
    while (texts[slot] != null) {
      byte[] key = bytes[slot];
      if (key.length == to - from && Arrays.equals(key, 0, key.length, body, from, to)) {
        return texts[slot];
      }
      slot = (slot + 1) & mask;
    }
    String text = new String(body, from, to - from, StandardCharsets.UTF_8);
    if (to - from <= LONGEST) {
      if (size == MOST || held > MOST_BYTES) {
        Arrays.fill(bytes, null);
        Arrays.fill(texts, null);
        size = 0;
        held = 0;
        slot = hash(body, from, to) & mask;
      }
      held += to - from;
      bytes[slot] = Arrays.copyOfRange(body, from, to);
      texts[slot] = text;
      if (++size > texts.length / 2) {
        grow();
      }
    }
    return text;
  }

  /** Number of texts that are kept. */
  int size() {
    return size;
  }

  /** Eight bytes at a time. */
  private static int hash(byte[] body, int from, int to) {
    long hash = to - from;
    int i = from;
    for (; i + Long.BYTES <= to; i += Long.BYTES) {
      hash = (hash ^ (long) LONGS.get(body, i)) * MIX;
      hash ^= hash >>> 32;
    }
    long rest = 0;
    for (; i < to; i++) {
      rest = (rest << 8) | (body[i] & 0xff);
    }
    hash = (hash ^ rest) * MIX;
    return (int) (hash >>> 40) ^ (int) hash;
  }

  private void grow() {
    byte[][] oldBytes = bytes;
    String[] oldTexts = texts;
    bytes = new byte[oldTexts.length * 2][];
    texts = new String[oldTexts.length * 2];
    int mask = texts.length - 1;
    for (int i = 0; i < oldTexts.length; i++) {
      if (oldTexts[i] != null) {
        int slot = hash(oldBytes[i], 0, oldBytes[i].length) & mask;
        while (texts[slot] != null) {
          slot = (slot + 1) & mask;
        }
        bytes[slot] = oldBytes[i];
        texts[slot] = oldTexts[i];
      }
    }
  }
}
