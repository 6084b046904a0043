package dev.plumbline.streams.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class LevelTest {
  private static final long MINUTE = 60_000;

  private final Level level = new Level();
  private long now;

  @Example
  void aStepIsDatedBetweenTheValuesThatItLiesBetween() {
    see(0.3, 20);
    long before = now;
    see(0.9, 2);

    assertThat(level.isUp()).isTrue();
    assertThat(level.rose(before, before)).isTrue();
    assertThat(level.rose(0, before - MINUTE)).isFalse();
    assertThat(level.rose(now + MINUTE, now + 2 * MINUTE)).isFalse();
  }

  @Example
  void whatWasNotThereBeforeRisesWithItsFirstValue() {
    level.begin(0);
    see(12, 1);

    assertThat(level.isUp()).isTrue();
    assertThat(level.growth()).isGreaterThan(5);
  }

  @Example
  void aRiseIsNotTakenForTheUsualWhileItLasts() {
    see(0.3, 60);
    see(0.9, 60);

    assertThat(level.isUp()).isTrue();
    assertThat(level.usual).isLessThan(0.5f);
  }

  @Example
  void valuesThatAreNoneChangeNothing() {
    see(0.3, 20);
    see(Double.NaN, 1);
    see(Double.POSITIVE_INFINITY, 1);
    see(-4, 1);
    level.see(0.9, now - 10 * MINUTE, 0.1);

    assertThat(level.now).isEqualTo(0.3f);
    assertThat(level.isUp()).isFalse();
  }

  @Property(tries = 200)
  void aConstantIsNeverUp(
      @ForAll @DoubleRange(min = 0, max = 1e12) double value,
      @ForAll @IntRange(min = 1, max = 200) int times) {
    Level constant = new Level();
    for (int i = 1; i <= times; i++) {
      constant.see(value, i * MINUTE, 0.1);
    }

    assertThat(constant.isUp()).isFalse();
  }

  @Property(tries = 200)
  void throughBytesItSaysTheSame(
      @ForAll @Size(min = 2, max = 60) List<@DoubleRange(min = 0, max = 100) Double> values,
      @ForAll @IntRange(min = 0, max = 59) int cut)
      throws IOException {
    Level whole = new Level();
    Level restored = new Level();
    for (int i = 0; i < values.size(); i++) {
      if (i == cut) {
        restored = copy(restored);
      }
      whole.see(values.get(i), (i + 1) * MINUTE, 5);
      restored.see(values.get(i), (i + 1) * MINUTE, 5);
    }

    assertThat(restored.now).isEqualTo(whole.now);
    assertThat(restored.usual).isEqualTo(whole.usual);
    assertThat(restored.isUp()).isEqualTo(whole.isUp());
  }

  private static Level copy(Level level) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    level.write(new DataOutputStream(bytes));
    Level copy = new Level();
    copy.read(new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));
    return copy;
  }

  private void see(double value, int times) {
    for (int i = 0; i < times; i++) {
      now += MINUTE;
      level.see(value, now, 0.1);
    }
  }
}
