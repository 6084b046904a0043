package dev.plumbline.detectors.trend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class CreepTest {
  private static final long QUARTER = 900_000;

  @Test
  void aLeakIsATrendThatHardlyEverTurns() {
    Creep creep = fed(36, 1, hour -> 4e9 + hour * 1e8, 0.01);

    assertThat(creep.tau()).isGreaterThan(0.9);
    assertThat(creep.slopePerHour()).isBetween(0.9e8, 1.1e8);
    assertThat(creep.relativeGrowth()).isBetween(0.7, 1.1);
  }

  @Test
  void aDailyRhythmIsNoTrend() {
    Creep creep = fed(48, 2, hour -> 4e9 + 1e9 * Math.sin(hour * Math.PI / 12), 0.01);

    assertThat(Math.abs(creep.tau())).isLessThan(0.6);
  }

  @Property(tries = 200)
  void noiseIsNoTrend(@ForAll @IntRange(min = 1, max = 100_000) int seed) {
    Creep creep = fed(24, seed, hour -> 4e9, 0.05);

    assertThat(creep.tau()).isLessThan(0.8);
    assertThat(Math.abs(creep.relativeGrowth())).isLessThan(0.15);
  }

  @Test
  void aRestartForgetsWhatWasBefore() {
    Creep creep = fed(36, 1, hour -> 4e9 + hour * 1e8, 0.01);
    creep.restart();

    assertThat(creep.hours()).isZero();
    assertThat(creep.score()).isZero();
  }

  @Test
  void gapsAndValuesThatAreNoneAreOrdinary() {
    Creep creep = new Creep();
    creep.update(0, Double.NaN);
    creep.update(10 * QUARTER, 1);
    creep.update(900 * QUARTER, Double.POSITIVE_INFINITY);
    creep.update(901 * QUARTER, 2);

    assertThat(creep.hours()).isEqualTo(1);
  }

  @Property(tries = 50)
  void aStateThatWentThroughBytesGoesOnAsTheOriginal(@ForAll @IntRange(min = 0, max = 300) int at)
      throws IOException {
    Creep creep = new Creep();
    Random random = new Random(at);
    for (int i = 0; i < at; i++) {
      creep.update(i * QUARTER, random.nextDouble());
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    creep.write(new DataOutputStream(bytes));
    Creep copy = new Creep();
    copy.read(new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));
    for (int i = at; i < at + 60; i++) {
      double value = random.nextDouble();
      creep.update(i * QUARTER, value);
      copy.update(i * QUARTER, value);
    }
    assertThat(copy.tau()).isEqualTo(creep.tau());
    assertThat(copy.slopePerHour()).isEqualTo(creep.slopePerHour());
    assertThat(bytes.size()).isLessThanOrEqualTo(1_024);
  }

  private static Creep fed(
      int hours, int seed, java.util.function.DoubleUnaryOperator level, double noise) {
    Creep creep = new Creep();
    Random random = new Random(seed);
    for (int i = 0; i < hours * 4; i++) {
      double value = level.applyAsDouble(i / 4.0);
      creep.update(i * QUARTER, value * (1 + noise * random.nextGaussian()));
    }
    return creep;
  }
}
