package dev.plumbline.agent.exposition;

import java.nio.charset.StandardCharsets;

/**
 * Texts by their UTF-8 bytes: a text seen before is found without making it again. An exposition
 * repeats nearly all of its names and label values at every scrape.
 */
final class Names {
  /** Beyond so many different texts new ones are made each time: churn must not fill the heap. */
  private static final int MOST = 200_000;

  private byte[][] bytes = new byte[1 << 12][];
  private String[] texts = new String[1 << 12];
  private int size;

  String of(byte[] body, int from, int to) {
    int hash = 1;
    for (int i = from; i < to; i++) {
      hash = 31 * hash + body[i];
    }
    hash ^= hash >>> 16;
    int mask = texts.length - 1;
    int slot = hash & mask;
    while (texts[slot] != null) {
      if (same(bytes[slot], body, from, to)) {
        return texts[slot];
      }
      slot = (slot + 1) & mask;
    }
    String text = new String(body, from, to - from, StandardCharsets.UTF_8);
    if (size < MOST) {
      byte[] key = java.util.Arrays.copyOfRange(body, from, to);
      bytes[slot] = key;
      texts[slot] = text;
      if (++size > texts.length / 2) {
        grow();
      }
    }
    return text;
  }

  private static boolean same(byte[] key, byte[] body, int from, int to) {
    return java.util.Arrays.equals(key, 0, key.length, body, from, to);
  }

  private void grow() {
    byte[][] oldBytes = bytes;
    String[] oldTexts = texts;
    bytes = new byte[oldTexts.length * 2][];
    texts = new String[oldTexts.length * 2];
    int mask = texts.length - 1;
    for (int i = 0; i < oldTexts.length; i++) {
      if (oldTexts[i] != null) {
        int hash = 1;
        for (byte b : oldBytes[i]) {
          hash = 31 * hash + b;
        }
        hash ^= hash >>> 16;
        int slot = hash & mask;
        while (texts[slot] != null) {
          slot = (slot + 1) & mask;
        }
        bytes[slot] = oldBytes[i];
        texts[slot] = oldTexts[i];
      }
    }
  }
}
