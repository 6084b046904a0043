package dev.plumbline.streams.findings;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a finding is about: the most specific of cluster, node, gpu (UUID), namespace, workload,
 * pod, model, object and field. Sorted by name, so that its text is canonical.
 */
public record Entity(Map<String, String> parts) implements Comparable<Entity> {

  public Entity {
    parts = Collections.unmodifiableMap(new TreeMap<>(parts));
  }

  /** Of names and values in turn; a null or empty value leaves its name out. */
  public static Entity of(String... namesAndValues) {
    Map<String, String> parts = new TreeMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      if (namesAndValues[i + 1] != null && !namesAndValues[i + 1].isEmpty()) {
        parts.put(namesAndValues[i], namesAndValues[i + 1]);
      }
    }
    return new Entity(parts);
  }

  /** This entity and one part more; unchanged when the value is null or empty. */
  public Entity with(String name, String value) {
    if (value == null || value.isEmpty()) {
      return this;
    }
    Map<String, String> more = new TreeMap<>(parts);
    more.put(name, value);
    return new Entity(more);
  }

  /** The value of a part, or null. */
  public String get(String name) {
    return parts.get(name);
  }

  /** True when the other entity is this one or lies within it: all parts named here agree. */
  public boolean contains(Entity other) {
    return other.parts.entrySet().containsAll(parts.entrySet());
  }

  /** Canonical text: name=value pairs, sorted, joined by commas; commas within values escaped. */
  public String key() {
    StringBuilder key = new StringBuilder();
    parts.forEach(
        (name, value) -> {
          if (key.length() > 0) {
            key.append(',');
          }
          key.append(name).append('=').append(value.replace("\\", "\\\\").replace(",", "\\,"));
        });
    return key.toString();
  }

  @Override
  public int compareTo(Entity other) {
    return key().compareTo(other.key());
  }

  @Override
  public String toString() {
    return key();
  }
}
