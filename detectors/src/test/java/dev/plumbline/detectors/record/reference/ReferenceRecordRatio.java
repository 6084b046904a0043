package dev.plumbline.detectors.record.reference;

import java.util.Set;

/**
 * The record-ratio ensemble as it was first found, in its whole: five channels over their records,
 * the age of the record that a value breaks, and a peak hold. It is kept to measure {@link
 * dev.plumbline.detectors.record.RecordRatio} against, and is itself held to the Python reference
 * by {@link PortCheck}. Each {@link Step} changes one thing about it.
 */
public final class ReferenceRecordRatio {
  /** Rows before anything is said. */
  public static final int LEARNING_ROWS = 10;

  private static final double FAST = 0.3;
  private static final double MIDDLE = 0.02;
  private static final double SLOW = 0.0005;
  private static final double SEASON = 0.025;
  private static final double RESIDUAL = 0.25;
  private static final double TRANSITION = 0.2;
  private static final double COMPRESSION = 1.5;
  private static final double FLOOR = 0.02;
  private static final double CLIP = 4;
  private static final double RECORD_UP = 0.5;
  private static final double RECORD_DOWN = 0.001;
  private static final double HOLD = 0.996;
  private static final double TIME_EXPONENT = 0.75;

  private static final int CHANNELS = 5;
  private static final double POINT = 0.003;
  private static final double POINT_PRIOR = 4.5;
  private static final double[] PRIOR = {4, 4, 3, 3, 1.5};

  private final double[] weight = {0.3, 0.2, 1.0, 1.5, 0.6};
  private final Set<Step> steps;
  private final HourProfile hours = new HourProfile();
  private final Context context = new Context();
  private final RecordAge high;
  private final RecordAge low;
  private final double[] record = new double[CHANNELS];
  private long row = -1;
  private long lastAt;
  private double interval = 300;
  private double size;
  private double fast;
  private double middle;
  private double slow;
  private double least;
  private double most;
  private double last;
  private double errorScale;
  private double stepScale;
  private double levelScale;
  private double seasonScale;
  private double seasonError;
  private double surprised;
  private double held;
  private double pointLevel;
  private double pointScale;
  private double pointRecord;

  // of one row only, so that nothing is allocated
  private final double[] channel = new double[CHANNELS];

  ReferenceRecordRatio(Set<Step> steps) {
    this.steps = steps;
    double margin =
        steps.contains(Step.WIDE_MARGIN) ? 0.05 : steps.contains(Step.WIDER_MARGIN) ? 0.1 : 0.02;
    high = new RecordAge(margin);
    low = new RecordAge(margin);
    weight[1] = steps.contains(Step.NO_STEP) ? 0 : weight[1];
    weight[4] = steps.contains(Step.NO_TRANSITIONS) ? 0 : weight[4];
  }

  /** A surprise in 0..1, in the same order. */
  public static double score(double surprise) {
    return surprise / (1 + surprise);
  }

  /**
   * Surprise of the next value.
   *
   * @param atMillis its time; only the hour of the day (UTC) and the gap to the row before count
   * @return at least 0; NaN for a value that isn't finite
   */
  public double update(long atMillis, double value) {
    if (!Double.isFinite(value)) {
      return Double.NaN;
    }
    row++;
    clock(atMillis);
    double unit = interval / 300;
    double slowdown = Math.pow(unit, TIME_EXPONENT);
    double first = 1.0 / (row + 1);
    double slowRate = Math.max(SLOW, first);
    double z = compressed(value, slowRate);
    int hour = (int) Math.floorMod(Math.floorDiv(atMillis, 3_600_000L), 24L);

    double error = Math.abs(z - fast);
    double step = Math.abs(z - last);
    double gap = Math.abs(middle - slow);
    double residual = hours.residual(hour, z);
    seasonError += per(RESIDUAL, unit) * (residual - seasonError);
    double excursion = Math.abs(seasonError);
    boolean late = row > 5;
    channel[0] = late ? error / (errorScale + FLOOR) : 0;
    channel[1] = late ? step / (stepScale + FLOOR) : 0;
    channel[2] = late ? gap / (levelScale + FLOOR) : 0;
    channel[3] =
        late && hours.rows(hour) > 4 ? excursion / (seasonScale + hours.granted(hour) + FLOOR) : 0;
    double surprise = context.update((z - least) / (most - least + 1e-9));
    surprised += per(TRANSITION, unit) * (Math.max(0, surprise) - surprised);
    channel[4] = row > 20 ? surprised : 0;

    fast += Math.max(FAST, first) * (z - fast);
    middle += Math.max(MIDDLE, first) * (z - middle);
    slow += slowRate * (z - slow);
    hours.learn(hour, z, residual, per(season(), unit), 4 * CLIP * (seasonScale + FLOOR));
    errorScale += slowRate * (clipped(error, errorScale) - errorScale);
    stepScale += slowRate * (clipped(step, stepScale) - stepScale);
    levelScale += slowRate * (clipped(gap, levelScale) - levelScale);
    seasonScale += slowRate * (clipped(excursion, seasonScale) - seasonScale);
    most = z > most ? z : most - SLOW * (most - slow);
    least = z < least ? z : least + SLOW * (slow - least);
    last = z;
    hours.tolerate(hour, excursion, interval);

    double ranked = steps.contains(Step.RAW_RECORDS) ? value : z;
    double age = Math.max(high.update(row, ranked), low.update(row, -ranked));
    double broken = row >= 20 ? Math.max(0, (age - 6) / 6) : 0;
    double alone = steps.contains(Step.LONG_ROWS) ? point(value, first, slowdown) : 0;
    double sum = broken * broken + alone * alone + againstRecords(unit, slowdown);
    return told(Math.sqrt(sum), slowdown);
  }

  private double season() {
    return steps.contains(Step.MONTH) ? 0.00303 : steps.contains(Step.WEEK) ? 0.01276 : SEASON;
  }

  private double point(double value, double first, double slowdown) {
    if (row == 0) {
      pointLevel = value;
    }
    double distance = Math.abs(value - pointLevel);
    double ratio = distance / (1.2533 * pointScale + FLOOR * size + Double.MIN_NORMAL);
    double rate = Math.max(POINT, first);
    pointLevel += rate * (value - pointLevel);
    pointScale += rate * (distance - pointScale);
    if (row <= 20) {
      return 0;
    }
    double bar = pointRecord + POINT_PRIOR;
    if (steps.contains(Step.ROW_RECORD)) {
      double up = ratio - pointRecord;
      pointRecord += up > 0 ? RECORD_UP * Math.min(up, 3 * bar) : RECORD_DOWN * slowdown * up;
    }
    double share = steps.contains(Step.SHORT_ROWS_TOO) ? 1 : Math.min(1, interval / 3600);
    return share * share * ratio / bar;
  }

  /** Running interval between rows, in seconds. */
  private void clock(long atMillis) {
    if (row > 0) {
      double gap = (atMillis - lastAt) / 1000.0;
      if (row == 1) {
        interval = gap > 0 ? gap : 300;
      } else {
        interval += 0.05 * (Math.min(4 * interval, Math.max(0, gap)) - interval);
      }
      interval = Math.max(1, interval);
    }
    lastAt = atMillis;
  }

  private double compressed(double value, double slowRate) {
    if (row == 0) {
      size = Math.abs(value);
    }
    size += slowRate * (Math.abs(value) - size);
    double z = asinh(COMPRESSION * value / (size + 1e-12));
    if (row == 0) {
      fast = z;
      middle = z;
      slow = z;
      least = z;
      most = z;
      last = z;
    }
    return z;
  }

  /** Sum of the squares of each channel over its record, which then moves. */
  private double againstRecords(double unit, double slowdown) {
    double point = steps.contains(Step.ANY_ROW_ERROR) ? 1 : Math.sqrt(unit);
    double sum = 0;
    for (int c = 0; c < CHANNELS; c++) {
      double bar = record[c] + PRIOR[c];
      double ratio = weight[c] * (c < 2 ? point : 1) * channel[c] / bar;
      sum += ratio * ratio;
      double up = channel[c] - record[c];
      record[c] += up > 0 ? RECORD_UP * Math.min(up, 3 * bar) : RECORD_DOWN * slowdown * up;
    }
    return sum;
  }

  /** Only what tops the surprises just before is told. */
  private double told(double surprise, double slowdown) {
    double out =
        (surprise > held || steps.contains(Step.NO_HOLD)) && row >= LEARNING_ROWS ? surprise : 0;
    held = Math.max(surprise, held * (1 - Math.min(0.5, (1 - HOLD) * slowdown)));
    return out;
  }

  private double clipped(double value, double scale) {
    return row > 20 ? Math.min(value, CLIP * scale + FLOOR) : value;
  }

  /** A rate per 300 s as a rate per row. */
  private static double per(double rate, double unit) {
    return 1 - Math.pow(1 - rate, unit);
  }

  private static double asinh(double x) {
    double a = Math.abs(x);
    return Math.copySign(Math.log1p(a + a * a / (1 + Math.sqrt(a * a + 1))), x);
  }
}
