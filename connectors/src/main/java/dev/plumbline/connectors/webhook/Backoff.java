package dev.plumbline.connectors.webhook;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait after a failure: doubles from the first wait up to the longest, and a random
 * half of it is taken off so that many tasks do not come back at once.
 *
 * <pre>
 *   full = min(longest, first * 2^(failures - 1))      wait = full / 2 + random(0 .. full / 2)
 * </pre>
 *
 * @param first wait after the first failure, before the jitter
 * @param longest no wait is longer
 */
record Backoff(Duration first, Duration longest) {

  /**
   * @param failures failures in a row, from 1
   */
  Duration after(int failures, RandomGenerator random) {
    int doublings = Math.min(failures - 1, 40);
    long limit = longest.toMillis();
    long full = first.toMillis() > limit >> doublings ? limit : first.toMillis() << doublings;
    return Duration.ofMillis(full - full / 2 + random.nextLong(full / 2 + 1));
  }
}
