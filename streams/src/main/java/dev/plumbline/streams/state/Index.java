package dev.plumbline.streams.state;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Entities of a table by something that some of them have in common, their node or their model, so
 * that who asks for those does not walk over all. It follows from the table: whoever keeps it
 * builds it anew after a restore, and tells it when an entity's group changes.
 *
 * @param <S> the state of one entity
 */
public final class Index<S> {
  private final Map<String, TreeMap<String, S>> groups = new HashMap<>();

  /** An entity belongs to a group now. */
  public void add(String group, String entity, S state) {
    groups.computeIfAbsent(group, k -> new TreeMap<>()).put(entity, state);
  }

  /** An entity is no longer of a group. */
  public void remove(String group, String entity) {
    TreeMap<String, S> members = groups.get(group);
    if (members != null && members.remove(entity) != null && members.isEmpty()) {
      groups.remove(group);
    }
  }

  /** Members of a group, sorted by key; a view that must not be kept. */
  public NavigableMap<String, S> of(String group) {
    TreeMap<String, S> members = groups.get(group);
    return members == null
        ? Collections.emptyNavigableMap()
        : Collections.unmodifiableNavigableMap(members);
  }
}
