package dev.plumbline.agent.spool;

import java.io.IOException;
import java.util.List;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How far the records of a spool have been handed out. Damaged ones are passed over, and said. */
final class Reading {
  private static final Logger LOG = LoggerFactory.getLogger(Reading.class);

  private final List<Segment> segments;
  private final Cursor cursor;
  private final LongConsumer damaged;
  private final SpoolFolder folder;

  private Segment segment;
  private long at;
  private long index;

  /** Records missing before the next one that is read. */
  private long skipped;

  /**
   * @param segments the spool's; read only
   * @param damaged told how many records were passed over
   */
  Reading(List<Segment> segments, Cursor cursor, SpoolFolder folder, LongConsumer damaged) {
    this.segments = segments;
    this.cursor = cursor;
    this.folder = folder;
    this.damaged = damaged;
  }

  /** Begins again with the first record that was not acknowledged. */
  void rewind() {
    segment = null;
    skipped = 0;
    start();
  }

  private void start() {
    if (segments.isEmpty()) {
      return;
    }
    segment = segments.get(0);
    index = cursor.acknowledged(segment);
    at = index > 0 ? cursor.at : segment.start();
  }

  /** Records of the first segment that were handed out. */
  long handedOut(Segment first) {
    return segment == null ? 0 : segment == first ? index : first.count();
  }

  /** Records missing before the next one, which nobody has been told of. */
  long unsaid(Segment first) {
    boolean untouched = segment == null || (segment == first && index == 0);
    return skipped + (untouched ? first.dropped() : 0);
  }

  /** What was missing is said elsewhere. */
  void said() {
    skipped = 0;
  }

  /** A segment goes away. */
  void leave(Segment gone) {
    if (segment == gone) {
      segment = null;
    }
  }

  /**
   * The next record; null when there is none.
   *
   * @param active the segment that is still appended to; null for none
   */
  Spool.Entry next(Segment active) {
    while (true) {
      if (segment == null) {
        start();
        if (segment == null) {
          return null;
        }
      }
      Segment.Read read = read();
      if (read == null) {
        int following = segments.indexOf(segment) + 1;
        if (following == segments.size()) {
          return null;
        }
        if (segment != active) {
          segment.release();
        }
        segment = segments.get(following);
        at = segment.start();
        index = 0;
        continue;
      }
      long missing = skipped + (index == 0 ? segment.dropped() : 0);
      at = read.next();
      index++;
      if (read.bytes() == null) {
        skip(read, missing);
        continue;
      }
      skipped = 0;
      return new Spool.Entry(new Spool.Place(segment.id(), at, index), read.bytes(), missing);
    }
  }

  private Segment.Read read() {
    try {
      return segment.read(at);
    } catch (IOException e) {
      LOG.error("segment {} of the spool {} can't be read: {}", segment.id(), folder, e.toString());
      return new Segment.Read(null, Long.MAX_VALUE);
    }
  }

  /** A damaged record: it is passed over, or all behind it where its length can't be trusted. */
  private void skip(Segment.Read read, long missing) {
    boolean rest = read.next() >= segment.bytes();
    long lost = rest ? Math.max(1, segment.count() - index + 1) : 1;
    if (rest) {
      index = segment.count();
    }
    LOG.error("{} records in segment {} of {} are damaged", lost, segment.id(), folder);
    skipped = missing + lost;
    damaged.accept(lost);
  }
}
