package dev.plumbline.agent.spool;

import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A queue on disk, bounded in bytes: records are handed out in the order they came in and stay
 * until they are acknowledged, over kills and restarts of the process. What the kernel was given
 * survives the process; a loss of power can cost the last seconds.
 *
 * <p>When it is full the oldest records go first, a segment at a time, and the record after the gap
 * says how many are missing before it. A disk that takes nothing more is no reason to stop: records
 * then wait in {@value #MEMORY} bytes of memory, under the same rule.
 *
 * <p>For several threads that append and one that polls.
 */
public final class Spool implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(Spool.class);

  /** Smaller bounds are refused. */
  public static final long LEAST = 64 << 10;

  /** Bytes that may wait in memory while the disk takes nothing. */
  static final int MEMORY = 8 << 20;

  /** The bound is divided into so many segments: what is dropped at once. */
  private static final int SEGMENTS = 64;

  private static final int LARGEST_SEGMENT = 16 << 20;

  /** Where a record stands. */
  public record Place(long segment, long next, long index) {}

  /**
   * A record that was handed out.
   *
   * @param dropped records that are missing just before it
   */
  public record Entry(Place place, byte[] bytes, long dropped) {}

  private final SpoolFolder folder;
  private final long most;
  private final long segmentBytes;
  private final Cursor cursor;
  private final List<Segment> segments = new ArrayList<>();
  private final Reading reading;
  private final Consumer<byte[]> listener;
  private final Orphans orphans = new Orphans();

  /** Takes what is appended: the last segment, or null when a new one has to be begun. */
  private Segment active;

  /** Records missing before the next segment that is begun. */
  private long carried;

  private long nextSegment;
  private long depth;
  private long bytes;
  private long memoryBytes;
  private long dropped;
  private long failures;
  private String trouble;

  private Spool(SpoolFolder folder, long most, Consumer<byte[]> listener) throws IOException {
    this.listener = listener;
    this.folder = folder;
    this.most = most;
    segmentBytes = Math.max(LEAST / SEGMENTS, Math.min(LARGEST_SEGMENT, most / SEGMENTS));
    cursor = folder.cursor();
    reading = new Reading(segments, cursor, folder, this::damaged);
    recover();
    cursor.epoch = Math.max(System.currentTimeMillis(), cursor.epoch + 1);
    cursor.save();
    if (depth > 0) {
      LOG.info("{} records of an earlier life wait in the spool {}", depth, folder);
    }
  }

  /**
   * Opens a spool and takes up what an earlier process left in it.
   *
   * @param folder its own folder; made when it isn't there
   * @param most bound in bytes, at least {@link #LEAST}
   * @throws IOException when the folder can't be used; the message names it and the remedy
   */
  public static Spool open(Path folder, long most) throws IOException {
    return open(folder, most, null);
  }

  /**
   * The same, with somebody who is told which records were dropped because it was full.
   *
   * @param listener takes each of them, and must not call back; null for nobody
   */
  public static Spool open(Path folder, long most, Consumer<byte[]> listener) throws IOException {
    if (most < LEAST) {
      throw new IOException(
          "a spool of " + most + " bytes is too small; allow at least " + LEAST + " bytes");
    }
    try {
      SpoolFolder taken = SpoolFolder.open(folder);
      try {
        return new Spool(taken, most, listener);
      } catch (IOException e) {
        taken.close();
        throw e;
      }
    } catch (FileSystemException | FileNotFoundException e) {
      throw new IOException(
          "the spool's folder "
              + folder
              + " can't be used ("
              + e.getMessage()
              + "); name one that can be written to, or mend its rights",
          e);
    }
  }

  /** Number of this life: the wall clock's milliseconds, but always above that of the last one. */
  public long epoch() {
    return cursor.epoch;
  }

  /** Its folder. */
  public Path folder() {
    return folder.path();
  }

  /** Records not acknowledged yet. */
  public synchronized long depth() {
    return depth;
  }

  /** Bytes on disk. */
  public synchronized long bytes() {
    return bytes;
  }

  /** Its bound in bytes. */
  public long limit() {
    return most;
  }

  /** Records dropped in this life, unsent. */
  public synchronized long dropped() {
    return dropped;
  }

  /** Appends that the disk refused in this life. */
  public synchronized long failures() {
    return failures;
  }

  /** Why the disk takes nothing at present; null when it does. */
  public synchronized String trouble() {
    return trouble;
  }

  /** Adds a record. Never fails: what finds no room is dropped, oldest first, and said. */
  public synchronized void append(byte[] record) {
    long need = FileSegment.FRAME + (long) record.length;
    if (record.length == 0 || record.length > FileSegment.LONGEST || record.length > most / 2) {
      LOG.error("a record of {} bytes can't be spooled; the spool has {}", record.length, most);
      begin();
      dropped++;
      carried++;
      return;
    }
    makeRoom(need);
    if (!toDisk(record)) {
      toMemory(record);
    }
    depth++;
    notifyAll();
  }

  /**
   * The next record, in order; null when none comes within the time.
   *
   * @param millis how long to wait; 0: not at all
   */
  public synchronized Entry poll(long millis) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    Entry entry = reading.next(active);
    while (entry == null) {
      long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      if (left <= 0) {
        return null;
      }
      wait(left);
      entry = reading.next(active);
    }
    return entry;
  }

  /** A record has arrived, and all handed out before it: they are not needed any more. */
  public synchronized void acknowledge(Place place) {
    depth--;
    if (segments.isEmpty() || place.segment() < segments.get(0).id()) {
      orphans.acknowledge(place.segment());
      return;
    }
    cursor.move(place.segment(), place.next(), place.index());
    trim();
  }

  /** Hands out again, from the first that was not acknowledged. */
  public synchronized void rewind() {
    depth -= orphans.count();
    dropped += orphans.count();
    giveUpOrphans();
    reading.rewind();
  }

  /** Lets go of the files. What was not acknowledged is handed out by the next process. */
  @Override
  public synchronized void close() throws IOException {
    giveUpOrphans();
    long lost = 0;
    for (Segment segment : segments) {
      if (segment instanceof MemorySegment) {
        lost += segment.count() - cursor.acknowledged(segment);
      }
      segment.release();
    }
    begin();
    if (lost > 0) {
      LOG.error("{} records are lost: the disk of {} didn't take them", lost, folder);
    }
    segments.clear();
    cursor.close();
    folder.close();
  }

  private void recover() throws IOException {
    for (FileSegment segment : folder.segments()) {
      if (carried > 0) {
        segment.addDropped(carried);
        carried = 0;
      }
      if (segment.torn()) {
        carried = 1;
        dropped++;
      }
      nextSegment = segment.id() + 1;
      if (segment.id() < cursor.segment) {
        segment.delete();
        continue;
      }
      segments.add(segment);
      bytes += segment.bytes();
      depth += segment.count();
    }
    nextSegment = Math.max(nextSegment, cursor.segment + 1);
    for (Segment segment : segments) {
      depth -= cursor.acknowledged(segment);
    }
    reading.rewind();
    trim();
  }

  private void damaged(long records) {
    dropped += records;
    depth -= records;
  }

  private boolean toDisk(byte[] record) {
    try {
      if (active instanceof FileSegment && active.bytes() + record.length <= segmentBytes) {
        long before = active.bytes();
        active.append(record);
        bytes += active.bytes() - before;
      } else {
        begin(folder.begin(nextSegment, carried, record));
      }
      if (trouble != null) {
        LOG.info("the spool {} can be written again", folder);
        trouble = null;
      }
      return true;
    } catch (IOException e) {
      failures++;
      if (trouble == null) {
        LOG.error(
            "the spool {} can't be written ({}): snapshots wait in {} MiB of memory; make room on"
                + " its disk, or name another folder",
            folder,
            e.getMessage(),
            MEMORY >> 20);
      }
      trouble = e.getMessage();
      return false;
    }
  }

  private void toMemory(byte[] record) {
    while (memoryBytes + record.length > MEMORY && memoryBytes > 0) {
      boolean file = segments.get(0) instanceof FileSegment;
      dropOldest();
      if (file && toDisk(record)) {
        return;
      }
    }
    MemorySegment memory = active instanceof MemorySegment present ? present : null;
    if (memory == null || memory.bytes() + record.length > MEMORY / 8) {
      memory = new MemorySegment(nextSegment, carried);
      begin(memory);
    }
    memory.append(record);
    memoryBytes += record.length;
  }

  /** Ends the present segment: what comes next stands in another. */
  private void begin() {
    if (active != null) {
      active.seal();
    }
    active = null;
  }

  private void begin(Segment segment) {
    begin();
    active = segment;
    segments.add(segment);
    nextSegment = segment.id() + 1;
    carried = 0;
    if (segment instanceof FileSegment) {
      bytes += segment.bytes();
    }
    trim();
  }

  private void makeRoom(long need) {
    while (bytes + need + FileSegment.HEADER > most && !segments.isEmpty()) {
      dropOldest();
    }
  }

  private void dropOldest() {
    Segment oldest = segments.get(0);
    if (oldest == active) {
      begin();
    }
    long read = reading.handedOut(oldest);
    long unread = oldest.count() - read;
    long unsaid = reading.unsaid(oldest);
    orphans.add(read - cursor.acknowledged(oldest));
    if (read > 0 && cursor.acknowledged(oldest) == 0 && oldest.dropped() > 0) {
      orphans.addGap(oldest.id(), oldest.dropped());
    }
    tell(oldest);
    remove(oldest);
    depth -= unread;
    if (unread > 0) {
      LOG.warn("the spool {} is full: its oldest {} records were dropped", folder, unread);
      reading.said();
      markAtHead(unsaid + unread);
      dropped += unread;
    }
    cursor.move(Math.max(cursor.segment, oldest.id() + 1), 0, 0);
  }

  /** Tells of the records that a segment takes with it, sent ones whose fate is open too. */
  private void tell(Segment goes) {
    if (listener == null) {
      return;
    }
    try {
      Segment.Read read = goes.read(cursor.acknowledged(goes) > 0 ? cursor.at : goes.start());
      while (read != null) {
        if (read.bytes() != null) {
          listener.accept(read.bytes());
        }
        read = goes.read(read.next());
      }
    } catch (IOException e) {
      LOG.warn("what was dropped from the spool {} can't be read: {}", folder, e.toString());
    }
  }

  private void giveUpOrphans() {
    long missing = orphans.giveUp();
    if (missing > 0) {
      markAtHead(missing);
    }
  }

  private void markAtHead(long records) {
    if (segments.isEmpty()) {
      carried += records;
    } else {
      segments.get(0).addDropped(records);
    }
  }

  private void trim() {
    while (!segments.isEmpty()) {
      Segment first = segments.get(0);
      boolean done =
          first.id() < cursor.segment
              || (first.id() == cursor.segment && cursor.index >= first.count());
      if (!done || first == active) {
        return;
      }
      remove(first);
      if (cursor.segment == first.id()) {
        cursor.move(first.id() + 1, 0, 0);
      }
    }
  }

  private void remove(Segment segment) {
    segments.remove(0);
    reading.leave(segment);
    if (segment == active) {
      active = null;
    }
    if (segment instanceof FileSegment) {
      bytes -= segment.bytes();
    } else {
      memoryBytes -= segment.bytes();
    }
    segment.delete();
  }
}
