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

class LoadModelTest {

  @Test
  void aStepThatItsLoadExplainsIsNoExcess() {
    LoadModel model = learned(new Random(1), 200, 10, 0.02);

    assertThat(model.excess(300, 100, step(300, 100, 10, 0.02))).isBetween(-0.1, 0.1);
  }

  @Test
  void twiceTheTimeAtTheSameLoadIsAnExcessOfOne() {
    LoadModel model = learned(new Random(2), 200, 10, 0.02);

    assertThat(model.excess(300, 100, 2 * step(300, 100, 10, 0.02))).isBetween(0.85, 1.15);
  }

  @Test
  void aCrowdBeyondAllThatWasSeenIsNotJudged() {
    LoadModel model = learned(new Random(3), 200, 10, 0.02);

    assertThat(model.knows(500, 100)).isTrue();
    assertThat(model.knows(5_000, 100)).isFalse();
  }

  @Test
  void oneWildSampleDoesNotMoveWhatIsUsual() {
    LoadModel model = learned(new Random(4), 200, 10, 0.02);
    double before = model.expected(300, 100);
    model.learn(300, 100, 50 * before);

    assertThat(model.expected(300, 100)).isBetween(before * 0.9, before * 1.1);
  }

  @Test
  void oneScrapeAtAnAbsurdLoadDoesNotMoveWhatIsUsual() {
    LoadModel model = learned(new Random(5), 200, 10, 0.02);
    double before = model.expected(300, 100);
    model.learn(6_000, 100, before);

    assertThat(model.expected(300, 100)).isBetween(before * 0.9, before * 1.1);
  }

  @Test
  void aNoisySignalIsKnownAsOneAfterItsFirstTwentySamples() {
    Random random = new Random(8);
    LoadModel model = new LoadModel();
    for (int i = 0; i < 20; i++) {
      double load = 100 + 400 * random.nextDouble();
      double noise = Math.max(0.2, 1 + 0.35 * random.nextGaussian());
      model.learn(load, load / 3, step(load, load / 3, 10, 0.02) * noise);
    }

    assertThat(model.deviation()).isGreaterThan(0.2);
  }

  @Test
  void farFromWhatWasLearnedItIsLessSure() {
    LoadModel model = learned(new Random(6), 40, 10, 0.02);

    assertThat(model.deviation(300, 100)).isLessThan(model.deviation(2_000, 100));
  }

  @Property(tries = 100)
  void theExcessDoesNotDependOnTheUnitOfTime(
      @ForAll @IntRange(min = 1, max = 10_000) int seed,
      @ForAll @DoubleRange(min = 0.01, max = 100) double unit) {
    LoadModel one = new LoadModel();
    LoadModel other = new LoadModel();
    Random random = new Random(seed);
    for (int i = 0; i < 60; i++) {
      double load = 100 + 400 * random.nextDouble();
      double time = step(load, load / 3, 10, 0.02) * (1 + 0.03 * random.nextGaussian());
      one.learn(load, load / 3, time);
      other.learn(load, load / 3, time * unit);
    }
    assertThat(other.excess(300, 100, 30 * unit)).isCloseTo(one.excess(300, 100, 30), within());
  }

  @Property(tries = 100)
  void theExcessDoesNotDependOnTheUnitsOfLoad(
      @ForAll @IntRange(min = 1, max = 10_000) int seed,
      @ForAll @DoubleRange(min = 0.01, max = 100) double tokens,
      @ForAll @DoubleRange(min = 0.01, max = 100) double prompts) {
    LoadModel one = new LoadModel();
    LoadModel other = new LoadModel();
    Random random = new Random(seed);
    for (int i = 0; i < 60; i++) {
      double load = 100 + 400 * random.nextDouble();
      double prefill = 50 + 100 * random.nextDouble();
      double time = step(load, prefill, 10, 0.02) * (1 + 0.03 * random.nextGaussian());
      one.learn(load, prefill, time);
      other.learn(load * tokens, prefill * prompts, time);
    }
    assertThat(other.excess(300 * tokens, 100 * prompts, 30))
        .isCloseTo(one.excess(300, 100, 30), within());
  }

  @Test
  void aSampleAllocatesNothing() {
    LoadModel model = learned(new Random(5), 40, 10, 0.02);
    assertThat(
            Allocation.of(
                () -> {
                  for (int i = 0; i < 1_000; i++) {
                    model.learn(100 + i % 7, 50 + i % 5, 10 + i % 3);
                  }
                }))
        .isZero();
  }

  @Property(tries = 50)
  void aStateThatWentThroughBytesGoesOnAsTheOriginal(@ForAll @IntRange(min = 0, max = 150) int at)
      throws IOException {
    Random random = new Random(at);
    LoadModel model = learned(random, at, 10, 0.02);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    model.write(new DataOutputStream(bytes));
    LoadModel copy = new LoadModel();
    copy.read(new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));
    for (int i = 0; i < 50; i++) {
      double load = 100 + 400 * random.nextDouble();
      model.learn(load, load, load / 7);
      copy.learn(load, load, load / 7);
      assertThat(copy.expected(load, load)).isEqualTo(model.expected(load, load));
    }
    assertThat(bytes.size()).isLessThanOrEqualTo(512);
  }

  private static org.assertj.core.data.Offset<Double> within() {
    return org.assertj.core.data.Offset.offset(0.02);
  }

  private static LoadModel learned(Random random, int samples, double base, double perToken) {
    LoadModel model = new LoadModel();
    for (int i = 0; i < samples; i++) {
      double load = 100 + 400 * random.nextDouble();
      double prefill = 50 + 100 * random.nextDouble();
      model.learn(
          load, prefill, step(load, prefill, base, perToken) * (1 + 0.03 * random.nextGaussian()));
    }
    return model;
  }

  private static double step(double load, double prefill, double base, double perToken) {
    return base + perToken * load + 0.01 * prefill;
  }
}
