package dev.plumbline.agent.spool;

import java.util.TreeMap;

/**
 * Records that were handed out and not acknowledged, and whose segment has been dropped since: they
 * may still arrive; if they are given up, they are missing, and so are those that they spoke of.
 */
final class Orphans {
  private long count;

  /** Gaps that were said by such records, by segment. */
  private final TreeMap<Long, Long> gaps = new TreeMap<>();

  void add(long records) {
    count += records;
  }

  void addGap(long segment, long records) {
    gaps.put(segment, records);
  }

  /** One has arrived, and so has what its segment and those before it spoke of. */
  void acknowledge(long segment) {
    count--;
    gaps.headMap(segment, true).clear();
  }

  long count() {
    return count;
  }

  /** Gives all up; how many records are missing then. */
  long giveUp() {
    long missing = count + gaps.values().stream().mapToLong(Long::longValue).sum();
    count = 0;
    gaps.clear();
    return missing;
  }
}
