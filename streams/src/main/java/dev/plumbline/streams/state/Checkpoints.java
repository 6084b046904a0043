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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import org.apache.kafka.common.TopicPartition;

/**
 * Consistent checkpoints on a compacted log that has no transactions.
 *
 * <p>A checkpoint is the pages that changed since the one before it, each stamped with the
 * checkpoint's number, and then one marker with that number and the source offsets that the pages
 * include. What counts at a restore is the last marker: of each page the newest version that is not
 * newer than it.
 *
 * <p>The log keeps one value of a key, so a page has two keys and is written to them in turn: the
 * pages of a checkpoint that a crash cut short never overwrite what the last marker needs. Those
 * leftovers are deleted together with the first checkpoint after the restore, so that its marker
 * can't revive them.
 */
final class Checkpoints {
  private static final byte VERSION = 2;
  private static final char SEPARATOR = '\0';
  private static final byte[] MARKER = "\0marker".getBytes(StandardCharsets.UTF_8);
  private static final int NUMBER = Byte.BYTES + Long.BYTES;

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
  }

  private final BiConsumer<byte[], byte[]> log;
  private final Map<String, Versions> restoring = new HashMap<>();
  private final Map<String, Map<String, Map<Integer, byte[]>>> restored = new TreeMap<>();

  /** Which of its two keys a page was written to last; the other one is next. */
  private final Map<String, Integer> written = new HashMap<>();

  private final Set<String> leftovers = new HashSet<>();
  private byte[] marker;
  private Map<TopicPartition, Long> offsets = Map.of();
  private long number;
  private long bytes;

  /**
   * @param log takes key and value of each record to write; a null value deletes
   */
  Checkpoints(BiConsumer<byte[], byte[]> log) {
    this.log = log;
  }

  /** Takes a record of the log at a restore, in the log's order. */
  void restore(byte[] key, byte[] value) {
    if (java.util.Arrays.equals(key, MARKER)) {
      marker = value;
      return;
    }
    String text = new String(key, StandardCharsets.UTF_8);
    int cut = text.lastIndexOf(SEPARATOR);
    String slot = text.substring(cut + 1);
    if (cut < 0
        || !slot.equals("0") && !slot.equals("1")
        || value != null && (value.length < NUMBER || value[0] != VERSION)) {
      throw new IllegalStateException(
          "the changelog holds a record of a form that this build doesn't know, key "
              + text.replace(SEPARATOR, '/')
              + "; reset the application (plumbline up: remove its data folder)");
    }
    Versions versions = restoring.computeIfAbsent(text.substring(0, cut), k -> new Versions());
    int which = slot.charAt(0) - '0';
    versions.numbers[which] = value == null ? -1 : ByteBuffer.wrap(value).getLong(1);
    versions.bytes[which] = value;
  }

  /** Nothing more is to be restored: settles what counts. */
  void restored() {
    long last = readMarker();
    number = last;
    for (Map.Entry<String, Versions> entry : restoring.entrySet()) {
      String page = entry.getKey();
      Versions versions = entry.getValue();
      int valid = versions.valid(last);
      for (int slot = 0; slot < 2; slot++) {
        number = Math.max(number, versions.numbers[slot]);
        if (versions.numbers[slot] > last) {
          leftovers.add(page + SEPARATOR + slot);
        }
      }
      if (valid >= 0) {
        written.put(page, valid);
        String[] parts = page.split("\0", 3);
        byte[] value = versions.bytes[valid];
        restored
            .computeIfAbsent(parts[0], k -> new TreeMap<>())
            .computeIfAbsent(parts[1], k -> new TreeMap<>())
            .put(
                Integer.parseInt(parts[2]),
                java.util.Arrays.copyOfRange(value, NUMBER, value.length));
      }
    }
    restoring.clear();
  }

  /** Offsets of the source that the restored checkpoint includes, each the next to be read. */
  Map<TopicPartition, Long> offsets() {
    return offsets;
  }

  /** Owners that have restored pages. */
  Set<String> owners() {
    return new TreeSet<>(restored.keySet());
  }

  /** Hands over an owner's restored pages, by table; empty when there are none. */
  Map<String, Map<Integer, byte[]>> take(String owner) {
    Map<String, Map<Integer, byte[]>> tables = restored.remove(owner);
    return tables == null ? Map.of() : tables;
  }

  /** Begins a checkpoint; its pages follow, then {@link #end}. */
  void begin() {
    number++;
    bytes = 0;
  }

  /** Writes a page of the checkpoint that was begun. */
  void page(String owner, String table, int page, byte[] content) {
    String name = owner + SEPARATOR + table + SEPARATOR + page;
    int slot = 1 - written.getOrDefault(name, 1);
    byte[] value =
        ByteBuffer.allocate(NUMBER + content.length)
            .put(VERSION)
            .putLong(number)
            .put(content)
            .array();
    leftovers.remove(name + SEPARATOR + slot);
    put((name + SEPARATOR + slot).getBytes(StandardCharsets.UTF_8), value);
    written.put(name, slot);
  }

  /** All pages are written: deletes what an earlier checkpoint left behind unfinished. */
  void pagesWritten() {
    leftovers.forEach(key -> put(key.getBytes(StandardCharsets.UTF_8), null));
    leftovers.clear();
  }

  /**
   * Makes the checkpoint count. All its pages, and everything that was said up to its offsets, must
   * be durable, or become so together with the marker.
   *
   * @param included next offset to be read by partition of the source
   */
  void end(Map<TopicPartition, Long> included) {
    ByteArrayOutputStream content = new ByteArrayOutputStream(128);
    try {
      DataOutputStream out = new DataOutputStream(content);
      out.writeByte(VERSION);
      out.writeLong(number);
      out.writeInt(included.size());
      for (Map.Entry<TopicPartition, Long> entry : included.entrySet()) {
        out.writeUTF(entry.getKey().topic());
        out.writeInt(entry.getKey().partition());
        out.writeLong(entry.getValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    put(MARKER, content.toByteArray());
  }

  /** Bytes written for the checkpoint that was begun last. */
  long bytes() {
    return bytes;
  }

  private void put(byte[] key, byte[] value) {
    bytes += key.length + (value == null ? 0 : value.length);
    log.accept(key, value);
  }

  private long readMarker() {
    if (marker == null) {
      return -1;
    }
    try {
      DataInputStream in = new DataInputStream(new ByteArrayInputStream(marker));
      State.version(in, VERSION);
      final long last = in.readLong();
      Map<TopicPartition, Long> included = new HashMap<>();
      List<TopicPartition> partitions = new ArrayList<>();
      for (int n = in.readInt(); n > 0; n--) {
        partitions.add(new TopicPartition(in.readUTF(), in.readInt()));
        included.put(partitions.get(partitions.size() - 1), in.readLong());
      }
      offsets = included;
      return last;
    } catch (IOException e) {
      throw new UncheckedIOException("the marker of the last checkpoint", e);
    }
  }
}
