package dev.plumbline.streams.judge;

import java.util.Collection;
import java.util.TreeMap;

/**
 * Replicas that are slower than their load explains, those included of which nobody is told because
 * it is little or not yet sure: beside something that became short at the same time it is believed.
 */
public final class Slowdowns {
  /** One replica's; read from its state, so it says what is true now. */
  public interface Slowdown {
    String namespace();

    String pod();

    String model();

    /** When it began, event time in milliseconds. */
    long since();

    /** Seconds of what is slow, in the last judged scrape. */
    double seconds();

    /** What the load of that scrape explains. */
    double expectedSeconds();

    /** False as soon as nothing speaks for it any more. */
    boolean isSlower();

    /** True when enough speaks for it that it may be believed beside a shortage. */
    boolean isFelt();
  }

  private final TreeMap<String, Slowdown> all = new TreeMap<>();

  /** A replica begins to be slower. */
  public void add(String replica, Slowdown slowdown) {
    all.put(replica, slowdown);
  }

  /** It is no longer, or it is gone. */
  public void remove(String replica) {
    all.remove(replica);
  }

  /** In the order of the replicas' keys. */
  public Collection<Slowdown> all() {
    return all.values();
  }
}
