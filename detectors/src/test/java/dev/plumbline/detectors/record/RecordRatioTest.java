package dev.plumbline.detectors.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.plumbline.detectors.Allocation;
import dev.plumbline.detectors.Copies;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class RecordRatioTest {
  private static final long ROW = 300_000;
  private static final long HOUR = 3_600_000;
  private static final double ALARM = 1.1;

  @Property(tries = 30)
  void theUnitOfTheSeriesDoesNotMatter(
      @ForAll @IntRange(min = 0, max = 10_000) int seed,
      @ForAll @IntRange(min = -20, max = 30) int power) {
    // powers of two, so that no rounding can send a value into another bin
    double scale = Math.pow(2, power);
    RecordRatio one = new RecordRatio();
    RecordRatio other = new RecordRatio();
    Random random = new Random(seed);
    for (int i = 0; i < 500; i++) {
      double value = 100 + 10 * random.nextGaussian() + (i == 400 ? 80 : 0);
      assertThat(other.update(i * ROW, value * scale))
          .isCloseTo(one.update(i * ROW, value), within(1e-6));
    }
  }

  @Property(tries = 30)
  void steadyNoiseAlarmsLessThanThriceInAThousandRows(
      @ForAll @IntRange(min = 0, max = 10_000) int seed, @ForAll("intervals") long interval) {
    RecordRatio detector = new RecordRatio();
    Random random = new Random(seed);
    int alarms = 0;
    for (int i = 0; i < 3_000; i++) {
      double surprise = detector.update(i * interval, 100 + 5 * random.nextGaussian());
      alarms += i >= 450 && surprise > ALARM ? 1 : 0;
    }
    assertThat(alarms).isLessThanOrEqualTo(9);
  }

  @Provide
  Arbitrary<Long> intervals() {
    return Arbitraries.of(15_000L, ROW, HOUR);
  }

  @Property(tries = 30)
  void aGreaterSpikeIsAtLeastAsSurprising(
      @ForAll @IntRange(min = 0, max = 10_000) int seed,
      @ForAll @DoubleRange(min = 50, max = 1_000) double spike) {
    assertThat(surpriseOf(seed, 2 * spike)).isGreaterThanOrEqualTo(surpriseOf(seed, spike));
  }

  @Test
  void aSpikeFarBeyondAllThatWasSeenIsAnAlarm() {
    assertThat(surpriseOf(7, 300)).isGreaterThan(ALARM);
  }

  @Property(tries = 30)
  void aStateThatWentThroughBytesGoesOnAsTheOriginal(
      @ForAll @IntRange(min = 0, max = 1_500) int at) {
    RecordRatio detector = new RecordRatio();
    Random random = new Random(at);
    for (int i = 0; i < at; i++) {
      detector.update(i * ROW, random.nextGaussian());
    }
    RecordRatio copy = Copies.through(detector, new RecordRatio());
    for (int i = at; i < at + 200; i++) {
      double value = 3 * random.nextGaussian();
      assertThat(copy.update(i * ROW, value)).isEqualTo(detector.update(i * ROW, value));
    }
    assertThat(Copies.bytes(copy)).hasSize(RecordRatio.BYTES);
  }

  @Test
  void aRowOfAnHourCountsByItselfAndARowOfAMinuteDoesNot() {
    assertThat(surpriseOfASecondSpike(HOUR)).isGreaterThan(1.5);
    assertThat(surpriseOfASecondSpike(60_000)).isLessThan(0.7);
  }

  @Test
  void whatComesEveryDayAtTheSameHourIsNoSurpriseInTheEnd() {
    RecordRatio detector = new RecordRatio();
    double first = 0;
    double eighth = 0;
    for (int row = 0; row < 8 * 288; row++) {
      boolean job = row % 288 >= 36 && row % 288 < 48;
      double surprise = detector.update(row * ROW, (job ? 400 : 100) + row % 7);
      first = row / 288 == 0 && job ? Math.max(first, surprise) : first;
      eighth = row / 288 == 7 && job ? Math.max(eighth, surprise) : eighth;
    }
    assertThat(eighth).isLessThan(0.5 * first).isLessThan(ALARM);
  }

  @Test
  void aLevelThatStaysIsTheNewNormal() {
    RecordRatio detector = fed(new RecordRatio(), 11, 600);
    Random random = new Random(12);
    double atOnce = 0;
    double later = 0;
    for (int i = 600; i < 3_600; i++) {
      double surprise = detector.update(i * ROW, 300 + 5 * random.nextGaussian());
      atOnce = i < 900 ? Math.max(atOnce, surprise) : atOnce;
      later = i > 3_000 ? Math.max(later, surprise) : later;
    }
    assertThat(atOnce).isGreaterThan(ALARM);
    assertThat(later).isLessThan(ALARM);
  }

  @Test
  void nothingIsAllocatedForARow() {
    RecordRatio detector = fed(new RecordRatio(), 5, 100);

    assertThat(Allocation.of(() -> repeat(detector, 5_000))).isLessThan(5_000);
  }

  @Test
  void aValueThatIsNoneChangesNothing() {
    RecordRatio detector = fed(new RecordRatio(), 3, 100);
    byte[] before = Copies.bytes(detector);

    assertThat(detector.update(100 * ROW, Double.NaN)).isNaN();
    assertThat(detector.update(100 * ROW, Double.NEGATIVE_INFINITY)).isNaN();
    assertThat(Copies.bytes(detector)).isEqualTo(before);
  }

  @Test
  void nothingIsSaidOfTheFirstTenRows() {
    RecordRatio detector = new RecordRatio();
    Random random = new Random(1);
    for (int i = 0; i < RecordRatio.LEARNING_ROWS; i++) {
      assertThat(detector.learning()).isTrue();
      assertThat(detector.update(i * ROW, random.nextDouble())).isZero();
    }
    assertThat(detector.learning()).isFalse();
  }

  @Test
  void constantsGapsAndClocksThatStandStillStayFinite() {
    RecordRatio detector = new RecordRatio();
    for (int i = 0; i < 200; i++) {
      assertThat(detector.update(0, 0)).isFinite().isLessThan(ALARM);
    }
    assertThat(detector.update(1_000L * 86_400_000, 0)).isFinite();
    assertThat(detector.update(5, Double.MAX_VALUE / 4)).isFinite();
    assertThat(detector.update(6, -1)).isFinite();
  }

  @Test
  void stateOfAnUnknownVersionIsRefused() {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(new byte[] {9}));

    assertThatThrownBy(() -> new RecordRatio().read(in))
        .isInstanceOf(IOException.class)
        .hasMessage("state of version 9 can't be read: this build knows version 1");
  }

  private static double surpriseOf(int seed, double spike) {
    RecordRatio detector = fed(new RecordRatio(), seed, 600);
    return detector.update(600 * ROW, 100 + spike);
  }

  private static double surpriseOfASecondSpike(long interval) {
    RecordRatio detector = new RecordRatio();
    Random random = new Random(3);
    double last = 0;
    for (int i = 0; i <= 700; i++) {
      boolean spike = i == 600 || i == 700;
      last = detector.update(i * interval, 100 + 5 * random.nextGaussian() + (spike ? 80 : 0));
    }
    return last;
  }

  private static RecordRatio fed(RecordRatio detector, int seed, int rows) {
    Random random = new Random(seed);
    for (int i = 0; i < rows; i++) {
      detector.update(i * ROW, 100 + 5 * random.nextGaussian());
    }
    return detector;
  }

  private static void repeat(RecordRatio detector, int rows) {
    for (int i = 0; i < rows; i++) {
      detector.update((100 + i) * ROW, i % 17);
    }
  }
}
