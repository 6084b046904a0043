package dev.plumbline.detectors.record;

import dev.plumbline.detectors.Durable;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;

/**
 * How long ago a value was last at least as high, as the base-2 logarithm of a number of rows.
 *
 * <p>Keeps the maxima of the present and the previous block of 64, 128 ... 8192 rows; what is
 * younger than that has age {@value #YOUNGEST}. Free of any assumption about the distribution: only
 * the order of values counts. 64 bytes.
 */
final class RecordAge implements Durable {
  /** Ages begin here: a record among the last 64 rows is nothing. */
  static final int YOUNGEST = 6;

  private static final int LEVELS = 8;

  /** A value within 2 % of an older one is no new record. */
  private static final double MARGIN = 0.02;

  private static final double LN_2 = Math.log(2);

  private final float[] present = new float[LEVELS];
  private final float[] previous = new float[LEVELS];

  RecordAge() {
    Arrays.fill(present, Float.NEGATIVE_INFINITY);
    Arrays.fill(previous, Float.NEGATIVE_INFINITY);
  }

  /** Age of the value of row {@code row}, which counts from 0. */
  double update(int row, double value) {
    double least = value > 0 ? value * (1 - MARGIN) : value * (1 + MARGIN);
    int topped = 0;
    while (topped < LEVELS
        && row + 1 >= 1 << YOUNGEST + topped
        && least > Math.max(present[topped], previous[topped])) {
      topped++;
    }
    float kept = (float) value;
    for (int k = 0; k < LEVELS; k++) {
      if ((row & (1 << YOUNGEST + k) - 1) == 0) {
        previous[k] = present[k];
        present[k] = kept;
      } else if (kept > present[k]) {
        present[k] = kept;
      }
    }
    return Math.min(YOUNGEST + topped, Math.log(row + 1.0) / LN_2);
  }

  @Override
  public void write(DataOutput out) throws IOException {
    Durable.write(out, present);
    Durable.write(out, previous);
  }

  @Override
  public void read(DataInput in) throws IOException {
    Durable.read(in, present);
    Durable.read(in, previous);
  }
}
