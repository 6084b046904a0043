package dev.plumbline.detectors.record.reference;

import java.util.Arrays;

/**
 * How long ago a value was last at least as high, as the base-2 logarithm of a number of rows.
 *
 * <p>Keeps the maxima of the present and the previous block of 1, 2, 4 ... 8192 rows. Free of any
 * assumption about the distribution: only the order of values counts. 224 bytes.
 */
final class RecordAge {
  private static final int LEVELS = 14;

  private static final double NONE = -1e30;
  private static final double LN_2 = Math.log(2);

  private final double[] present = new double[LEVELS];
  private final double[] previous = new double[LEVELS];

  /** A value within this part of an older one is no new record. */
  private final double margin;

  RecordAge(double margin) {
    this.margin = margin;
    Arrays.fill(present, NONE);
    Arrays.fill(previous, NONE);
  }

  /** Age of the value of row {@code row}, which counts from 0. */
  double update(long row, double value) {
    double least = value > 0 ? value * (1 - margin) : value * (1 + margin);
    int age = 0;
    while (age < LEVELS
        && 1L << age <= row + 1
        && !(least <= Math.max(present[age], previous[age]))) {
      age++;
    }
    for (int k = 0; k < LEVELS; k++) {
      if ((row & ((1L << k) - 1)) == 0) {
        previous[k] = present[k];
        present[k] = value;
      } else if (value > present[k]) {
        present[k] = value;
      }
    }
    return Math.min(age, Math.log(row + 1) / LN_2);
  }
}
