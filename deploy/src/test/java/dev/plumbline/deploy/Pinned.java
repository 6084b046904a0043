package dev.plumbline.deploy;

import static org.assertj.core.api.Assertions.assertThat;

/** Image names that mean the same image tomorrow. */
final class Pinned {
  private Pinned() {}

  static void check(String image) {
    assertThat(image)
        .as("image with a whole version")
        .matches("[a-z0-9./-]+:v?\\d+\\.\\d+\\.\\d+[\\w.-]*");
  }
}
