package dev.plumbline.streams.findings;

import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a finding is about: the most specific of cluster, node, gpu (UUID), namespace, workload,
 * pod, model, object and field. Sorted by name, so that its text is canonical.
 */
public final class Entity implements Comparable<Entity> {
  /** Names and values in turn, sorted by name: made for every sight, so it is an array. */
  private final String[] pairs;

  private final int hash;
  private Map<String, String> parts;
  private String key;

  public Entity(Map<String, String> parts) {
    this(pairs(new TreeMap<>(parts)));
  }

  private Entity(String[] pairs) {
    this.pairs = pairs;
    int sum = 0;
    for (String text : pairs) {
      sum = 31 * sum + text.hashCode();
    }
    hash = sum;
  }

  /** Of names and values in turn; a null or empty value leaves its name out. */
  public static Entity of(String... namesAndValues) {
    String[] sorted = new String[namesAndValues.length];
    int size = 0;
    for (int i = 0; i < namesAndValues.length; i += 2) {
      String value = namesAndValues[i + 1];
      if (value != null && !value.isEmpty()) {
        size = insert(sorted, size, namesAndValues[i], value);
      }
    }
    return new Entity(size == sorted.length ? sorted : Arrays.copyOf(sorted, size));
  }

  /** The entity of a {@link #key()}. */
  static Entity ofKey(String key) {
    TreeMap<String, String> parts = new TreeMap<>();
    StringBuilder text = new StringBuilder();
    String name = null;
    for (int i = 0; i <= key.length(); i++) {
      char next = i == key.length() ? ',' : key.charAt(i);
      if (next == '\\' && i + 1 < key.length()) {
        text.append(key.charAt(++i));
      } else if (next == '=' && name == null) {
        name = text.toString();
        text.setLength(0);
      } else if (next == ',') {
        parts.put(name == null ? "" : name, text.toString());
        name = null;
        text.setLength(0);
      } else {
        text.append(next);
      }
    }
    return new Entity(parts);
  }

  /** This entity and one part more; unchanged when the value is null or empty. */
  public Entity with(String name, String value) {
    if (value == null || value.isEmpty()) {
      return this;
    }
    String[] more = Arrays.copyOf(pairs, pairs.length + 2);
    int size = insert(more, pairs.length, name, value);
    return new Entity(size == more.length ? more : Arrays.copyOf(more, size));
  }

  /** Names and values, sorted by name; must not be changed. */
  public Map<String, String> parts() {
    if (parts == null) {
      TreeMap<String, String> sorted = new TreeMap<>();
      for (int i = 0; i < pairs.length; i += 2) {
        sorted.put(pairs[i], pairs[i + 1]);
      }
      parts = Collections.unmodifiableMap(sorted);
    }
    return parts;
  }

  /** The value of a part, or null. */
  public String get(String name) {
    for (int i = 0; i < pairs.length; i += 2) {
      if (pairs[i].equals(name)) {
        return pairs[i + 1];
      }
    }
    return null;
  }

  /** True when the other entity is this one or lies within it: all parts named here agree. */
  public boolean contains(Entity other) {
    for (int i = 0; i < pairs.length; i += 2) {
      if (!pairs[i + 1].equals(other.get(pairs[i]))) {
        return false;
      }
    }
    return true;
  }

  /** Canonical text: name=value pairs, sorted, joined by commas; commas within values escaped. */
  public String key() {
    if (key == null) {
      StringBuilder text = new StringBuilder(128);
      for (int i = 0; i < pairs.length; i += 2) {
        if (i > 0) {
          text.append(',');
        }
        text.append(pairs[i]).append('=');
        text.append(pairs[i + 1].replace("\\", "\\\\").replace(",", "\\,"));
      }
      key = text.toString();
    }
    return key;
  }

  @Override
  public int compareTo(Entity other) {
    return key().compareTo(other.key());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Entity entity
        && hash == entity.hash
        && Arrays.equals(pairs, entity.pairs);
  }

  @Override
  public int hashCode() {
    return hash;
  }

  @Override
  public String toString() {
    return key();
  }

  /** Puts a pair where it belongs, over one of the same name; returns the new size. */
  private static int insert(String[] pairs, int size, String name, String value) {
    int at = size;
    while (at > 0 && pairs[at - 2].compareTo(name) > 0) {
      at -= 2;
    }
    if (at > 0 && pairs[at - 2].equals(name)) {
      pairs[at - 1] = value;
      return size;
    }
    System.arraycopy(pairs, at, pairs, at + 2, size - at);
    pairs[at] = name;
    pairs[at + 1] = value;
    return size + 2;
  }

  private static String[] pairs(TreeMap<String, String> parts) {
    String[] pairs = new String[2 * parts.size()];
    int at = 0;
    for (Map.Entry<String, String> part : parts.entrySet()) {
      pairs[at++] = part.getKey();
      pairs[at++] = part.getValue();
    }
    return pairs;
  }
}
