package dev.plumbline.agent.run;

import dev.plumbline.agent.scrape.TargetKey;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * What a full spool dropped and nothing that comes by itself makes good: a scrape is followed by
 * the next one, but an object is only told when it changes, and that a target left only once. It is
 * kept by name, however often it was dropped.
 */
final class Dropped implements Consumer<byte[]> {
  /**
   * Names of what was dropped.
   *
   * @param objects keys of objects of the Kubernetes API
   * @param left targets of which was told that they left
   */
  record Names(Set<String> objects, Set<TargetKey> left) {}

  private final SnapshotCodec codec;
  private Set<String> objects = new TreeSet<>();
  private Set<TargetKey> left = new TreeSet<>();

  /**
   * @param folder of the spool
   */
  Dropped(Path folder) {
    codec = new SnapshotCodec(folder);
  }

  /** A snapshot was dropped, as it lay in the spool. */
  @Override
  public synchronized void accept(byte[] bytes) {
    try {
      SnapshotCodec.Departing snapshot = codec.decode(bytes);
      if (snapshot.isObject()) {
        objects.add(snapshot.target());
      } else if (snapshot.isGone()) {
        left.add(new TargetKey(snapshot.source(), snapshot.target()));
      }
    } catch (IOException | RuntimeException e) {
      // what can't be read would not have been sent either
    }
  }

  /** What was dropped since this was last asked. */
  synchronized Names take() {
    Names taken = new Names(objects, left);
    objects = new TreeSet<>();
    left = new TreeSet<>();
    return taken;
  }
}
