package dev.plumbline.detectors.record;

import dev.plumbline.detectors.Durable;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * What is usual at each hour of the day, and how far from it that hour has recently been. 240
 * bytes.
 */
final class HourProfile implements Durable {
  private static final int HOURS = 24;

  /** The part of a recent excursion that an hour and its neighbours are granted again. */
  private static final double GRANTED = 0.3;

  /** Part of a new, greater excursion that the tolerance takes on. */
  private static final double RISE = 0.7;

  /** A tolerance is forgotten over two days. */
  private static final double TOLERANCE_SECONDS = 2 * 86_400.0;

  private final float[] level = new float[HOURS];
  private final float[] tolerance = new float[HOURS];
  private final short[] rows = new short[HOURS];

  int rows(int hour) {
    return rows[hour];
  }

  /** Distance from what is usual at this hour; 0 for an hour never seen. */
  double residual(int hour, double value) {
    return rows[hour] > 0 ? value - level[hour] : 0;
  }

  double granted(int hour) {
    double near = Math.max(tolerance[(hour + 1) % HOURS], tolerance[(hour + HOURS - 1) % HOURS]);
    return GRANTED * Math.max(tolerance[hour], near);
  }

  void learn(int hour, double value, double residual, double rate, double most) {
    if (rows[hour] > 0) {
      double step = Math.min(most, Math.max(-most, residual));
      level[hour] += Math.max(rate, 1.0 / (rows[hour] + 1)) * step;
    } else {
      level[hour] = (float) value;
    }
    if (rows[hour] < Short.MAX_VALUE) {
      rows[hour]++;
    }
  }

  void tolerate(int hour, double excursion, double seconds) {
    float kept = (float) (1 - Math.min(0.5, seconds / TOLERANCE_SECONDS));
    for (int i = 0; i < HOURS; i++) {
      tolerance[i] *= kept;
    }
    if (excursion > tolerance[hour]) {
      tolerance[hour] += RISE * (excursion - tolerance[hour]);
    }
  }

  @Override
  public void write(DataOutput out) throws IOException {
    Durable.write(out, level);
    Durable.write(out, tolerance);
    for (short each : rows) {
      out.writeShort(each);
    }
  }

  @Override
  public void read(DataInput in) throws IOException {
    Durable.read(in, level);
    Durable.read(in, tolerance);
    for (int i = 0; i < HOURS; i++) {
      rows[i] = in.readShort();
    }
  }
}
