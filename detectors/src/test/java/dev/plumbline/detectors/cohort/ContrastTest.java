package dev.plumbline.detectors.cohort;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class ContrastTest {
  @Example
  void aSuffererWithoutSiblingsSaysNothing() {
    assertThat(Contrast.weight(1, 1, 0, 0)).isEqualTo(0, within(1e-12));
  }

  @Example
  void oneThatLacksItAndIsWellSpeaksForIt() {
    // (3/4 * 19/20) / (1! 1! / 3!), less (3/4) / (1/2)
    assertThat(Contrast.weight(1, 1, 1, 0))
        .isEqualTo(Math.log(0.75 * 0.95 * 6 / 1.5), within(1e-12));
  }

  @Example
  void allThatHaveItSufferAndNoneOfThoseThatLackIt() {
    assertThat(Contrast.weight(3, 3, 7, 0)).isEqualTo(3);
    assertThat(Contrast.weight(40, 40, 0, 0)).isBetween(0.0, 1.0);
  }

  @Example
  void siblingsThatHaveItAndAreWellSpeakAgainstIt() {
    assertThat(Contrast.weight(4, 1, 0, 0)).isLessThan(-1);
  }

  @Example
  void siblingsThatLackItAndSufferSpeakAgainstIt() {
    assertThat(Contrast.weight(1, 1, 3, 3)).isLessThan(-2);
  }

  @Example
  void aScoreIsMovedInItsOdds() {
    assertThat(Contrast.weighed(0.5, Math.log(3))).isEqualTo(0.75, within(1e-12));
    assertThat(Contrast.weighed(0.8, 0)).isEqualTo(0.8, within(1e-12));
    assertThat(Contrast.weighed(0.98, 3)).isEqualTo(0.99);
  }

  @Example
  void moreThatSufferThanThereAreIsRefused() {
    assertThatThrownBy(() -> Contrast.weight(1, 2, 0, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("2 of 1 and 0 of 0 are no counts of a cohort");
  }

  @Property
  void oneMoreThatHasItAndIsWellNeverSpeaksForIt(
      @ForAll @IntRange(min = 1, max = 40) int suffer,
      @ForAll @IntRange(max = 40) int well,
      @ForAll @IntRange(max = 40) int lacking) {
    assertThat(Contrast.weight(suffer + well + 1, suffer, lacking, 0))
        .isLessThanOrEqualTo(Contrast.weight(suffer + well, suffer, lacking, 0));
  }

  @Property
  void aSuffererThatLacksItSpeaksAgainstItBesideOneThatIsWell(
      @ForAll @IntRange(min = 1, max = 40) int having,
      @ForAll @IntRange(min = 1, max = 40) int lacking) {
    assertThat(Contrast.weight(having, having, lacking, 1))
        .isLessThanOrEqualTo(Contrast.weight(having, having, lacking, 0));
  }
}
