package dev.plumbline.detectors.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.plumbline.detectors.Allocation;
import dev.plumbline.detectors.Copies;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleSupplier;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ChangePointTest {

  @Test
  void aStepIsAcceptedSoonAndDatedToItsFirstRow() {
    Random random = new Random(3);
    ChangePoint detector = new ChangePoint();
    assertThat(changes(detector, random::nextGaussian, 200)).isEmpty();

    List<Change> changes = changes(detector, () -> 4 + random.nextGaussian(), 20);

    assertThat(changes)
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it.row).isBetween(ChangePoint.LEAST - 1, 14);
              assertThat(it.began).isBetween(-1, 1);
            });
    assertThat(detector.level()).isCloseTo(4, within(1.0));
  }

  @Test
  void anAcceptedLevelIsTheNewNormalAndTheWayBackIsAChangeToo() {
    Random random = new Random(4);
    ChangePoint detector = new ChangePoint();
    changes(detector, random::nextGaussian, 200);
    changes(detector, () -> 6 + random.nextGaussian(), 200);

    assertThat(changes(detector, () -> 6 + random.nextGaussian(), 500)).isEmpty();
    assertThat(changes(detector, random::nextGaussian, 100)).hasSize(1);
  }

  @Property(tries = 10)
  void steadyNoiseIsCutLessThanOnceInTenThousandRows(
      @ForAll @IntRange(min = 0, max = 100_000) int seed) {
    Random random = new Random(seed);
    assertThat(cutsOfNewSeries(random::nextGaussian, 100, 500)).isLessThanOrEqualTo(5);
    assertThat(cutsOfNewSeries(() -> heavyTailed(random), 100, 500)).isLessThanOrEqualTo(5);
  }

  @Test
  void aWanderingSeriesIsCutAtMostTwiceInTenThousandRows() {
    Random random = new Random(8);
    double[] at = new double[1];
    DoubleSupplier wandering = () -> at[0] = 0.9 * at[0] + random.nextGaussian();

    assertThat(cutsOfNewSeries(wandering, 20, 5_000)).isLessThanOrEqualTo(20);
  }

  @Test
  void oneFarValueIsNoChange() {
    Random random = new Random(5);
    ChangePoint detector = new ChangePoint();
    changes(detector, random::nextGaussian, 500);
    List<Change> changes = changes(detector, () -> 1e6, 1);
    changes.addAll(changes(detector, random::nextGaussian, 500));

    assertThat(changes).isEmpty();
  }

  @Property(tries = 30)
  void aGreaterStepIsNeverAcceptedLater(
      @ForAll @IntRange(min = 0, max = 10_000) int seed,
      @ForAll @DoubleRange(min = 2, max = 50) double step) {
    int lesser = rowsUntilAccepted(seed, step);

    assertThat(rowsUntilAccepted(seed, 2 * step))
        .isLessThanOrEqualTo(Math.max(ChangePoint.LEAST, lesser));
  }

  @Property(tries = 30)
  void unitAndZeroOfTheSeriesDoNotMatter(
      @ForAll @IntRange(min = 0, max = 10_000) int seed,
      @ForAll @IntRange(min = -20, max = 20) int power,
      @ForAll @IntRange(min = -1_000, max = 1_000) int zero) {
    double unit = Math.pow(2, power);
    Random random = new Random(seed);
    ChangePoint one = new ChangePoint();
    ChangePoint other = new ChangePoint();
    for (int i = 0; i < 400; i++) {
      double value = random.nextInt(100) + (i > 250 ? 80 : 0);
      assertThat(other.update((value + zero) * unit)).isCloseTo(one.update(value), within(1e-6));
    }
  }

  @Property(tries = 30)
  void aStateThatWentThroughBytesGoesOnAsTheOriginal(
      @ForAll @IntRange(min = 0, max = 2_000) int rows) {
    Random random = new Random(rows);
    ChangePoint detector = new ChangePoint();
    changes(detector, random::nextGaussian, rows);
    ChangePoint copy = Copies.through(detector, new ChangePoint());
    assertThat(Copies.bytes(detector)).hasSize(ChangePoint.BYTES);
    for (int i = 0; i < 200; i++) {
      double value = (i < 100 ? 1 : 5) + random.nextGaussian();
      assertThat(copy.update(value)).isEqualTo(detector.update(value));
      assertThat(copy.since()).isEqualTo(detector.since());
    }
  }

  @Test
  void aLongPastIsForgottenAndNotAddedUp() {
    Random random = new Random(6);
    ChangePoint detector = new ChangePoint();

    assertThat(changes(detector, random::nextGaussian, 100_000)).isEmpty();
    assertThat(Copies.bytes(detector)).hasSize(ChangePoint.BYTES);
    assertThat(changes(detector, () -> 3 + random.nextGaussian(), 60)).hasSize(1);
  }

  @Test
  void constantsAndTheGreatestValuesStayFinite() {
    ChangePoint detector = new ChangePoint();
    for (int i = 0; i < 300; i++) {
      assertThat(detector.update(7)).isZero();
    }
    for (double value : new double[] {Double.MAX_VALUE, -Double.MAX_VALUE, Double.MIN_VALUE, 0}) {
      for (int i = 0; i < 30; i++) {
        assertThat(detector.update(value)).isFinite();
      }
    }
  }

  @Test
  void aValueThatIsNoneIsPassedOver() {
    ChangePoint detector = new ChangePoint();
    changes(detector, new Random(7)::nextGaussian, 50);
    byte[] before = Copies.bytes(detector);

    assertThat(detector.update(Double.NaN)).isNaN();
    assertThat(detector.update(Double.POSITIVE_INFINITY)).isNaN();
    assertThat(Copies.bytes(detector)).isEqualTo(before);
  }

  @Test
  void itLearnsForTwentyRows() {
    ChangePoint detector = new ChangePoint();
    assertThat(detector.level()).isNaN();
    for (int i = 0; i < ChangePoint.LEARNING_ROWS; i++) {
      assertThat(detector.learning()).isTrue();
      detector.update(i % 2);
    }
    assertThat(detector.learning()).isFalse();
  }

  @Test
  void nothingIsAllocatedForARow() {
    ChangePoint detector = new ChangePoint();

    assertThat(Allocation.of(() -> repeat(detector, 5_000))).isLessThan(5_000);
  }

  @Test
  void stateOfAnUnknownVersionIsRefused() {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(new byte[] {9}));

    assertThatThrownBy(() -> new ChangePoint().read(in))
        .isInstanceOf(IOException.class)
        .hasMessage("state of version 9 can't be read: this build knows version 1");
  }

  private record Change(int row, int began) {}

  private static List<Change> changes(ChangePoint detector, DoubleSupplier series, int rows) {
    List<Change> changes = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      detector.update(series.getAsDouble());
      if (detector.since() > 0) {
        changes.add(new Change(row, row + 1 - detector.since()));
      }
    }
    return changes;
  }

  private static int rowsUntilAccepted(int seed, double step) {
    Random random = new Random(seed);
    ChangePoint detector = new ChangePoint();
    changes(detector, random::nextGaussian, 300);
    List<Change> changes = changes(detector, () -> step + random.nextGaussian(), 100);
    return changes.isEmpty() ? 100 : changes.get(0).row;
  }

  private static void repeat(ChangePoint detector, int rows) {
    for (int i = 0; i < rows; i++) {
      detector.update(i % 17);
    }
  }

  private static int cutsOfNewSeries(DoubleSupplier noise, int series, int rows) {
    int cuts = 0;
    for (int i = 0; i < series; i++) {
      cuts += changes(new ChangePoint(), noise, rows).size();
    }
    return cuts;
  }

  /** Student's t with 3 degrees of freedom. */
  private static double heavyTailed(Random random) {
    double squares = 0;
    for (int i = 0; i < 3; i++) {
      squares += square(random.nextGaussian());
    }
    return random.nextGaussian() / Math.sqrt(squares / 3);
  }

  private static double square(double x) {
    return x * x;
  }
}
