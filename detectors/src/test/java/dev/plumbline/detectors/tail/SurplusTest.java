package dev.plumbline.detectors.tail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.detectors.Allocation;
import dev.plumbline.detectors.Copies;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Twenty requests a sample, of which one in a hundred is usually slow. */
class SurplusTest {
  private static final double USUAL = 0.2;

  private final Random random = new Random(5);
  private Surplus surplus = new Surplus(14);
  private long at;

  @Test
  void oneInTwentyInsteadOfOneInAHundredIsReachedAndDatedFromNearItsBeginning() {
    requests(0.01, 200);
    long began = at;
    requests(0.05, 60);

    assertThat(surplus.isReached()).isTrue();
    assertThat(surplus.since()).isBetween(began - 10, began + 5);
    assertThat(surplus.share()).isBetween(0.03, 0.09);
    assertThat(surplus.usualShare()).isBetween(0.0099, 0.0101);
    assertThat(surplus.extra()).isBetween(0.8, 1.0);
    assertThat(surplus.addedToMean()).isBetween(0.02, 0.08);
  }

  @Test
  void aRateThatStaysIsReachedByChanceAboutNever() {
    int alarms = 0;
    for (int i = 0; i < 400_000; i++) {
      requests(0.01, 1);
      if (surplus.isReached()) {
        alarms++;
        surplus.reset();
      }
    }

    // at most once in exp(14) samples, 1.2 million
    assertThat(alarms).isLessThanOrEqualTo(1);
  }

  @Test
  void valuesThatAreSlowTogetherAreNoSurplusWhenTheirDispersionIsKnown() {
    int alarms = 0;
    for (int i = 0; i < 200_000; i++) {
      // 40 tokens of one step at a time: the variance is 40 times that of single ones
      surplus.update(at++, 40 * poisson(0.5), 20, 40, 2_000, 0, 0);
      if (surplus.isReached()) {
        alarms++;
        surplus.reset();
      }
    }

    assertThat(alarms).isLessThanOrEqualTo(1);
  }

  @Test
  void oneWildSampleIsNone() {
    surplus.update(at++, 1_000_000, USUAL, 1, 1_000_000, 1e6, 0.1);
    requests(0.01, 30);

    assertThat(surplus.isReached()).isFalse();
  }

  @Test
  void aModelThatHardlyAnybodyAsksIsNotReachedByItsFewSlowAnswers() {
    for (int i = 0; i < 6; i++) {
      surplus.update(at++, i % 3 == 0 ? 1 : 0, 0.01, 1, 1, 3, 0.1);
    }

    assertThat(surplus.isReached()).isFalse();
  }

  @Test
  void itIsOverOnceTheUsualRateIsLikelierAgain() {
    requests(0.05, 120);
    assertThat(surplus.isReached()).isTrue();
    surplus.open();
    requests(0.05, 100);
    assertThat(surplus.isOver()).isFalse();
    requests(0.01, 60);

    assertThat(surplus.isOver()).isTrue();
  }

  @Property(tries = 60)
  void theGreaterTheSurplusTheSoonerItIsReached(
      @ForAll @DoubleRange(min = 2, max = 20) double ratio,
      @ForAll @DoubleRange(min = 1, max = 3) double more,
      @ForAll @DoubleRange(min = 0.1, max = 100) double expected) {
    assertThat(samplesUntilReached(ratio * more, expected))
        .isLessThanOrEqualTo(samplesUntilReached(ratio, expected));
  }

  @Property(tries = 50)
  void aStateThatWentThroughBytesGoesOnAsTheOriginal(@ForAll @IntRange(min = 0, max = 200) int n) {
    surplus = new Surplus(14);
    requests(0.03, n);
    if (n % 2 == 1) {
      surplus.open();
    }
    Surplus copy = Copies.through(surplus, new Surplus(14));
    for (int i = 0; i < 80; i++) {
      int slow = poisson(1);
      surplus.update(at, slow, USUAL, 1.5, 20, slow, 0.1);
      copy.update(at++, slow, USUAL, 1.5, 20, slow, 0.1);
      assertThat(copy.isReached()).isEqualTo(surplus.isReached());
      assertThat(copy.isOver()).isEqualTo(surplus.isOver());
      assertThat(copy.since()).isEqualTo(surplus.since());
      assertThat(copy.addedToMean()).isEqualTo(surplus.addedToMean());
    }
    assertThat(Copies.bytes(surplus)).hasSizeLessThanOrEqualTo(71);
  }

  @Test
  void aSampleAllocatesNothing() {
    assertThat(
            Allocation.of(
                () -> {
                  for (int i = 0; i < 1_000; i++) {
                    surplus.update(i, i % 7, 3, 1.2, 100, i % 7, 0.1);
                  }
                }))
        .isZero();
  }

  private int samplesUntilReached(double ratio, double expected) {
    surplus = new Surplus(14);
    for (int i = 1; i < 2_000; i++) {
      surplus.update(i, ratio * expected, expected, 1, 100, 0, 0);
      if (surplus.isReached()) {
        return i;
      }
    }
    return Integer.MAX_VALUE;
  }

  private void requests(double share, int samples) {
    for (int i = 0; i < samples; i++) {
      int slow = poisson(20 * share);
      surplus.update(at++, slow, USUAL, 1, 20, slow, 0.1);
    }
  }

  /** Knuth's product of uniform numbers. */
  private int poisson(double mean) {
    double left = Math.exp(-mean);
    int count = 0;
    for (double product = random.nextDouble(); product > left; product *= random.nextDouble()) {
      count++;
    }
    return count;
  }
}
