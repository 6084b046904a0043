package dev.plumbline.detectors.tail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.plumbline.detectors.Allocation;
import dev.plumbline.detectors.Copies;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class SlowShareTest {
  private final SlowShare slow = new SlowShare();
  private final Random random = new Random(3);

  @Test
  void itIsBelievedOnceItRestsOnEnoughValues() {
    scrapes(9, 0.05, 1);
    assertThat(slow.knows(0.5)).isFalse();
    scrapes(3, 0.05, 1);

    assertThat(slow.knows(0.5)).isTrue();
    assertThat(slow.knows(1)).isFalse();
  }

  @Test
  void theShareIsWhatWasSeenAndNeverNone() {
    scrapes(100, 0.05, 1);

    assertThat(slow.share(0.5, 1)).isBetween(0.04, 0.065);
    slow.learn(1, 1, 0, 1_000);
    assertThat(slow.share(1, 1)).isBetween(0.0005, 0.0015);
  }

  @Test
  void whatComesOneByOneHasTheDispersionOfChance() {
    scrapes(400, 0.05, 1);

    assertThat(slow.dispersion(20)).isBetween(1.0, 1.6);
  }

  @Test
  void whatComesTogetherHasTheDispersionOfItsClumps() {
    scrapes(400, 0.05, 10);

    assertThat(slow.dispersion(200)).isBetween(4.0, 16.0);
  }

  @Test
  void aShareThatGrowsWithTheLoadIsExpectedToGrow() {
    for (int i = 0; i < 200; i++) {
      double load = 1 + random.nextDouble();
      slow.learn(0.5, load, 1_000 * 0.02 * load, 1_000);
    }

    assertThat(slow.share(0.5, 1)).isBetween(0.018, 0.024);
    assertThat(slow.share(0.5, 2)).isBetween(0.036, 0.042);
  }

  @Test
  void aShareThatFallsWithTheLoadIsNotBelievedTo() {
    for (int i = 0; i < 200; i++) {
      slow.learn(0.5, i % 2, i % 2 == 0 ? 20 : 10, 1_000);
    }

    assertThat(slow.share(0.5, 3)).isCloseTo(slow.share(0.5, 0), within(1e-9));
  }

  @Property(tries = 100)
  void anyUnitOfTheLoadGivesTheSameShare(@ForAll @DoubleRange(min = 0.01, max = 100) double unit) {
    SlowShare one = new SlowShare();
    SlowShare other = new SlowShare();
    for (int i = 0; i < 50; i++) {
      double load = 1 + random.nextDouble();
      int above = random.nextInt(40);
      one.learn(0.5, load, above, 400);
      other.learn(0.5, load * unit, above, 400);
    }

    assertThat(other.share(0.5, 1.5 * unit)).isCloseTo(one.share(0.5, 1.5), within(1e-4));
  }

  @Test
  void aFifthBoundTakesThePlaceOfTheOneThatRestsOnLeast() {
    for (double bound : new double[] {1, 2, 3, 4}) {
      slow.learn(bound, 1, 10, bound == 3 ? 250 : 1_000);
    }
    slow.learn(5, 1, 10, 1_000);

    assertThat(slow.knows(3)).isFalse();
    assertThat(slow.knows(1)).isTrue();
    assertThat(slow.knows(5)).isTrue();
  }

  @Property(tries = 50)
  void aStateThatWentThroughBytesGoesOnAsTheOriginal(@ForAll @IntRange(min = 0, max = 200) int n) {
    scrapes(n, 0.1, 3);
    SlowShare copy = Copies.through(slow, new SlowShare());
    for (int i = 0; i < 20; i++) {
      int above = random.nextInt(10);
      slow.learn(0.5, 1, above, 60);
      copy.learn(0.5, 1, above, 60);
      assertThat(copy.share(0.5, 1)).isEqualTo(slow.share(0.5, 1));
      assertThat(copy.dispersion(60)).isEqualTo(slow.dispersion(60));
    }
    assertThat(Copies.bytes(slow)).hasSizeLessThanOrEqualTo(105);
  }

  @Test
  void aSampleAllocatesNothing() {
    assertThat(
            Allocation.of(
                () -> {
                  for (int i = 0; i < 1_000; i++) {
                    slow.learn(1 + i % 5, i % 11, i % 7, 100);
                  }
                }))
        .isZero();
  }

  /** Scrapes of twenty events, each of which stands for so many values. */
  private void scrapes(int count, double share, int together) {
    for (int i = 0; i < count; i++) {
      int above = 0;
      for (int j = 0; j < 20; j++) {
        above += random.nextDouble() < share ? together : 0;
      }
      slow.learnDispersion(above, 20 * together * share);
      slow.learn(0.5, 1, above, 20 * together);
    }
  }
}
