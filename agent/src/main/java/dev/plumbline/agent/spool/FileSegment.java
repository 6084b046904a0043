package dev.plumbline.agent.spool;

import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file of records.
 *
 * <pre>
 * header   magic (4 bytes), format (4), records dropped before it (8), records in it (8; -1: open)
 * record   length (4), CRC-32C of length and bytes (4), bytes
 * </pre>
 *
 * All numbers are big-endian. A file is open until it is sealed; one that a crash left open is
 * counted again, and what stands behind its last whole record is cut off.
 */
final class FileSegment implements Segment {
  private static final Logger LOG = LoggerFactory.getLogger(FileSegment.class);

  static final int HEADER = 24;
  static final int FRAME = 8;

  /** Longer lengths are damage: no snapshot comes near. */
  static final int LONGEST = 256 << 20;

  private static final int MAGIC = 0x504c5350;
  private static final int FORMAT = 1;
  private static final long OPEN = -1;
  private static final int DROPPED_AT = 8;
  private static final int COUNT_AT = 16;

  private final long id;
  private final Path path;
  private RandomAccessFile file;
  private long end;
  private long count;
  private long dropped;
  private boolean torn;

  private FileSegment(long id, Path path) {
    this.id = id;
    this.path = path;
  }

  /** Begins a file. */
  static FileSegment create(Path path, long id, long dropped) throws IOException {
    FileSegment segment = new FileSegment(id, path);
    segment.dropped = dropped;
    try {
      ByteBuffer header = ByteBuffer.allocate(HEADER);
      header.putInt(MAGIC).putInt(FORMAT).putLong(dropped).putLong(OPEN);
      segment.open().setLength(0);
      segment.open().write(header.array());
      segment.end = HEADER;
      return segment;
    } catch (IOException e) {
      segment.delete();
      throw e;
    }
  }

  /** Takes up a file that an earlier process wrote. */
  static FileSegment recover(Path path, long id) throws IOException {
    FileSegment segment = new FileSegment(id, path);
    RandomAccessFile in = segment.open();
    if (in.length() < HEADER) {
      // it was begun and got no record
      segment.end = HEADER;
      return segment;
    }
    in.seek(0);
    int magic = in.readInt();
    int format = in.readInt();
    if (magic != MAGIC || format != FORMAT) {
      segment.release();
      throw new IOException(
          path + " is not a segment of this spool's format; move it away, or name another folder");
    }
    segment.dropped = in.readLong();
    segment.count = in.readLong();
    segment.end = in.length();
    if (segment.count == OPEN) {
      segment.recount();
    }
    return segment;
  }

  private void recount() throws IOException {
    long length = end;
    long at = HEADER;
    long records = 0;
    long whole = HEADER;
    count = 0;
    for (Read read = read(at); read != null; read = read(at)) {
      at = read.next();
      records++;
      if (read.bytes() != null) {
        whole = at;
        count = records;
      }
    }
    torn = whole < length;
    if (torn) {
      LOG.warn("{} ends in a torn record; its last {} bytes are cut off", path, length - whole);
      open().setLength(whole);
    }
    end = whole;
    seal();
  }

  /** True when it ended in a torn record at its recovery. */
  boolean torn() {
    return torn;
  }

  @Override
  public long id() {
    return id;
  }

  @Override
  public long count() {
    return count;
  }

  @Override
  public long bytes() {
    return end;
  }

  @Override
  public long dropped() {
    return dropped;
  }

  @Override
  public void addDropped(long more) {
    dropped += more;
    write(DROPPED_AT, dropped);
  }

  @Override
  public long start() {
    return HEADER;
  }

  @Override
  public void append(byte[] record) throws IOException {
    byte[] framed = new byte[FRAME + record.length];
    ByteBuffer.wrap(framed)
        .putInt(record.length)
        .putInt(checksum(record.length, record))
        .put(record);
    RandomAccessFile out = open();
    try {
      out.seek(end);
      out.write(framed);
    } catch (IOException e) {
      try {
        out.setLength(end);
      } catch (IOException again) {
        e.addSuppressed(again);
      }
      throw e;
    }
    end += framed.length;
    count++;
  }

  @Override
  public Read read(long at) throws IOException {
    if (at >= end) {
      return null;
    }
    RandomAccessFile in = open();
    in.seek(at);
    byte[] frame = new byte[FRAME];
    if (at + FRAME > end) {
      return new Read(null, end);
    }
    in.readFully(frame);
    ByteBuffer numbers = ByteBuffer.wrap(frame);
    int length = numbers.getInt();
    int sum = numbers.getInt();
    if (length <= 0 || length > LONGEST || at + FRAME + length > end) {
      return new Read(null, end);
    }
    byte[] record = new byte[length];
    try {
      in.readFully(record);
    } catch (EOFException e) {
      return new Read(null, end);
    }
    boolean whole = checksum(length, record) == sum;
    return new Read(whole ? record : null, at + FRAME + length);
  }

  @Override
  public void seal() {
    write(COUNT_AT, count);
    release();
  }

  @Override
  public void release() {
    if (file != null) {
      try {
        file.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      file = null;
    }
  }

  @Override
  public void delete() {
    release();
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      LOG.error("{} can't be removed: {}", path, e.getMessage());
    }
  }

  private RandomAccessFile open() throws IOException {
    if (file == null) {
      // not a channel: those close when a thread that uses them is interrupted
      file = new RandomAccessFile(path.toFile(), "rw");
    }
    return file;
  }

  /** Into the header; where it can't be written a recovery finds the number again, or a gap. */
  private void write(int at, long number) {
    try {
      open().seek(at);
      open().writeLong(number);
    } catch (IOException e) {
      LOG.warn("the header of {} can't be written: {}", path, e.getMessage());
    }
  }

  private static int checksum(int length, byte[] record) {
    CRC32C sum = new CRC32C();
    sum.update(length >>> 24);
    sum.update(length >>> 16);
    sum.update(length >>> 8);
    sum.update(length);
    sum.update(record, 0, record.length);
    return (int) sum.getValue();
  }
}
