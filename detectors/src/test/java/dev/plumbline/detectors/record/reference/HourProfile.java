package dev.plumbline.detectors.record.reference;

/** What is usual at each hour of the day, and how far from it that hour has recently been. */
final class HourProfile {
  private static final int HOURS = 24;

  /** The part of a recent excursion that an hour and its neighbours are granted again. */
  private static final double GRANTED = 0.3;

  /** Part of a new, greater excursion that the tolerance takes on. */
  private static final double RISE = 0.7;

  /** A tolerance is forgotten over two days. */
  private static final double TOLERANCE_SECONDS = 2 * 86_400.0;

  private final double[] level = new double[HOURS];
  private final double[] tolerance = new double[HOURS];
  private final int[] rows = new int[HOURS];

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
      level[hour] = value;
    }
    rows[hour]++;
  }

  void tolerate(int hour, double excursion, double seconds) {
    double kept = 1 - Math.min(0.5, seconds / TOLERANCE_SECONDS);
    for (int i = 0; i < HOURS; i++) {
      tolerance[i] *= kept;
    }
    if (excursion > tolerance[hour]) {
      tolerance[hour] += RISE * (excursion - tolerance[hour]);
    }
  }
}
