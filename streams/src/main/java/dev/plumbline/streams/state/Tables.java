package dev.plumbline.streams.state;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/** All tables of one cluster. */
public final class Tables {

  /** Takes what changed: table, entity, bytes (null when it was removed). */
  @FunctionalInterface
  public interface Sink {
    void accept(String table, String entity, byte[] bytes);
  }

  private final Map<String, Table<?>> tables = new LinkedHashMap<>();
  private final Map<String, Map<String, byte[]>> restored;

  /** Tables without a past. */
  public Tables() {
    this(Map.of());
  }

  /**
   * Tables that go on from restored bytes.
   *
   * @param restored bytes by table and entity
   */
  public Tables(Map<String, Map<String, byte[]>> restored) {
    this.restored = new TreeMap<>(restored);
  }

  /**
   * The table of a name; called once for each name, by the feature that owns it.
   *
   * @param name unique in the cluster, stable for ever: it is part of the stored key
   * @param blank makes the state of an entity seen for the first time
   */
  public <S extends State> Table<S> table(String name, Supplier<S> blank) {
    Table<S> table = new Table<>(name, blank);
    if (tables.putIfAbsent(name, table) != null) {
      throw new IllegalArgumentException("two features name their table " + name);
    }
    Map<String, byte[]> past = restored.remove(name);
    if (past != null) {
      past.forEach(table::restore);
    }
    return table;
  }

  /** Hands on all that changed since the last call. */
  public void drain(Sink sink) {
    for (Table<?> table : tables.values()) {
      table.drain((entity, bytes) -> sink.accept(table.name(), entity, bytes));
    }
  }
}
