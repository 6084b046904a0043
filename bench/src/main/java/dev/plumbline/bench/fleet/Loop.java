package dev.plumbline.bench.fleet;

import java.util.PriorityQueue;

/**
 * The event queue: things to do at their second since the tape began, in order of time and entry.
 */
final class Loop {
  private record Entry(double at, long order, Runnable action) implements Comparable<Entry> {
    @Override
    public int compareTo(Entry other) {
      int byTime = Double.compare(at, other.at);
      return byTime != 0 ? byTime : Long.compare(order, other.order);
    }
  }

  private final PriorityQueue<Entry> queue = new PriorityQueue<>();
  private long entered;
  private double now;

  Loop(double start) {
    now = start;
  }

  double now() {
    return now;
  }

  /** Does the action then, or at once if that moment has passed. */
  void at(double when, Runnable action) {
    queue.add(new Entry(Math.max(now, when), entered++, action));
  }

  void in(double seconds, Runnable action) {
    at(now + seconds, action);
  }

  /** Does the action again and again. */
  void every(double first, double period, Runnable action) {
    at(
        first,
        () -> {
          action.run();
          every(first + period, period, action);
        });
  }

  void runUntil(double end) {
    while (!queue.isEmpty() && queue.peek().at() <= end) {
      Entry entry = queue.poll();
      now = entry.at();
      entry.action().run();
    }
    now = end;
  }
}
