package dev.plumbline.detectors.tail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.detectors.Allocation;
import dev.plumbline.detectors.Copies;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class BucketsTest {
  private static final List<Double> BOUNDS = List.of(0.1, 0.5, 1.0, 5.0);

  private final Buckets buckets = new Buckets();
  private final Rise rise = new Rise();

  @Test
  void theFirstScrapeTellsNothingAndTheNextWhatWasCountedSince() {
    assertThat(buckets.advance(BOUNDS, counts(10, 90, 95, 99, 100), rise)).isFalse();
    assertThat(buckets.advance(BOUNDS, counts(15, 110, 117, 122, 125), rise)).isTrue();

    assertThat(rise.total()).isEqualTo(25);
    assertThat(rise.boundFrom(0.3)).isEqualTo(0.5);
    assertThat(rise.boundFrom(0.5)).isEqualTo(0.5);
    assertThat(rise.boundFrom(6)).isNaN();
    assertThat(rise.above(0.5)).isEqualTo(5);
    // two around 0.7, one around 2.2, two beyond the last bound
    assertThat(rise.sumAbove(0.5)).isBetween(13.6, 13.7);
  }

  @Test
  void countsThatBeginAnewTellNothing() {
    buckets.advance(BOUNDS, counts(10, 90, 95, 99, 100), rise);

    assertThat(buckets.advance(BOUNDS, counts(1, 2, 2, 2, 2), rise)).isFalse();
    assertThat(buckets.advance(BOUNDS, counts(2, 4, 4, 4, 4), rise)).isTrue();
    assertThat(rise.total()).isEqualTo(2);
  }

  @Test
  void otherBoundsTellNothingAndAreGoneOnWith() {
    List<Double> others = List.of(0.2, 0.4);
    buckets.advance(BOUNDS, counts(10, 90, 95, 99, 100), rise);

    assertThat(buckets.advance(others, counts(20, 90, 120), rise)).isFalse();
    assertThat(buckets.advance(others, counts(21, 92, 125), rise)).isTrue();
    assertThat(rise.above(0.2)).isEqualTo(4);
  }

  @Test
  void countsThatAreNoNumbersOrFallFromBoundToBoundTellNothing() {
    buckets.advance(BOUNDS, counts(10, 90, 95, 99, 100), rise);

    assertThat(buckets.advance(BOUNDS, counts(20, 95, Double.NaN, 110, 120), rise)).isFalse();
    assertThat(buckets.advance(BOUNDS, counts(30, 20, 10, 5, 1e300), rise)).isFalse();
  }

  @Test
  void aHistogramWithoutBoundsTellsNothing() {
    buckets.advance(List.of(), counts(10), rise);

    assertThat(buckets.advance(List.of(), counts(20), rise)).isFalse();
  }

  @Test
  void ofVeryManyBoundsTheGreatestIsStillThere() {
    List<Double> many = new ArrayList<>();
    for (int i = 1; i <= 500; i++) {
      many.add(i / 10.0);
    }
    buckets.advance(many, Collections.nCopies(501, 0.0), rise);
    buckets.advance(many, Collections.nCopies(501, 7.0), rise);

    assertThat(rise.boundFrom(49.9)).isEqualTo(50);
    assertThat(rise.total()).isEqualTo(7);
    assertThat(Copies.bytes(buckets)).hasSizeLessThanOrEqualTo(6 + Buckets.MOST + 1);
  }

  @Property(tries = 100)
  void anyUnitOfTimeGivesTheSameShares(
      @ForAll @IntRange(min = 0, max = 10_000) int seed,
      @ForAll @DoubleRange(min = 0.01, max = 100) double unit) {
    Random random = new Random(seed);
    List<Double> scaled = BOUNDS.stream().map(it -> it * unit).toList();
    Buckets ones = new Buckets();
    Buckets others = new Buckets();
    Rise other = new Rise();
    List<Double> now = counts(0, 0, 0, 0, 0);
    for (int i = 0; i < 5; i++) {
      now = more(now, random);
      assertThat(others.advance(scaled, now, other)).isEqualTo(ones.advance(BOUNDS, now, rise));
    }
    assertThat(other.above(scaled.get(1))).isEqualTo(rise.above(0.5));
  }

  @Property(tries = 100)
  void aStateThatWentThroughBytesGoesOnAsTheOriginal(
      @ForAll @IntRange(min = 0, max = 10_000) int seed) {
    Random random = new Random(seed);
    Buckets one = new Buckets();
    List<Double> now = counts(0, 0, 0, 0, 0);
    for (int i = 0; i < seed % 7; i++) {
      now = more(now, random);
      one.advance(BOUNDS, now, rise);
    }
    Buckets copy = Copies.through(one, new Buckets());
    Rise other = new Rise();
    List<Double> next = more(now, random);

    assertThat(copy.advance(BOUNDS, next, other)).isEqualTo(one.advance(BOUNDS, next, rise));
    assertThat(other.total()).isEqualTo(rise.total());
    assertThat(other.above(0.5)).isEqualTo(rise.above(0.5));
  }

  @Test
  void aScrapeAllocatesNothingWhileTheBoundsStay() {
    List<Double> now = counts(10, 90, 95, 99, 100);

    assertThat(
            Allocation.of(
                () -> {
                  for (int i = 0; i < 1_000; i++) {
                    buckets.advance(BOUNDS, now, rise);
                  }
                }))
        .isZero();
  }

  private static List<Double> more(List<Double> before, Random random) {
    Double[] now = new Double[before.size()];
    double added = 0;
    for (int i = 0; i < now.length; i++) {
      added += random.nextInt(1_000);
      now[i] = before.get(i) + added;
    }
    return Arrays.asList(now);
  }

  private static List<Double> counts(double... counts) {
    return Arrays.stream(counts).boxed().toList();
  }
}
