package dev.plumbline.streams.state;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.apache.kafka.common.TopicPartition;

/**
 * Consistent checkpoints on a compacted log that has no transactions and that more than one may
 * write to.
 *
 * <p>A checkpoint is the pages that changed since the one before it, each stamped with the
 * checkpoint's number, and then one marker with that number and the source offsets that the pages
 * include. What counts at a restore is the last marker: of each page the newest version that is not
 * newer than it.
 *
 * <p>The log keeps one value of a key, so a page has two keys and is written to them in turn: the
 * pages of a checkpoint that a crash cut short never overwrite what the last marker needs.
 *
 * <p>Each life of a task writes under keys of its own, beginning with all that it was given, and
 * then deletes what earlier lives wrote. So a life that has ended without knowing it (its process
 * was stopped for longer than its session, or is cut off from the group) can't mix its pages with
 * those of the one that took over, however late it writes: each life's checkpoint is consistent by
 * itself, and that of the latest life counts that is whole.
 */
final class Checkpoints {
  private static final byte VERSION = 3;
  private static final char SEPARATOR = '\0';
  private static final String MARKER = "\0marker\0";
  private static final int NUMBER = Byte.BYTES + Long.BYTES;

  /**
   * Who wrote a page.
   *
   * @param ordinal greater than that of all lives whose records it found
   * @param nonce tells apart two that did not find each other's records
   */
  private record Life(long ordinal, String nonce) implements Comparable<Life> {
    static Life after(Set<Life> lives) {
      long last = lives.stream().mapToLong(Life::ordinal).max().orElse(0);
      return new Life(last + 1, UUID.randomUUID().toString().substring(0, 8));
    }

    static Life parse(String text) {
      int cut = text.indexOf('-');
      return new Life(Long.parseLong(text.substring(0, cut)), text.substring(cut + 1));
    }

    @Override
    public int compareTo(Life other) {
      int byOrdinal = Long.compare(ordinal, other.ordinal);
      return byOrdinal != 0 ? byOrdinal : nonce.compareTo(other.nonce);
    }

    @Override
    public String toString() {
      return ordinal + "-" + nonce;
    }
  }

  /** The versions of one page that the log holds. */
  private static final class Versions {
    final long[] numbers = {-1, -1};
    final byte[][] bytes = new byte[2][];

    /** The key whose version counts; -1 when none does. */
    int valid(long last) {
      int best = -1;
      for (int slot = 0; slot < 2; slot++) {
        boolean counts = numbers[slot] >= 0 && numbers[slot] <= last;
        if (counts && (best < 0 || numbers[slot] > numbers[best])) {
          best = slot;
        }
      }
      return best;
    }

    boolean isEmpty() {
      return numbers[0] < 0 && numbers[1] < 0;
    }
  }

  /**
   * What makes a checkpoint count.
   *
   * @param number of the checkpoint
   * @param pages that the life has in all
   * @param included next offset to be read by partition of the source
   */
  private record Marker(long number, int pages, Map<TopicPartition, Long> included) {}

  /** All that the log holds of one life. */
  private static final class Past {
    final Map<String, Versions> pages = new HashMap<>();
    byte[] marker;

    boolean isEmpty() {
      return marker == null && pages.isEmpty();
    }
  }

  private final BiConsumer<byte[], byte[]> log;
  private final TreeMap<Life, Past> restoring = new TreeMap<>();
  private final Map<String, Map<String, Map<Integer, byte[]>>> restored = new TreeMap<>();

  /** What earlier lives wrote: of no use as soon as this one has a marker. */
  private final List<String> superseded = new ArrayList<>();

  /** Which of its two keys a page was written to last; the other one is next. */
  private final Map<String, Integer> written = new HashMap<>();

  private Life life = Life.after(Set.of());

  /** What an active task that became a standby had last; the log doesn't hold it. */
  private Past handedOver;

  private Map<TopicPartition, Long> offsets = Map.of();
  private long number;
  private long bytes;

  /**
   * @param log takes key and value of each record to write, in order; a null value deletes
   */
  Checkpoints(BiConsumer<byte[], byte[]> log) {
    this.log = log;
  }

  /** Takes a record of the log at a restore, in the log's order. */
  void restore(byte[] key, byte[] value) {
    String text = new String(key, StandardCharsets.UTF_8);
    try {
      boolean isMarker = text.startsWith(MARKER);
      int slotAt = text.lastIndexOf(SEPARATOR);
      int lifeAt = isMarker ? slotAt : text.lastIndexOf(SEPARATOR, slotAt - 1);
      Life writer = Life.parse(text.substring(lifeAt + 1, isMarker ? text.length() : slotAt));
      Past past = restoring.computeIfAbsent(writer, k -> new Past());
      if (isMarker) {
        past.marker = value;
      } else {
        page(past, text.substring(0, lifeAt), Integer.parseInt(text.substring(slotAt + 1)), value);
      }
      if (past.isEmpty()) {
        restoring.remove(writer);
      }
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      throw new IllegalStateException(
          "the changelog holds a record of a form that this build doesn't know, key "
              + text.replace(SEPARATOR, '/')
              + "; reset the application (plumbline up: remove its data folder)",
          e);
    }
  }

  private static void page(Past past, String page, int slot, byte[] value) {
    if (value != null && (value.length < NUMBER || value[0] != VERSION)) {
      throw new IllegalArgumentException("not a page of version " + VERSION);
    }
    Versions versions = past.pages.computeIfAbsent(page, k -> new Versions());
    versions.numbers[slot] = value == null ? -1 : ByteBuffer.wrap(value).getLong(1);
    versions.bytes[slot] = value;
    if (versions.isEmpty()) {
      past.pages.remove(page);
    }
  }

  /** Nothing more is to be restored: settles what counts. */
  void restored() {
    for (Past past : restoring.descendingMap().values()) {
      if (past.marker != null && restored(past)) {
        break;
      }
    }
    restoring.forEach(
        (writer, past) -> {
          if (past == handedOver) {
            return;
          }
          past.pages.forEach(
              (page, versions) -> {
                for (int slot = 0; slot < 2; slot++) {
                  if (versions.numbers[slot] >= 0) {
                    superseded.add(key(page, writer, slot));
                  }
                }
              });
          if (past.marker != null) {
            superseded.add(MARKER + writer);
          }
        });
    life = Life.after(restoring.keySet());
    restoring.clear();
    handedOver = null;
  }

  /** Takes a life's checkpoint over; false when others have deleted a part of it. */
  private boolean restored(Past past) {
    Marker last = readMarker(past.marker);
    Map<String, byte[]> valid = new HashMap<>();
    past.pages.forEach(
        (page, versions) -> {
          int slot = versions.valid(last.number());
          if (slot >= 0) {
            valid.put(page, versions.bytes[slot]);
          }
        });
    if (valid.size() != last.pages()) {
      return false;
    }
    offsets = last.included();
    valid.forEach(
        (page, value) -> {
          String[] parts = page.split("\0", 3);
          restored
              .computeIfAbsent(parts[0], k -> new TreeMap<>())
              .computeIfAbsent(parts[1], k -> new TreeMap<>())
              .put(
                  Integer.parseInt(parts[2]),
                  java.util.Arrays.copyOfRange(value, NUMBER, value.length));
        });
    return true;
  }

  /** Offsets of the source that the restored checkpoint includes, each the next to be read. */
  Map<TopicPartition, Long> offsets() {
    return offsets;
  }

  /** Owners that have restored pages. */
  Set<String> owners() {
    return new TreeSet<>(restored.keySet());
  }

  /**
   * Hands over an owner's restored pages, by table; empty when there are none. All of them belong
   * to this life's first checkpoint: {@link Table#restore} takes care of it.
   */
  Map<String, Map<Integer, byte[]>> take(String owner) {
    Map<String, Map<Integer, byte[]>> tables = restored.remove(owner);
    return tables == null ? Map.of() : tables;
  }

  /**
   * What a task knows that was active and becomes a standby: all that it had, as a checkpoint to
   * begin from, should it be active again before its successor has made one. {@link #restore} takes
   * what the successor writes.
   *
   * @param included next offset to be read by partition of the source; all said up to it is durable
   * @param owner shows all its pages to {@link #copied}
   */
  Checkpoints standby(Map<TopicPartition, Long> included, Consumer<Checkpoints> owner) {
    Checkpoints standby = new Checkpoints(log);
    standby.handedOver = new Past();
    standby.restoring.put(new Life(life.ordinal(), life.nonce() + "~"), standby.handedOver);
    restored.forEach(
        (each, tables) ->
            tables.forEach(
                (table, pages) ->
                    pages.forEach((page, content) -> standby.copied(each, table, page, content))));
    owner.accept(standby);
    standby.handedOver.marker = marker(0, standby.handedOver.pages.size(), included);
    standby.superseded.addAll(superseded);
    for (String page : written.keySet()) {
      standby.superseded.add(key(page, life, 0));
      standby.superseded.add(key(page, life, 1));
    }
    standby.superseded.add(MARKER + life);
    return standby;
  }

  /** Takes a page of what a task had that becomes a standby. */
  void copied(String owner, String table, int page, byte[] content) {
    Versions versions = new Versions();
    versions.numbers[0] = 0;
    versions.bytes[0] = stamped(0, content);
    handedOver.pages.put(name(owner, table, page), versions);
  }

  /** Begins a checkpoint; its pages follow, then {@link #end}. */
  void begin() {
    boolean first = number == 0;
    number++;
    bytes = 0;
    if (first) {
      // what nobody has asked for yet belongs to it as well
      restored.forEach(
          (owner, tables) ->
              tables.forEach(
                  (table, pages) ->
                      pages.forEach((page, content) -> page(owner, table, page, content))));
    }
  }

  /** Writes a page of the checkpoint that was begun. */
  void page(String owner, String table, int page, byte[] content) {
    String name = name(owner, table, page);
    int slot = 1 - written.getOrDefault(name, 1);
    put(key(name, life, slot), stamped(number, content));
    written.put(name, slot);
  }

  /**
   * Makes the checkpoint count. All its pages, and everything that was said up to its offsets, must
   * be durable, or become so together with the marker.
   *
   * @param included next offset to be read by partition of the source
   */
  void end(Map<TopicPartition, Long> included) {
    put(MARKER + life, marker(number, written.size(), included));
    // behind the marker in the same log: whoever misses them has found the marker
    superseded.forEach(key -> put(key, null));
    superseded.clear();
  }

  /** Bytes written for the checkpoint that was begun last. */
  long bytes() {
    return bytes;
  }

  private static byte[] marker(long number, int pages, Map<TopicPartition, Long> included) {
    ByteArrayOutputStream content = new ByteArrayOutputStream(128);
    try {
      DataOutputStream out = new DataOutputStream(content);
      out.writeByte(VERSION);
      out.writeLong(number);
      out.writeInt(pages);
      out.writeInt(included.size());
      for (Map.Entry<TopicPartition, Long> entry : included.entrySet()) {
        out.writeUTF(entry.getKey().topic());
        out.writeInt(entry.getKey().partition());
        out.writeLong(entry.getValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return content.toByteArray();
  }

  private static byte[] stamped(long number, byte[] content) {
    return ByteBuffer.allocate(NUMBER + content.length)
        .put(VERSION)
        .putLong(number)
        .put(content)
        .array();
  }

  private static String name(String owner, String table, int page) {
    return owner + SEPARATOR + table + SEPARATOR + page;
  }

  private static String key(String page, Life writer, int slot) {
    return page + SEPARATOR + writer + SEPARATOR + slot;
  }

  private void put(String name, byte[] value) {
    byte[] key = name.getBytes(StandardCharsets.UTF_8);
    bytes += key.length + (value == null ? 0 : value.length);
    log.accept(key, value);
  }

  private static Marker readMarker(byte[] marker) {
    try {
      DataInputStream in = new DataInputStream(new ByteArrayInputStream(marker));
      State.version(in, VERSION);
      final long number = in.readLong();
      final int pages = in.readInt();
      Map<TopicPartition, Long> included = new HashMap<>();
      for (int n = in.readInt(); n > 0; n--) {
        TopicPartition partition = new TopicPartition(in.readUTF(), in.readInt());
        included.put(partition, in.readLong());
      }
      return new Marker(number, pages, included);
    } catch (IOException e) {
      throw new UncheckedIOException("the marker of the last checkpoint", e);
    }
  }
}
