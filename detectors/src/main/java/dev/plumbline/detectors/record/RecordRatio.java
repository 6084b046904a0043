package dev.plumbline.detectors.record;

import dev.plumbline.detectors.Durable;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * How surprising the newest value of any series is, from 0: each channel is compared with its own
 * slowly decaying record, so that a spiky series needs a new record to be surprising.
 *
 * <p>With {@code z = asinh(1.5 x / mean|x|)}, which has no unit:
 *
 * <pre>
 *   surprise^2 = age^2 + sum over channels (weight * u / (record + prior))^2 + (long * v / 4.5)^2
 * </pre>
 *
 * <ul>
 *   <li>{@code u} of the channels, each over its own usual size: the error of a fast forecast; the
 *       gap between a middling and a slow level; the distance from what is usual at this hour of
 *       the day.
 *   <li>{@code age}: how long ago {@code x} was last as high (as low): 0 for 64 rows, 1 for 4096.
 *   <li>{@code v}: the distance of {@code x} from its own slow level over its mean absolute
 *       deviation. {@code long} is 1 for rows an hour or more apart and falls with the square of
 *       the interval: one row of an hour is an event, one of a minute is noise. This term has no
 *       record to beat.
 * </ul>
 *
 * <ul>
 *   <li>Input: one value a row at any spacing; rates are per second where they stand for a time. A
 *       value that isn't finite changes nothing and has no surprise (NaN). Another unit of the
 *       series gives the same surprises. Values are learned from with bounded steps; a new level is
 *       accepted by the channels at their own pace.
 *   <li>Of steady normal noise less than 3 rows in 1,000 have a surprise above 1.1.
 *   <li>Learning for the first {@value #LEARNING_ROWS} rows: all surprises are 0.
 *   <li>Cost: {@value #BYTES} bytes of state, constant time, no allocation; no look-ahead, no range
 *       or length given beforehand.
 *   <li>Source: our own; the constants were set by hand on coarse grids. What each part is worth,
 *       and how flat it all is, is in the decision record 0007 and in docs/accuracy-series.md.
 * </ul>
 */
public final class RecordRatio implements Durable {
  /** Rows before anything is said. */
  public static final int LEARNING_ROWS = 10;

  /** Size of the state in bytes. */
  public static final int BYTES = 449;

  /**
   * Rows before the scales learn with clipped steps and rows are compared with the longest past.
   */
  private static final int SETTLED = 20;

  private static final double FAST = 0.3;
  private static final double MIDDLE = 0.02;
  private static final double SLOW = 0.0005;
  private static final double POINT = 0.003;

  /** Per 300 s: a day's rows of one hour weigh a seventh, so the profile remembers about a week. */
  private static final double SEASON = 0.01276;

  /** Per 300 s: an excursion from the profile counts when it lasts about a quarter of an hour. */
  private static final double EXCURSION = 0.25;

  private static final double COMPRESSION = 1.5;
  private static final double FLOOR = 0.02;
  private static final double CLIP = 4;
  private static final double RECORD_UP = 0.5;
  private static final double RECORD_DOWN = 0.001;
  private static final double RECORD_TIME_EXPONENT = 0.75;
  private static final double POINT_PRIOR = 4.5;

  /** Standard deviation over mean absolute deviation of a normal distribution. */
  private static final double NORMAL = 1.2533;

  private static final double[] WEIGHT = {0.3, 1.0, 1.5};
  private static final double[] PRIOR = {4, 3, 3};

  private final HourProfile hours = new HourProfile();
  private final RecordAge high = new RecordAge();
  private final RecordAge low = new RecordAge();
  private final float[] record = new float[WEIGHT.length];
  private int row = -1;
  private long lastAt;
  private float interval = 300;
  private double size;
  private double pointLevel;
  private double pointScale;
  private float fast;
  private float middle;
  private float slow;
  private float errorScale;
  private float gapScale;
  private float excursionScale;
  private float excursion;

  // of one row only, so that nothing is allocated
  private final double[] channel = new double[WEIGHT.length];

  /** True until there are rows enough to say anything. */
  public boolean learning() {
    return row + 1 < LEARNING_ROWS;
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
    // differences of values beyond this would not be finite
    double x = Math.max(-1e300, Math.min(1e300, value));
    row++;
    clock(atMillis);
    double unit = interval / 300;
    double first = 1.0 / (row + 1);
    double slowRate = Math.max(SLOW, first);
    double z = compressed(x, slowRate);
    double point = point(x, first);
    int hour = (int) Math.floorMod(Math.floorDiv(atMillis, 3_600_000L), 24L);
    channels(z, hour, first, slowRate, unit);
    double age = Math.max(high.update(row, x), low.update(row, -x));
    double broken = row >= SETTLED ? Math.max(0, (age - RecordAge.YOUNGEST) / 6) : 0;
    double surprise = Math.sqrt(broken * broken + point * point + againstRecords(unit));
    return row >= LEARNING_ROWS ? surprise : 0;
  }

  /** Running interval between rows, in seconds. */
  private void clock(long atMillis) {
    if (row > 0) {
      double gap = (atMillis - lastAt) / 1000.0;
      if (row == 1) {
        interval = gap > 0 ? (float) gap : 300;
      } else {
        interval += 0.05 * (Math.min(4 * interval, Math.max(0, gap)) - interval);
      }
      interval = Math.max(1, interval);
    }
    lastAt = atMillis;
  }

  private double compressed(double x, double slowRate) {
    size += slowRate * (Math.abs(x) - size);
    double z = asinh(COMPRESSION * x / (size + Double.MIN_NORMAL));
    if (row == 0) {
      fast = (float) z;
      middle = (float) z;
      slow = (float) z;
      pointLevel = x;
    }
    return z;
  }

  /** The term of the row by itself, which only long rows have. */
  private double point(double x, double first) {
    double distance = Math.abs(x - pointLevel);
    double usual = NORMAL * pointScale + FLOOR * size + Double.MIN_NORMAL;
    double share = Math.min(1, interval / 3600.0);
    double rate = Math.max(POINT, first);
    pointLevel += rate * (x - pointLevel);
    pointScale += rate * (distance - pointScale);
    return row > SETTLED ? share * share * distance / usual / POINT_PRIOR : 0;
  }

  /** What each channel says of this value, which it then learns. */
  private void channels(double z, int hour, double first, double slowRate, double unit) {
    double error = Math.abs(z - fast);
    double gap = Math.abs(middle - slow);
    double residual = hours.residual(hour, z);
    excursion += per(EXCURSION, unit) * (residual - excursion);
    double away = Math.abs(excursion);
    boolean known = row > 5;
    channel[0] = known ? error / (errorScale + FLOOR) : 0;
    channel[1] = known ? gap / (gapScale + FLOOR) : 0;
    channel[2] =
        known && hours.rows(hour) > 4 ? away / (excursionScale + hours.granted(hour) + FLOOR) : 0;

    fast += Math.max(FAST, first) * (z - fast);
    middle += Math.max(MIDDLE, first) * (z - middle);
    slow += slowRate * (z - slow);
    hours.learn(hour, z, residual, per(SEASON, unit), 4 * CLIP * (excursionScale + FLOOR));
    hours.tolerate(hour, away, interval);
    errorScale += slowRate * (clipped(error, errorScale) - errorScale);
    gapScale += slowRate * (clipped(gap, gapScale) - gapScale);
    excursionScale += slowRate * (clipped(away, excursionScale) - excursionScale);
  }

  /** Sum of the squares of each channel over its record, which then moves. */
  private double againstRecords(double unit) {
    double down = RECORD_DOWN * Math.pow(unit, RECORD_TIME_EXPONENT);
    double sum = 0;
    for (int c = 0; c < channel.length; c++) {
      double bar = record[c] + PRIOR[c];
      double ratio = WEIGHT[c] * channel[c] / bar;
      sum += ratio * ratio;
      double up = channel[c] - record[c];
      record[c] += up > 0 ? RECORD_UP * Math.min(up, 3 * bar) : down * up;
    }
    return sum;
  }

  private double clipped(double value, double scale) {
    return row > SETTLED ? Math.min(value, CLIP * scale + FLOOR) : value;
  }

  /** A rate per 300 s as a rate per row. */
  private static double per(double rate, double unit) {
    return 1 - Math.pow(1 - rate, unit);
  }

  private static double asinh(double x) {
    double a = Math.abs(x);
    return Math.copySign(Math.log1p(a + a * a / (1 + Math.sqrt(a * a + 1))), x);
  }

  @Override
  public void write(DataOutput out) throws IOException {
    out.writeByte(1);
    hours.write(out);
    high.write(out);
    low.write(out);
    Durable.write(out, record);
    out.writeInt(row);
    out.writeLong(lastAt);
    out.writeFloat(interval);
    out.writeDouble(size);
    out.writeDouble(pointLevel);
    out.writeDouble(pointScale);
    out.writeFloat(fast);
    out.writeFloat(middle);
    out.writeFloat(slow);
    out.writeFloat(errorScale);
    out.writeFloat(gapScale);
    out.writeFloat(excursionScale);
    out.writeFloat(excursion);
  }

  @Override
  public void read(DataInput in) throws IOException {
    Durable.version(in, 1);
    hours.read(in);
    high.read(in);
    low.read(in);
    Durable.read(in, record);
    row = in.readInt();
    lastAt = in.readLong();
    interval = in.readFloat();
    size = in.readDouble();
    pointLevel = in.readDouble();
    pointScale = in.readDouble();
    fast = in.readFloat();
    middle = in.readFloat();
    slow = in.readFloat();
    errorScale = in.readFloat();
    gapScale = in.readFloat();
    excursionScale = in.readFloat();
    excursion = in.readFloat();
  }
}
