package dev.plumbline.streams.state;

/**
 * When a checkpoint is due: what is written is to stay a small part of what is read, and what would
 * have to be read again after a crash is to stay little. Decides when something is written, never
 * what is found.
 */
final class Pace {
  /** A checkpoint is worth this many times its own bytes of input: it costs a tenth of them. */
  private static final int INPUT_PER_BYTE = 10;

  /** Records that are read again after a crash take about 20 us each. */
  private static final long MOST_RECORDS = 200_000;

  /** However little comes in, it is not read again for longer than this (wall clock). */
  private static final long MOST_MILLIS = 600_000;

  /** However small a checkpoint is, it is not written more often than this (wall clock). */
  private static final long LEAST_MILLIS = 1_000;

  private long records;
  private long bytes;
  private long since;
  private long cost;
  private boolean wanted;

  /** A record was taken in. */
  void taken(int size) {
    records++;
    bytes += size;
  }

  /** A checkpoint is due at once: what happened can't be had from the source again. */
  void want() {
    wanted = true;
  }

  /**
   * True when the next commit is to begin a checkpoint.
   *
   * @param now wall clock, milliseconds
   */
  boolean isDue(long now) {
    if (wanted) {
      return true;
    }
    if (since == 0) {
      since = now;
    }
    long waited = now - since;
    return records > 0
        && (records >= MOST_RECORDS
            || waited >= MOST_MILLIS
            || waited >= LEAST_MILLIS && bytes >= INPUT_PER_BYTE * cost);
  }

  /** A checkpoint was begun. */
  void begun(long now) {
    records = 0;
    bytes = 0;
    since = now;
    wanted = false;
  }

  /** It took so many bytes; the next one is expected to take as many. */
  void cost(long bytes) {
    cost = bytes;
  }
}
