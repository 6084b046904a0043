package dev.plumbline.streams.state;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/** All tables of one cluster. */
public final class Tables {
  /** Entities written together: their keys and the framing of a record are shared. */
  private static final int ROWS_PER_PAGE = 32;

  /** Takes what changed: table, page, and all that is in the page. */
  @FunctionalInterface
  public interface Sink {
    void accept(String table, int page, byte[] bytes);
  }

  private final Map<String, Table<?>> tables = new LinkedHashMap<>();
  private final Map<String, Map<Integer, byte[]>> restored;
  private final int rowsPerPage;
  private boolean drained;

  /** Tables without a past. */
  public Tables() {
    this(Map.of());
  }

  /**
   * Tables that go on from restored bytes.
   *
   * @param restored bytes by table and page
   */
  public Tables(Map<String, Map<Integer, byte[]>> restored) {
    this(restored, ROWS_PER_PAGE);
  }

  private Tables(Map<String, Map<Integer, byte[]>> restored, int rowsPerPage) {
    this.restored = new TreeMap<>(restored);
    this.rowsPerPage = rowsPerPage;
  }

  /**
   * Tables whose entities are written one by one: for few and large states that are written at each
   * commit.
   *
   * @param restored bytes by table and page
   */
  public static Tables unpaged(Map<String, Map<Integer, byte[]>> restored) {
    return new Tables(restored, 1);
  }

  /**
   * The table of a name; called once for each name, by the feature that owns it.
   *
   * @param name unique in the cluster, stable for ever: it is part of the stored key
   * @param blank makes the state of an entity seen for the first time
   */
  public <S extends State> Table<S> table(String name, Supplier<S> blank) {
    Table<S> table = new Table<>(name, blank, rowsPerPage);
    if (tables.putIfAbsent(name, table) != null) {
      throw new IllegalArgumentException("two features name their table " + name);
    }
    Map<Integer, byte[]> past = restored.remove(name);
    if (past != null) {
      past.forEach(table::restore);
      table.restored();
    }
    return table;
  }

  /** Hands on all that there is. */
  public void copy(Sink sink) {
    for (Table<?> table : tables.values()) {
      table.copy((page, bytes) -> sink.accept(table.name(), page, bytes));
    }
    restored.forEach(
        (table, pages) -> pages.forEach((page, bytes) -> sink.accept(table, page, bytes)));
  }

  /** Hands on all that changed since the last call; at the first call, all that was restored. */
  public void drain(Sink sink) {
    if (!drained) {
      drained = true;
      // of tables that no feature has asked for yet
      restored.forEach(
          (table, pages) -> pages.forEach((page, bytes) -> sink.accept(table, page, bytes)));
    }
    for (Table<?> table : tables.values()) {
      table.drain((page, bytes) -> sink.accept(table.name(), page, bytes));
    }
  }
}
