package dev.plumbline.streams.state;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * The states of one feature in one cluster, by entity: live objects, written out only when they
 * changed. Entities come in the order of their keys, so that walking them is the same in each run.
 *
 * <p>Entities lie in pages of a few dozen, and a page is what is written: a record of the changelog
 * per entity would cost more than what is in it.
 *
 * @param <S> the state of one entity
 */
public final class Table<S extends State> {

  /** Takes a changed page and all that is in it. */
  @FunctionalInterface
  interface Sink {
    void accept(int page, byte[] bytes);
  }

  /** One entity and where it lies. */
  private static final class Row<S> {
    final String entity;
    final S state;
    final Page<S> page;

    Row(String entity, S state, Page<S> page) {
      this.entity = entity;
      this.state = state;
      this.page = page;
    }
  }

  /** Entities that are written together. */
  private static final class Page<S> {
    final int number;
    final List<Row<S>> rows = new ArrayList<>();
    boolean changed;

    Page(int number) {
      this.number = number;
    }
  }

  private final String name;
  private final Supplier<S> blank;
  private final int rowsPerPage;
  private final Map<String, Row<S>> rows = new HashMap<>();
  private final TreeMap<String, S> sorted = new TreeMap<>();
  private final Map<String, S> all = Collections.unmodifiableMap(sorted);
  private final List<Page<S>> pages = new ArrayList<>();
  private final ArrayDeque<Page<S>> roomy = new ArrayDeque<>();
  private long edits;

  Table(String name, Supplier<S> blank, int rowsPerPage) {
    this.name = name;
    this.blank = blank;
    this.rowsPerPage = rowsPerPage;
  }

  public String name() {
    return name;
  }

  /** The state to look at, or null. A caller that changes it must say so with {@link #edit}. */
  public S get(String entity) {
    Row<S> row = rows.get(entity);
    return row == null ? null : row.state;
  }

  /** The state to change, made blank when there is none yet. */
  public S edit(String entity) {
    edits++;
    Row<S> row = rows.get(entity);
    if (row == null) {
      row = add(entity, blank.get(), page());
    }
    row.page.changed = true;
    return row.state;
  }

  /** Forgets an entity. */
  public void remove(String entity) {
    Row<S> row = rows.remove(entity);
    if (row == null) {
      return;
    }
    edits++;
    sorted.remove(entity);
    Page<S> page = row.page;
    if (page.rows.size() == rowsPerPage) {
      roomy.push(page);
    }
    page.rows.remove(row);
    page.changed = true;
  }

  /**
   * All entities that have a state, sorted by key; a view that must not be changed while walked.
   */
  public Map<String, S> all() {
    return all;
  }

  /** The entities whose keys begin with a prefix, sorted by key; a view as {@link #all} is one. */
  public Map<String, S> beginningWith(String prefix) {
    return java.util.Collections.unmodifiableMap(
        sorted.subMap(prefix, true, prefix + Character.MAX_VALUE, false));
  }

  /** Rises with every edit and removal: equal numbers, equal content. */
  public long edits() {
    return edits;
  }

  public int size() {
    return rows.size();
  }

  /** Takes back a page that was written; called for each of them before anything else. */
  void restore(int number, byte[] bytes) {
    while (pages.size() <= number) {
      pages.add(new Page<>(pages.size()));
    }
    Page<S> page = pages.get(number);
    // a life's first checkpoint holds all that it was given
    page.changed = true;
    try {
      DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
      State.version(in, 1);
      for (int n = in.readInt(); n > 0; n--) {
        String entity = Codec.text(in);
        S state = blank.get();
        state.read(in);
        add(entity, state, page);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("table " + name + ", page " + number, e);
    }
  }

  /** All pages are back: finds those with room. */
  void restored() {
    for (int number = pages.size() - 1; number >= 0; number--) {
      if (pages.get(number).rows.size() < rowsPerPage) {
        roomy.push(pages.get(number));
      }
    }
  }

  /** Hands each changed page on, and forgets that it changed. */
  void drain(Sink sink) {
    for (Page<S> page : pages) {
      if (page.changed) {
        sink.accept(page.number, bytes(page));
        page.changed = false;
      }
    }
  }

  /** Hands every page on, changed or not. */
  void copy(Sink sink) {
    for (Page<S> page : pages) {
      sink.accept(page.number, bytes(page));
    }
  }

  private Row<S> add(String entity, S state, Page<S> page) {
    Row<S> row = new Row<>(entity, state, page);
    page.rows.add(row);
    rows.put(entity, row);
    sorted.put(entity, state);
    return row;
  }

  /** A page with room for one more. */
  private Page<S> page() {
    Page<S> page = roomy.peek();
    if (page == null) {
      page = new Page<>(pages.size());
      pages.add(page);
      roomy.push(page);
    }
    if (page.rows.size() == rowsPerPage - 1) {
      roomy.pop();
    }
    return page;
  }

  private byte[] bytes(Page<S> page) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(1024);
    try {
      DataOutputStream out = new DataOutputStream(bytes);
      out.writeByte(1);
      out.writeInt(page.rows.size());
      for (Row<S> row : page.rows) {
        Codec.text(out, row.entity);
        row.state.write(out);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
