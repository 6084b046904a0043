package dev.plumbline.agent.run;

import dev.plumbline.agent.scrape.ScrapeTarget;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Targets and their rhythm. They come, change and go while the agent runs; each keeps its own place
 * in the interval, and one that hangs holds up none of the others.
 */
final class Schedule {
  /** One target that is scraped; when it is no longer current, what it brought is too late. */
  static final class Entry {
    final ScrapeTarget target;
    private final AtomicBoolean busy = new AtomicBoolean();
    private Future<?> ticks;
    private volatile boolean current = true;

    private Entry(ScrapeTarget target) {
      this.target = target;
    }

    boolean isCurrent() {
      return current;
    }
  }

  private final ScheduledExecutorService clock;
  private final ExecutorService workers;
  private final Consumer<Entry> scrape;
  private final Map<String, Entry> entries = new HashMap<>();

  /**
   * @param clock only starts scrapes
   * @param workers where they run
   */
  Schedule(ScheduledExecutorService clock, ExecutorService workers, Consumer<Entry> scrape) {
    this.clock = clock;
    this.workers = workers;
    this.scrape = scrape;
  }

  /**
   * Scrapes a target from now on, first within its interval.
   *
   * @param key tells it from the others; it replaces the one that had the same
   */
  synchronized void put(String key, ScrapeTarget target) {
    remove(key);
    Entry entry = new Entry(target);
    long interval = target.interval().toMillis();
    // spread over the interval: the same place at each start, another one for each target
    int hash = 31 * target.name().hashCode() + target.source().hashCode();
    entry.ticks =
        clock.scheduleAtFixedRate(
            () -> tick(entry), Math.floorMod(hash, interval), interval, TimeUnit.MILLISECONDS);
    entries.put(key, entry);
  }

  /** Scrapes a target no more. */
  synchronized void remove(String key) {
    Entry entry = entries.remove(key);
    if (entry != null) {
      entry.current = false;
      entry.ticks.cancel(false);
    }
  }

  /** What is scraped. */
  synchronized List<ScrapeTarget> targets() {
    return entries.values().stream().map(it -> it.target).toList();
  }

  /** Whether a target is scraped. */
  boolean has(String source, String name) {
    return targets().stream().anyMatch(it -> it.source().equals(source) && it.name().equals(name));
  }

  /** Number of targets. */
  synchronized int size() {
    return entries.size();
  }

  private void tick(Entry entry) {
    // a target that takes longer than its interval is asked again when it has answered
    if (entry.current && entry.busy.compareAndSet(false, true)) {
      workers.execute(
          () -> {
            try {
              scrape.accept(entry);
            } finally {
              entry.busy.set(false);
            }
          });
    }
  }
}
