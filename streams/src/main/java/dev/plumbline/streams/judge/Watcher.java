package dev.plumbline.streams.judge;

import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.schemas.event.PolicySnapshot;
import dev.plumbline.schemas.event.ResourceSnapshot;

/**
 * One feature's eye on one cluster. It is shown every snapshot of the cluster in the order in which
 * the agent made them, keeps what it must remember in its own tables, and says what it sees to the
 * cluster's conditions. It is a pure function of what it was shown: no wall clock, no randomness,
 * no I/O.
 *
 * <p>A snapshot may be of a failed scrape ({@code header.error} is set and it carries no samples)
 * or of a departed target ({@code header.gone}).
 */
public interface Watcher {

  /** How often {@link #tick} comes, in event time. */
  long TICK_MILLIS = 15_000;

  default void see(ResourceSnapshot snapshot) {}

  default void see(LatencySnapshot snapshot) {}

  default void see(PolicySnapshot snapshot) {}

  /**
   * Event time passed a multiple of {@link #TICK_MILLIS}; what {@code at} names lies wholly before
   * every snapshot that follows.
   *
   * @param at event time, milliseconds since 1970
   */
  default void tick(long at) {}
}
