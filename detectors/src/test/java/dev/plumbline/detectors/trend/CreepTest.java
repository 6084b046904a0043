package dev.plumbline.detectors.trend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plumbline.detectors.Allocation;
import dev.plumbline.detectors.Copies;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Scale;
import org.junit.jupiter.api.Test;

class CreepTest {
  private static final double BASE = 5e9;

  /** Monday. */
  private static final long START = 1_762_128_000_000L;

  private static final DoubleUnaryOperator SOME_LOAD = hour -> 40;

  @Property(tries = 60, seed = "11")
  void aLeakIsFoundSoonAfterItAddedUpToATenth(
      @ForAll @IntRange(min = 0, max = 10_000) int seed,
      @ForAll @DoubleRange(min = 0.008, max = 0.1) @Scale(4) double perHour,
      @ForAll @IntRange(min = 9, max = 40) int from,
      @ForAll @IntRange(min = 15, max = 1_800) int interval) {
    double hours =
        found(
            seed,
            from + 40,
            interval,
            hour -> BASE * (1 + perHour * Math.max(0, hour - from)),
            0.004,
            SOME_LOAD);

    assertThat(hours - from).isBetween(1.0, 4 + 1.7 * 0.1 / perHour);
  }

  @Test
  void aFasterLeakIsFoundNoLater() {
    double before = Double.POSITIVE_INFINITY;
    for (double perHour = 0.006; perHour < 0.2; perHour *= 1.3) {
      double growth = perHour;
      double hours =
          found(1, 80, 300, hour -> BASE * (1 + growth * Math.max(0, hour - 20)), 0.003, SOME_LOAD);
      assertThat(hours).isLessThanOrEqualTo(before + 0.5);
      before = hours;
    }
    assertThat(before).isLessThan(23);
  }

  @Test
  void aLeakThatBeganWithTheProcessIsFoundWhenItOutlastsAnyWarmUp() {
    double hours = found(1, 60, 300, hour -> BASE * (1 + 0.02 * hour), 0.003, SOME_LOAD);

    assertThat(hours).isBetween(10.0, 16.0);
  }

  @Property(tries = 60, seed = "11")
  void aWarmUpIsNone(
      @ForAll @IntRange(min = 0, max = 10_000) int seed,
      @ForAll @DoubleRange(min = 0.1, max = 10) @Scale(4) double hours,
      @ForAll @DoubleRange(min = 0.1, max = 2) @Scale(4) double part) {
    DoubleUnaryOperator warm = hour -> BASE * (1 + part * (1 - Math.exp(-hour / hours)));

    assertThat(found(seed, 96, 600, warm, 0.003, SOME_LOAD)).isInfinite();
  }

  @Property(tries = 60, seed = "11")
  void aDailyAndWeeklyRhythmIsNone(
      @ForAll @IntRange(min = 0, max = 10_000) int seed,
      @ForAll @DoubleRange(min = 0.05, max = 0.6) @Scale(4) double part,
      @ForAll @DoubleRange(min = 0, max = 24) @Scale(4) double phase,
      @ForAll boolean knowsLoad) {
    DoubleUnaryOperator day =
        hour -> {
          boolean weekend = (int) (hour / 24) % 7 >= 5;
          double shape = 0.5 + 0.5 * Math.sin((hour - phase) / 24 * 2 * Math.PI);
          return (weekend ? 0.25 : 1) * shape;
        };

    assertThat(
            found(
                seed,
                15 * 24,
                600,
                hour -> BASE * (1 + part * day.applyAsDouble(hour)),
                0.004,
                knowsLoad ? hour -> 5 + 40 * day.applyAsDouble(hour) : null))
        .isInfinite();
  }

  @Property(tries = 60, seed = "11")
  void aStepIsNone(
      @ForAll @IntRange(min = 0, max = 10_000) int seed,
      @ForAll @DoubleRange(min = 0.1, max = 3) @Scale(4) double part) {
    DoubleUnaryOperator step = hour -> hour < 20 ? BASE : BASE * (1 + part);

    assertThat(found(seed, 72, 600, step, 0.004, SOME_LOAD)).isInfinite();
  }

  /** 800 weeks of noise of 0.1 to 30 % a sample. */
  @Test
  void steadyNoiseCreepsNoMoreThanOnceIn400Weeks() {
    int creeps = 0;
    for (int seed = 0; seed < 200; seed++) {
      double noise = 0.001 * Math.pow(300, seed / 199.0);
      creeps += Double.isFinite(found(seed, 28 * 24, 900, hour -> BASE, noise, SOME_LOAD)) ? 1 : 0;
    }
    assertThat(creeps).isLessThanOrEqualTo(2);
  }

  /**
   * 100 weeks of a level that wanders by 12 %, drawn back within five hours: once in 16 at most.
   */
  @Test
  void aLevelThatWandersWidelyCreepsHardlyEver() {
    int creeps = 0;
    for (int seed = 0; seed < 50; seed++) {
      Random random = new Random(seed);
      double[] at = new double[1];
      DoubleUnaryOperator wandering =
          hour -> BASE * Math.exp(at[0] = 0.95 * at[0] + 0.0375 * random.nextGaussian());
      creeps += Double.isFinite(found(seed, 14 * 24, 900, wandering, 0, SOME_LOAD)) ? 1 : 0;
    }
    assertThat(creeps).isLessThanOrEqualTo(6);
  }

  @Test
  void aSlowLeakIsFoundOverDaysThroughTheRhythm() {
    double hours =
        found(
            1,
            14 * 24,
            900,
            hour -> BASE * (1 + 0.025 * hour / 24 + 0.1 * Math.sin(hour * Math.PI / 12)),
            0.004,
            hour -> 20 + 10 * Math.sin(hour * Math.PI / 12));

    assertThat(hours).isBetween(6.0 * 24, 9.0 * 24);
  }

  @Test
  void loadThatRisesWithItExplainsIt() {
    DoubleUnaryOperator level = hour -> BASE * (1 + 0.03 * Math.max(0, hour - 12));

    assertThat(found(1, 22, 600, level, 0.003, hour -> 10 + 3 * hour)).isInfinite();
    assertThat(found(1, 22, 600, level, 0.003, SOME_LOAD)).isFinite();
  }

  @Test
  void leaksThatRestartsHideAreASawtooth() {
    Creep creep = new Creep();
    Random random = new Random(2);
    for (int i = 0; i < 4 * 5 * 12; i++) {
      double hour = i / 12.0 % 5;
      creep.update(START + i * 300_000L, BASE * (1 + 0.12 * hour + 0.003 * random.nextGaussian()));
    }

    assertThat(creep.isSawtooth()).isTrue();
    assertThat(creep.runs()).isEqualTo(3);
  }

  @Property(tries = 40, seed = "11")
  void aRhythmIsNoneWhereSparseLoadHidesItAndRestartsForgetIt(
      @ForAll @IntRange(min = 0, max = 10_000) int seed,
      @ForAll @DoubleRange(min = 0.05, max = 0.4) @Scale(4) double part,
      @ForAll @DoubleRange(min = 0, max = 24) @Scale(4) double phase) {
    Creep creep = new Creep();
    Random random = new Random(seed);
    double counter = 0;
    for (int i = 0; i < 14 * 24 * 12; i++) {
      double hour = i / 12.0;
      if (i % 288 == 36) {
        creep.restart();
      }
      double day = 0.5 + 0.5 * Math.sin((hour - phase) * Math.PI / 12);
      counter += random.nextDouble() < 0.05 * (0.2 + day) ? 500 : 0;
      double value = BASE * (1 + part * day) * (1 + 0.003 * random.nextGaussian());
      if (creep.update(START + i * 300_000L, value, counter)) {
        assertThat(creep.judge(null)).as("hour %.1f", hour).isNull();
      }
    }
  }

  @Property(tries = 40, seed = "11")
  void whatRisesEachMorningIsNoneThoughANightlyRestartForgetsTheDayBefore(
      @ForAll @IntRange(min = 0, max = 10_000) int seed,
      @ForAll @DoubleRange(min = 0.12, max = 0.2) @Scale(4) double part,
      @ForAll @DoubleRange(min = 4, max = 7) @Scale(4) double hoursUp) {
    Creep creep = new Creep();
    Random random = new Random(seed);
    for (int i = 0; i < 8 * 24 * 12; i++) {
      double hour = i / 12.0;
      if (i % 288 == 0) {
        creep.restart();
      }
      // the cache fills while the evening's load falls, and it is level all night
      double filled = Math.min(1, (hour % 24) / 2);
      double morning = Math.max(0, Math.min(1, (hour % 24 - 12) / hoursUp));
      double evening = Math.max(0, hour % 24 - 12 - hoursUp) / (12 - hoursUp);
      double value = BASE * (1 + 0.05 * filled + part * morning - 0.018 * evening);
      boolean closed =
          creep.update(START + i * 300_000L, value * (1 + 0.002 * random.nextGaussian()));
      if (closed && hour > 48) {
        assertThat(creep.judge(null)).as("hour %.1f", hour).isNull();
      }
    }
  }

  @Test
  void warmUpsAfterRestartsAreNoSawtooth() {
    Creep creep = new Creep();
    Random random = new Random(2);
    for (int i = 0; i < 6 * 8 * 12; i++) {
      double hour = i / 12.0 % 8;
      double warm = 0.6 * (1 - Math.exp(-hour / 1.5));
      creep.update(START + i * 300_000L, BASE * (1 + warm + 0.003 * random.nextGaussian()));
      assertThat(creep.judge(null)).isNull();
    }
    assertThat(creep.isSawtooth()).isFalse();
  }

  @Test
  void aLeakIsToldSoonerAfterARestartThatItOutlived() {
    Creep creep = new Creep();
    double again = Double.NaN;
    for (int i = 0; i < 60 * 12; i++) {
      double hour = i / 12.0;
      if (i == 36 * 12) {
        creep.restart();
      }
      double level = hour < 36 ? Math.max(0, hour - 12) : hour - 36;
      creep.update(START + i * 300_000L, BASE * (1 + 0.03 * level), 1000.0 * i);
      if (hour > 36 && Double.isNaN(again) && creep.judge(null) != null) {
        again = hour - 36;
      }
    }
    assertThat(again).isBetween(3.0, 5.0);
  }

  @Test
  void aRiseThatAllShareIsNoCreepUnlessNothingExplainsIt() {
    assertThat(firstOfThree(new double[] {0.008, 0.008, 0.008}, false, 16)).isInfinite();
    assertThat(firstOfThree(new double[] {0.03, 0, 0}, false, 16)).isLessThan(6);
    assertThat(firstOfThree(new double[] {0, 0.03, 0}, false, 30)).isInfinite();
    assertThat(firstOfThree(new double[] {0.03, 0.03, 0.03}, true, 30)).isBetween(5.0, 16.0);
  }

  @Property(tries = 40, seed = "11")
  void aCacheThatFillsAfterEachNightsRestartIsNoneBesidePeersThatFollowTheDay(
      @ForAll @IntRange(min = 0, max = 10_000) int seed,
      @ForAll @DoubleRange(min = 1, max = 8) @Scale(4) double hoursToFill,
      @ForAll @DoubleRange(min = 0.05, max = 0.4) @Scale(4) double cache,
      @ForAll @DoubleRange(min = 0, max = 24) @Scale(4) double phase) {
    Peers peers = new Peers();
    Creep[] creeps = {new Creep(), new Creep(), new Creep()};
    Random random = new Random(seed);
    for (int i = 0; i < 6 * 24 * 12; i++) {
      double hour = i / 12.0;
      if (i % 288 == 0) {
        creeps[0].restart();
      }
      double day = 0.05 * (1 + Math.sin((hour - phase) * Math.PI / 12));
      for (int m = 0; m < 3; m++) {
        double filled = m == 0 ? 1 - Math.exp(-(hour % 24) / hoursToFill) : 1;
        double value = BASE * (1 + day + cache * filled) * (1 + 0.002 * random.nextGaussian());
        if (creeps[m].update(START + i * 300_000L + m * 7_000L, value)) {
          peers.add(creeps[m]);
          assertThat(creeps[m].judge(peers)).as("%d at hour %.1f", m, hour).isNull();
        }
      }
    }
  }

  /** Hours until the first of three creeps, of which each leaks at its rate from hour 12 on. */
  private static double firstOfThree(double[] perHour, boolean knowsLoad, int hours) {
    Peers peers = new Peers();
    Creep[] creeps = {new Creep(), new Creep(), new Creep()};
    for (int i = 0; i < (12 + hours) * 12; i++) {
      double leaking = Math.max(0, i / 12.0 - 12);
      for (int m = 0; m < 3; m++) {
        double value = BASE * (1 + perHour[m] * leaking);
        double load = knowsLoad ? 100.0 * i : Double.NaN;
        if (creeps[m].update(START + i * 300_000L + m * 7_000L, value, load)) {
          peers.add(creeps[m]);
          if (creeps[m].judge(peers) != null && m == 0) {
            return leaking;
          }
        }
      }
    }
    return Double.POSITIVE_INFINITY;
  }

  @Property(tries = 30, seed = "11")
  void anotherUnitSaysTheSame(
      @ForAll @IntRange(min = 0, max = 10_000) int seed,
      @ForAll @IntRange(min = -20, max = 20) int power) {
    double unit = Math.pow(10, power);
    DoubleUnaryOperator level = hour -> BASE * (1 + 0.02 * Math.max(0, hour - 12));

    assertThat(found(seed, 40, 900, hour -> unit * level.applyAsDouble(hour), 0.004, SOME_LOAD))
        .isEqualTo(found(seed, 40, 900, level, 0.004, SOME_LOAD));
  }

  @Test
  void gapsAndValuesThatAreNoneAreOrdinary() {
    Creep creep = new Creep();
    long[] times = {0, 100, 5_000_000, 5_000_000, Creep.BIN_MILLIS * 300, -7, Long.MAX_VALUE / 4};
    double[] values = {
      Double.NaN, Double.POSITIVE_INFINITY, -1, 0, Double.NEGATIVE_INFINITY, 3, Double.MIN_VALUE
    };
    for (long time : times) {
      for (double value : values) {
        creep.update(time, value, value);
        assertThat(creep.judge(null)).isNull();
      }
    }
  }

  @Test
  void aLeakIsFoundThroughLostScrapesAndAGap() {
    Creep creep = new Creep();
    Random random = new Random(1);
    double found = Double.POSITIVE_INFINITY;
    for (int i = 0; i < 40 * 12; i++) {
      double hour = i / 12.0;
      boolean lost = random.nextDouble() < 0.3 || hour > 14 && hour < 15;
      double value = BASE * (1 + 0.03 * Math.max(0, hour - 12));
      if (!lost
          && creep.update(START + i * 300_000L, value, 1000.0 * i)
          && creep.judge(null) != null) {
        found = Math.min(found, hour);
      }
    }
    assertThat(found).isBetween(14.0, 18.0);
  }

  @Property(tries = 40)
  void aStateThatWentThroughBytesGoesOnAsTheOriginal(@ForAll @IntRange(min = 0, max = 3_000) int at)
      throws IOException {
    Creep creep = new Creep();
    Peers peers = new Peers();
    Random random = new Random(at);
    feed(creep, peers, random, 0, at);
    Creep copy = Copies.through(creep, new Creep());
    Peers theirs = Copies.through(peers, new Peers());
    long seed = random.nextLong();
    assertThat(feed(copy, theirs, new Random(seed), at, at + 2_000))
        .isEqualTo(feed(creep, peers, new Random(seed), at, at + 2_000));
    assertThat(Copies.bytes(copy)).isEqualTo(Copies.bytes(creep));
    assertThat(Copies.bytes(creep)).hasSizeLessThanOrEqualTo(Creep.BYTES);
    assertThat(Copies.bytes(peers)).hasSizeLessThanOrEqualTo(512);
    assertThat(Creep.BYTES).isLessThanOrEqualTo(512);
  }

  private static String feed(Creep creep, Peers peers, Random random, int from, int to) {
    StringBuilder said = new StringBuilder();
    for (int i = from; i < to; i++) {
      if (i % 1_700 == 900) {
        creep.restart();
      }
      double value = BASE * (1 + 0.03 * Math.max(0, i % 1_700 / 12.0 - 10));
      long time = START + i * 300_000L;
      if (random.nextDouble() < 0.95
          && creep.update(time, value * (1 + 0.002 * random.nextGaussian()), i * 60.0)) {
        peers.add(creep);
        said.append(creep.judge(peers)).append(creep.isSteady()).append(creep.level());
      }
    }
    return said.toString();
  }

  @Test
  void aStateOfAnotherVersionIsRefused() {
    assertThatThrownBy(
            () ->
                new Creep()
                    .read(new DataInputStream(new ByteArrayInputStream(new byte[] {1, 0, 0}))))
        .hasMessageContaining("version 1");
  }

  @Test
  void aGapDoesNotMakeItForgetThatTheLevelComesAndGoes() {
    DoubleUnaryOperator cycle =
        hour -> {
          double of = hour % 60;
          double risen = of < 20 ? of / 20 : of < 26 ? (26 - of) / 6 : 0;
          return BASE * (1 + 0.3 * risen);
        };
    assertThat(found(5, 400, 60, cycle, 0.001, null)).isInfinite();
    for (int gap = 50; gap < 110; gap += 10) {
      int from = gap;
      DoubleUnaryOperator seen =
          hour -> hour >= from && hour < from + 3 ? Double.NaN : cycle.applyAsDouble(hour);
      assertThat(found(5, 400, 60, seen, 0.001, null)).as("gap from hour %d", gap).isInfinite();
    }
  }

  @Test
  void samplesAllocateNothingThroughHalfHoursAndDays() {
    Creep creep = new Creep();
    long[] at = {START};
    long bytes =
        Allocation.of(
            () -> {
              for (int i = 0; i < 20_000; i++) {
                creep.update(at[0] += 15_000, BASE + i % 500, i);
              }
            });
    assertThat(bytes).isLessThan(512);
  }

  /** Hour at which it is first said that something creeps; infinite when never. */
  private static double found(
      int seed,
      int hours,
      int intervalSeconds,
      DoubleUnaryOperator level,
      double noise,
      DoubleUnaryOperator load) {
    Creep creep = new Creep();
    Random random = new Random(seed);
    double counter = 0;
    for (long second = 0; second < hours * 3600L; second += intervalSeconds) {
      double hour = second / 3600.0;
      double value = level.applyAsDouble(hour) * Math.exp(noise * random.nextGaussian());
      if (load != null) {
        counter += load.applyAsDouble(hour) * intervalSeconds * (1 + 0.1 * random.nextGaussian());
      }
      if (creep.update(START + second * 1000, value, load == null ? Double.NaN : counter)
          && creep.judge(null) != null) {
        return hour;
      }
    }
    return Double.POSITIVE_INFINITY;
  }
}
