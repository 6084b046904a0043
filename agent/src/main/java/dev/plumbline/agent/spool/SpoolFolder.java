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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The files of a spool, which one process at a time may have. */
final class SpoolFolder implements Closeable {
  private static final Pattern FILE = Pattern.compile("(\\d{20})\\.spool");

  private final Path path;
  private final RandomAccessFile lock;

  private SpoolFolder(Path path) throws IOException {
    this.path = path;
    lock = lock(path);
  }

  /**
   * Takes a folder; it is made when it isn't there.
   *
   * @throws IOException when it can't be made, or another process has it
   */
  static SpoolFolder open(Path path) throws IOException {
    Files.createDirectories(path);
    return new SpoolFolder(path);
  }

  Path path() {
    return path;
  }

  Cursor cursor() throws IOException {
    return new Cursor(path.resolve("cursor"));
  }

  /** What an earlier process left, in order. */
  List<FileSegment> segments() throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.list(path)) {
      files = all.sorted().toList();
    }
    List<FileSegment> segments = new ArrayList<>();
    for (Path file : files) {
      Matcher name = FILE.matcher(file.getFileName().toString());
      if (name.matches()) {
        FileSegment segment = FileSegment.recover(file, Long.parseLong(name.group(1)));
        segment.release();
        segments.add(segment);
      }
    }
    return segments;
  }

  /**
   * Begins a segment with its first record.
   *
   * @param dropped records missing before it
   * @throws IOException when it can't be written; then there is no trace of it
   */
  FileSegment begin(long id, long dropped, byte[] record) throws IOException {
    FileSegment segment =
        FileSegment.create(path.resolve("%020d.spool".formatted(id)), id, dropped);
    try {
      segment.append(record);
      return segment;
    } catch (IOException e) {
      segment.delete();
      throw e;
    }
  }

  @Override
  public void close() throws IOException {
    lock.close();
  }

  @Override
  public String toString() {
    return path.toString();
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
}
