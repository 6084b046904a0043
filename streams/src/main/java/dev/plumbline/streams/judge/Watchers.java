package dev.plumbline.streams.judge;

import java.util.List;
import java.util.function.Function;

/** Every watcher of a cluster, in the order in which they see a snapshot. */
final class Watchers {
  static final List<Function<Cluster, Watcher>> ALL = List.of();

  private Watchers() {}
}
