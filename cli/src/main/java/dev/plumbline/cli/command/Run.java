package dev.plumbline.cli.command;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Waits until the process is told to stop. */
final class Run {
  private final CountDownLatch stopping = new CountDownLatch(1);
  private final CountDownLatch stopped = new CountDownLatch(1);

  /** The signal to stop waits until everything is closed. */
  Run() {
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  stopping.countDown();
                  try {
                    stopped.await(40, TimeUnit.SECONDS);
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                },
                "stop"));
  }

  /**
   * Returns when the process is told to stop, the time is over or it can't go on.
   *
   * @param time how long at most; null for ever
   * @return false when it can't go on
   */
  boolean await(Duration time, BooleanSupplier healthy) {
    Instant end = time == null ? Instant.MAX : Instant.now().plus(time);
    try {
      while (Instant.now().isBefore(end)) {
        if (stopping.await(500, TimeUnit.MILLISECONDS)) {
          return true;
        }
        if (!healthy.getAsBoolean()) {
          return false;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return true;
  }

  /** Everything is closed. */
  void done() {
    stopped.countDown();
  }
}
