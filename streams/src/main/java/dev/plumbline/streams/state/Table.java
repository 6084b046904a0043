package dev.plumbline.streams.state;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/**
 * The states of one feature in one cluster, by entity: live objects, written out only when they
 * changed. Entities come in the order of their keys, so that walking them is the same in each run.
 *
 * @param <S> the state of one entity
 */
public final class Table<S extends State> {
  private final String name;
  private final Supplier<S> blank;
  private final TreeMap<String, S> states = new TreeMap<>();
  private final Set<String> changed = new LinkedHashSet<>();
  private long edits;

  Table(String name, Supplier<S> blank) {
    this.name = name;
    this.blank = blank;
  }

  public String name() {
    return name;
  }

  /** The state to look at, or null. A caller that changes it must say so with {@link #edit}. */
  public S get(String entity) {
    return states.get(entity);
  }

  /** The state to change, made blank when there is none yet. */
  public S edit(String entity) {
    changed.add(entity);
    edits++;
    return states.computeIfAbsent(entity, k -> blank.get());
  }

  /** Forgets an entity. */
  public void remove(String entity) {
    if (states.remove(entity) != null) {
      edits++;
      changed.add(entity);
    }
  }

  /**
   * All entities that have a state, sorted by key; a view that must not be changed while walked.
   */
  public Map<String, S> all() {
    return java.util.Collections.unmodifiableMap(states);
  }

  /** Rises with every edit and removal: equal numbers, equal content. */
  public long edits() {
    return edits;
  }

  public int size() {
    return states.size();
  }

  void restore(String entity, byte[] bytes) {
    S state = blank.get();
    try {
      state.read(new DataInputStream(new ByteArrayInputStream(bytes)));
    } catch (IOException e) {
      throw new UncheckedIOException("table " + name + ", entity " + entity, e);
    }
    states.put(entity, state);
  }

  /**
   * Hands each changed entity and its bytes (null when it was removed) on, and forgets that it
   * changed.
   */
  void drain(BiConsumer<String, byte[]> sink) {
    for (String entity : changed) {
      S state = states.get(entity);
      sink.accept(entity, state == null ? null : bytes(state));
    }
    changed.clear();
  }

  private byte[] bytes(S state) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    try {
      state.write(new DataOutputStream(bytes));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
