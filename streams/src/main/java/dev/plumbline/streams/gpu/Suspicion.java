package dev.plumbline.streams.gpu;

import dev.plumbline.streams.inventory.Pod;

/**
 * What a victim lacks, and who takes it.
 *
 * @param resource what is short, for example CPU
 * @param taker who takes it; null exactly when only the whole was measured
 * @param reason one clause a person can check, about the taker or about the whole
 */
record Suspicion(String resource, Pod taker, Attribution attribution, String reason) {

  /** The better known of two, the first when they are equal; either may be null. */
  static Suspicion better(Suspicion one, Suspicion other) {
    return other == null || one != null && one.attribution.ordinal() <= other.attribution.ordinal()
        ? one
        : other;
  }

  static Suspicion deviceWide(String resource, String reason) {
    return new Suspicion(resource, null, Attribution.DEVICE_WIDE, reason);
  }
}
