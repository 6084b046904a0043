package dev.plumbline.agent.spool;

import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
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
  private static final Pattern FILE = Pattern.compile("(\\d{20})\\.spool");

  /** Where a record stands. */
  public record Place(long segment, long next, long index) {}

  /**
   * A record that was handed out.
   *
   * @param dropped records that are missing just before it
   */
  public record Entry(Place place, byte[] bytes, long dropped) {}

  private final Path folder;
  private final long most;
  private final long segmentBytes;
  private final RandomAccessFile lockFile;
  private final Cursor cursor;
  private final List<Segment> segments = new ArrayList<>();

  /** Takes what is appended: the last segment, or null when a new one has to be begun. */
  private Segment active;

  private Segment reading;
  private long readAt;
  private long readIndex;

  /** Records missing before the next one that is read. */
  private long skipped;

  /** Records missing before the next segment that is begun. */
  private long carried;

  /** Handed out, not acknowledged, and their segment dropped. */
  private long orphans;

  /** Gaps that were said by records which are orphans now, by segment. */
  private final TreeMap<Long, Long> orphanGaps = new TreeMap<>();

  private long nextSegment;
  private long depth;
  private long bytes;
  private long memoryBytes;
  private long dropped;
  private long failures;
  private String trouble;

  private Spool(Path folder, long most) throws IOException {
    this.folder = folder;
    this.most = most;
    segmentBytes = Math.max(LEAST / SEGMENTS, Math.min(LARGEST_SEGMENT, most / SEGMENTS));
    lockFile = lock(folder);
    try {
      cursor = new Cursor(folder.resolve("cursor"));
      recover();
    } catch (IOException e) {
      lockFile.close();
      throw e;
    }
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
    if (most < LEAST) {
      throw new IOException(
          "a spool of " + most + " bytes is too small; allow at least " + LEAST + " bytes");
    }
    try {
      Files.createDirectories(folder);
      return new Spool(folder, most);
    } catch (java.nio.file.FileSystemException | java.io.FileNotFoundException e) {
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
    return folder;
  }

  /** Records not acknowledged yet. */
  public synchronized long depth() {
    return depth;
  }

  /** Bytes on disk. */
  public synchronized long bytes() {
    return bytes;
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
    Entry entry = next();
    while (entry == null) {
      long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      if (left <= 0) {
        return null;
      }
      wait(left);
      entry = next();
    }
    return entry;
  }

  /** A record has arrived, and all handed out before it: they are not needed any more. */
  public synchronized void acknowledge(Place place) {
    depth--;
    if (segments.isEmpty() || place.segment() < segments.get(0).id()) {
      orphans--;
      orphanGaps.headMap(place.segment(), true).clear();
      return;
    }
    cursor.move(place.segment(), place.next(), place.index());
    trim();
  }

  /** Hands out again, from the first that was not acknowledged. */
  public synchronized void rewind() {
    depth -= orphans;
    dropped += orphans;
    giveUpOrphans();
    reading = null;
    skipped = 0;
    startReading();
  }

  /** Lets go of the files. What was not acknowledged is handed out by the next process. */
  @Override
  public synchronized void close() throws IOException {
    giveUpOrphans();
    long lost = 0;
    for (Segment segment : segments) {
      if (segment instanceof MemorySegment) {
        lost += segment.count() - acknowledged(segment);
      }
      segment.release();
    }
    begin();
    if (lost > 0) {
      LOG.error("{} records are lost: the disk of {} didn't take them", lost, folder);
    }
    segments.clear();
    cursor.close();
    lockFile.close();
  }

  private static RandomAccessFile lock(Path folder) throws IOException {
    RandomAccessFile file = new RandomAccessFile(folder.resolve("lock").toFile(), "rw");
    try {
      FileLock lock = file.getChannel().tryLock();
      if (lock != null) {
        return file;
      }
    } catch (OverlappingFileLockException e) {
      // held in this process; the same answer as when another one holds it
    }
    file.close();
    throw new IOException(
        "the spool's folder " + folder + " is in use by another agent; give each one its own");
  }

  private void recover() throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.list(folder)) {
      files =
          all.filter(it -> FILE.matcher(it.getFileName().toString()).matches()).sorted().toList();
    }
    for (Path path : files) {
      Matcher name = FILE.matcher(path.getFileName().toString());
      if (!name.matches()) {
        continue;
      }
      FileSegment segment = FileSegment.recover(path, Long.parseLong(name.group(1)));
      if (carried > 0) {
        segment.addDropped(carried);
        carried = 0;
      }
      if (segment.torn()) {
        carried = 1;
        dropped++;
      }
      segment.release();
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
      depth -= acknowledged(segment);
    }
    startReading();
    trim();
  }

  private void startReading() {
    if (segments.isEmpty()) {
      return;
    }
    reading = segments.get(0);
    readIndex = acknowledged(reading);
    readAt = readIndex > 0 ? cursor.at : reading.start();
  }

  private long acknowledged(Segment segment) {
    return segment.id() == cursor.segment ? cursor.index : 0;
  }

  private Entry next() {
    while (true) {
      if (reading == null) {
        startReading();
        if (reading == null) {
          return null;
        }
      }
      Segment.Read read = read();
      if (read == null) {
        int following = segments.indexOf(reading) + 1;
        if (following == segments.size()) {
          return null;
        }
        if (reading != active) {
          reading.release();
        }
        reading = segments.get(following);
        readAt = reading.start();
        readIndex = 0;
        continue;
      }
      long missing = skipped + (readIndex == 0 ? reading.dropped() : 0);
      readAt = read.next();
      readIndex++;
      if (read.bytes() == null) {
        skip(read, missing);
        continue;
      }
      skipped = 0;
      return new Entry(new Place(reading.id(), readAt, readIndex), read.bytes(), missing);
    }
  }

  private Segment.Read read() {
    try {
      return reading.read(readAt);
    } catch (IOException e) {
      LOG.error("segment {} of the spool {} can't be read: {}", reading.id(), folder, e.toString());
      return new Segment.Read(null, Long.MAX_VALUE);
    }
  }

  /** A damaged record: it is passed over, or all behind it where its length can't be trusted. */
  private void skip(Segment.Read damaged, long missing) {
    boolean rest = damaged.next() >= reading.bytes();
    long lost = rest ? Math.max(1, reading.count() - readIndex + 1) : 1;
    if (rest) {
      readIndex = reading.count();
    }
    LOG.error("{} records in segment {} of {} are damaged", lost, reading.id(), folder);
    skipped = missing + lost;
    dropped += lost;
    depth -= lost;
  }

  private boolean toDisk(byte[] record) {
    try {
      if (active instanceof FileSegment && active.bytes() + record.length <= segmentBytes) {
        long before = active.bytes();
        active.append(record);
        bytes += active.bytes() - before;
      } else {
        begin(beginWith(record));
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

  private FileSegment beginWith(byte[] record) throws IOException {
    Path path = folder.resolve("%020d.spool".formatted(nextSegment));
    FileSegment segment = FileSegment.create(path, nextSegment, carried);
    try {
      segment.append(record);
      return segment;
    } catch (IOException e) {
      segment.delete();
      throw e;
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
    boolean untouched = reading == null || (reading == oldest && readIndex == 0);
    long read = reading == null ? 0 : reading == oldest ? readIndex : oldest.count();
    long unread = oldest.count() - read;
    orphans += read - acknowledged(oldest);
    if (read > 0 && acknowledged(oldest) == 0 && oldest.dropped() > 0) {
      orphanGaps.put(oldest.id(), oldest.dropped());
    }
    if (reading == oldest) {
      reading = null;
    }
    remove(oldest);
    depth -= unread;
    if (unread > 0) {
      LOG.warn("the spool {} is full: its oldest {} records were dropped", folder, unread);
    }
    long unsaid = skipped + (untouched ? oldest.dropped() : 0);
    if (unread > 0) {
      skipped = 0;
      markAtHead(unsaid + unread);
      dropped += unread;
    }
    cursor.move(Math.max(cursor.segment, oldest.id() + 1), 0, 0);
  }

  private void giveUpOrphans() {
    long missing = orphans;
    for (long gap : orphanGaps.values()) {
      missing += gap;
    }
    if (missing > 0) {
      markAtHead(missing);
    }
    orphans = 0;
    orphanGaps.clear();
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
      if (first == reading) {
        reading = null;
      }
      remove(first);
      if (cursor.segment == first.id()) {
        cursor.move(first.id() + 1, 0, 0);
      }
    }
  }

  private void remove(Segment segment) {
    segments.remove(0);
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
