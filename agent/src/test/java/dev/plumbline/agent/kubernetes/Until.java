package dev.plumbline.agent.kubernetes;

import java.time.Duration;
import java.time.Instant;
import java.util.function.BooleanSupplier;

/** Waits on a condition, with a deadline. */
final class Until {
  private static final Duration LONGEST = Duration.ofSeconds(30);

  private Until() {}

  static void holds(BooleanSupplier condition) {
    holds(condition, () -> "the condition");
  }

  static void holds(BooleanSupplier condition, java.util.function.Supplier<String> what) {
    Instant end = Instant.now().plus(LONGEST);
    while (!condition.getAsBoolean()) {
      if (Instant.now().isAfter(end)) {
        throw new AssertionError(what.get() + " does not hold after " + LONGEST);
      }
      try {
        Thread.sleep(10);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
