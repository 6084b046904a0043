package dev.plumbline.bench.path;

import java.util.concurrent.locks.LockSupport;

/** Lets so many through in a second, evenly; all of them for 0. */
final class Pace {
  private final double nanosEach;
  private final long began = System.nanoTime();
  private long count;

  Pace(double perSecond) {
    nanosEach = perSecond == 0 ? 0 : 1e9 / perSecond;
  }

  void next() {
    if (nanosEach == 0) {
      return;
    }
    long due = began + (long) (count++ * nanosEach);
    for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }
}
