package dev.plumbline.agent.mapping;

import java.util.Arrays;

/**
 * Texts that tell two records apart. One is filled again and again to look others up, and copied
 * where there is none yet, so that a lookup allocates nothing.
 */
final class Key implements Comparable<Key> {
  private String[] parts = new String[8];
  private int size;
  private int hash = 1;

  /** Starts anew. */
  Key clear() {
    size = 0;
    hash = 1;
    return this;
  }

  Key add(String part) {
    if (size == parts.length) {
      parts = Arrays.copyOf(parts, size * 2);
    }
    parts[size++] = part;
    hash = 31 * hash + part.hashCode();
    return this;
  }

  /** One that lasts, of the first parts. */
  Key copy(int length) {
    Key copy = new Key();
    for (int i = 0; i < length; i++) {
      copy.add(parts[i]);
    }
    return copy;
  }

  int size() {
    return size;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Key it
        && hash == it.hash
        && size == it.size
        && Arrays.equals(parts, 0, size, it.parts, 0, size);
  }

  @Override
  public int hashCode() {
    return hash;
  }

  @Override
  public int compareTo(Key other) {
    return Arrays.compare(parts, 0, size, other.parts, 0, other.size);
  }
}
