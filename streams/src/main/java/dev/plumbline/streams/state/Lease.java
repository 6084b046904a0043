package dev.plumbline.streams.state;

import java.time.Duration;
import java.util.function.LongSupplier;
import org.apache.kafka.streams.errors.TaskMigratedException;

/**
 * For how long a process may take its tasks for its own without having run. One that was stopped
 * for longer (a pause of the machine or of the JVM, a SIGSTOP) may have been expelled from its
 * group, and its tasks given to another; its next commit would tell, but until then it would repeat
 * what the other says. So a task asks before it says anything, and gives itself up when the lease
 * has lapsed since it began: it is restored wherever it belongs now.
 *
 * <p>Time is the monotonic clock's. A machine that doesn't see its own pause is not helped by this;
 * the deciding stage drops what is said twice in any case.
 */
public final class Lease implements AutoCloseable {
  private final long nanos;
  private final LongSupplier clock;
  private final Thread beat = new Thread(this::beat, "lease");
  private long seen;
  private int lapses;

  /**
   * A lease that is looked at only by the tasks.
   *
   * @param clock nanoseconds, monotonic
   */
  public Lease(Duration time, LongSupplier clock) {
    nanos = time.toNanos();
    this.clock = clock;
    seen = clock.getAsLong();
    beat.setDaemon(true);
  }

  /** A lease that is looked at all the time, so that only a stop of the process makes it lapse. */
  public static Lease of(Duration time) {
    Lease lease = new Lease(time, System::nanoTime);
    lease.beat.start();
    return lease;
  }

  /** For a task that nobody else could be given. */
  public static Lease unlimited() {
    return new Lease(Duration.ofDays(100_000), () -> 0);
  }

  /** A task's own time, beginning now. */
  public final class Term {
    private final int begun = look();

    /**
     * Returns while the task is surely its process's own.
     *
     * @throws TaskMigratedException when it may have become another's
     */
    public void check() {
      if (look() != begun) {
        throw new TaskMigratedException(
            "the process was stopped for longer than its session may last",
            new IllegalStateException("stopped for more than " + nanos / 1_000_000 + " ms"));
      }
    }
  }

  /** Begins a task's time. */
  public Term begin() {
    return new Term();
  }

  private synchronized int look() {
    long now = clock.getAsLong();
    if (now - seen > nanos) {
      lapses++;
    }
    seen = now;
    return lapses;
  }

  private void beat() {
    try {
      while (true) {
        Thread.sleep(Math.max(1, nanos / 4_000_000));
        look();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    beat.interrupt();
  }
}
