package dev.plumbline.streams.cause;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.schemas.event.Contrast;
import java.util.List;

/** What a cohort said of a candidate. */
public final class Counts {
  private Counts() {}

  public static void assertCounts(
      Contrast contrast, int having, int havingSuffer, int lacking, int lackingSuffer) {
    assertThat(contrast).isNotNull();
    assertThat(
            List.of(
                contrast.getHaving(),
                contrast.getHavingSuffer(),
                contrast.getLacking(),
                contrast.getLackingSuffer()))
        .as("have it, suffer, lack it, suffer")
        .containsExactly(having, havingSuffer, lacking, lackingSuffer);
  }
}
