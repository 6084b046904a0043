package dev.plumbline.detectors.load;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.detectors.Allocation;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Samples in deviations; one of them is a tenth. */
class ShiftTest {
  private final Shift shift = new Shift(0.5, 10);
  private long at;

  @Test
  void aLargeShiftIsReachedAtItsThirdSampleAndDatedFromItsFirst() {
    samples(-0.1, 20);
    samples(8, 2);
    assertThat(shift.isReached()).isFalse();
    samples(8, 1);

    assertThat(shift.isReached()).isTrue();
    assertThat(shift.since()).isEqualTo(20);
  }

  @Test
  void oneWildSampleIsNoShift() {
    samples(1_000, 1);
    samples(0, 10);

    assertThat(shift.isReached()).isFalse();
  }

  @Test
  void aSmallShiftIsReachedAfterManySamples() {
    samples(1.5, 9);
    assertThat(shift.isReached()).isFalse();
    samples(1.5, 1);

    assertThat(shift.isReached()).isTrue();
    assertThat(shift.excess()).isBetween(0.15, 0.17);
  }

  @Test
  void itIsOverOnceSamplesAreNearerToWhatIsExpectedThanToTheShift() {
    samples(3, 5);
    shift.open();
    samples(2.5, 20);
    assertThat(shift.isOver()).isFalse();
    samples(0, 6);

    assertThat(shift.isOver()).isTrue();
  }

  @Test
  void whatComesAndGoesOscillates() {
    for (int i = 0; i < 5; i++) {
      samples(4, 3);
      samples(0, 3);
    }

    assertThat(shift.isReached()).isTrue();
    assertThat(shift.oscillates()).isTrue();
  }

  @Test
  void whatComesAndGoesSlowlyOscillatesEvenIfItIsNoisy() {
    Random random = new Random(6);
    for (int i = 0; i < 60; i++) {
      shift.update(at++, (i % 10 < 4 ? 2.8 : 0.2) + 0.8 * random.nextGaussian(), 0.1, 1);
    }

    assertThat(shift.isReached()).isTrue();
    assertThat(shift.oscillates()).isTrue();
  }

  @Test
  void aNoisyLevelDoesNotOscillate() {
    Random random = new Random(4);
    for (int i = 0; i < 60; i++) {
      shift.update(at++, 1.2 + random.nextGaussian(), 0.1, 1);
      assertThat(shift.oscillates()).isFalse();
    }

    assertThat(shift.isReached()).isTrue();
  }

  @Test
  void noiseIsReachedRarely() {
    Random random = new Random(11);
    int alarms = 0;
    for (int i = 0; i < 200_000; i++) {
      shift.update(at++, random.nextGaussian(), 0, 1);
      if (shift.isReached()) {
        alarms++;
        shift.reset();
      }
    }

    // exp(2 * 0.5 * 10) = 22,000 samples between two of them
    assertThat(alarms).isLessThanOrEqualTo(12);
  }

  @Property(tries = 60)
  void theGreaterTheShiftTheSoonerItIsReached(
      @ForAll @IntRange(min = 1, max = 10_000) int seed,
      @ForAll @DoubleRange(min = 0.8, max = 4) double deviations,
      @ForAll @DoubleRange(min = 0, max = 3) double more) {
    assertThat(samplesUntilReached(seed, deviations + more))
        .isLessThanOrEqualTo(samplesUntilReached(seed, deviations));
  }

  @Test
  void aSampleAllocatesNothing() {
    assertThat(Allocation.of(() -> samples(at % 3 - 1, 1_000))).isZero();
  }

  @Property(tries = 50)
  void aStateThatWentThroughBytesGoesOnAsTheOriginal(@ForAll @IntRange(min = 0, max = 60) int n)
      throws IOException {
    Random random = new Random(n);
    Shift one = new Shift(0.5, 10);
    for (int i = 0; i < n; i++) {
      one.update(i, 2 * random.nextGaussian() + 1, 0.1, 3);
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    one.write(new DataOutputStream(bytes));
    Shift other = new Shift(0.5, 10);
    other.read(new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));
    for (int i = 0; i < 20; i++) {
      double z = 2 * random.nextGaussian() + 1;
      one.update(n + i, z, 0.1, 3);
      other.update(n + i, z, 0.1, 3);
      assertThat(other.isReached()).isEqualTo(one.isReached());
      assertThat(other.score()).isEqualTo(one.score());
      assertThat(other.since()).isEqualTo(one.since());
    }
    assertThat(bytes.size()).isLessThanOrEqualTo(80);
  }

  private static int samplesUntilReached(int seed, double deviations) {
    Random random = new Random(seed);
    Shift shift = new Shift(0.5, 10);
    for (int i = 1; i < 2_000; i++) {
      shift.update(i, deviations + random.nextGaussian(), 0.1, 1);
      if (shift.isReached()) {
        return i;
      }
    }
    return Integer.MAX_VALUE;
  }

  private void samples(double z, int n) {
    for (int i = 0; i < n; i++) {
      shift.update(at++, z, z / 10, 1);
    }
  }
}
