package dev.plumbline.connectors.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class BackoffTest {
  private static final Backoff BACKOFF = new Backoff(Duration.ofSeconds(1), Duration.ofMinutes(5));

  @Property(tries = 500)
  void aWaitIsBetweenHalfAndTheWholeOfTheDoubledOne(
      @ForAll @IntRange(min = 1, max = 1_000_000) int failures, @ForAll long seed) {
    long full = Math.min(300_000, 1000L << Math.min(failures - 1, 20));

    assertThat(BACKOFF.after(failures, new Random(seed)).toMillis()).isBetween(full / 2, full);
  }

  @Example
  void theFirstThreeDoubleAndTheTenthIsTheLongest() {
    Random highest =
        new Random() {
          @Override
          public long nextLong(long bound) {
            return bound - 1;
          }
        };

    assertThat(BACKOFF.after(1, highest)).isEqualTo(Duration.ofSeconds(1));
    assertThat(BACKOFF.after(2, highest)).isEqualTo(Duration.ofSeconds(2));
    assertThat(BACKOFF.after(3, highest)).isEqualTo(Duration.ofSeconds(4));
    assertThat(BACKOFF.after(10, highest)).isEqualTo(Duration.ofMinutes(5));
  }
}
