package dev.plumbline.detectors.trend;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;

/**
 * Whether a level creeps over hours and days: the median of each hour goes into a ring of two days;
 * growth is the Theil-Sen slope over the ring, and how sure it is the Mann-Kendall statistic, which
 * asks only whether later hours tend to be higher. A daily rhythm rises and falls and so cancels.
 *
 * <p>Sen 1968; Kendall 1975. State: 48 doubles and the samples of the present hour, 600 bytes.
 */
public final class Creep {
  private static final int HOURS = 48;
  private static final int SAMPLES = 16;
  private static final long HOUR_MILLIS = 3_600_000;

  private final double[] medians = new double[HOURS];
  private int hours;
  private long hour = Long.MIN_VALUE;
  private final double[] samples = new double[SAMPLES];
  private int count;

  /** Takes a sample; a value that isn't finite is passed over. */
  public void update(long atMillis, double value) {
    if (!Double.isFinite(value)) {
      return;
    }
    long now = Math.floorDiv(atMillis, HOUR_MILLIS);
    if (hour == Long.MIN_VALUE) {
      hour = now;
    }
    if (now > hour) {
      close();
      hour = now;
    }
    // beyond the room every further sample takes the place of an earlier one in turn
    samples[count++ % SAMPLES] = value;
  }

  /** The process began anew: its past level says nothing about it. */
  public void restart() {
    hours = 0;
    count = 0;
    hour = Long.MIN_VALUE;
  }

  private void close() {
    int n = Math.min(count, SAMPLES);
    if (n > 0) {
      double[] sorted = Arrays.copyOf(samples, n);
      Arrays.sort(sorted);
      double median = (sorted[n / 2] + sorted[(n - 1) / 2]) / 2;
      if (hours == HOURS) {
        System.arraycopy(medians, 1, medians, 0, HOURS - 1);
        hours--;
      }
      medians[hours++] = median;
    }
    count = 0;
  }

  /** Hours that have been summed up. */
  public int hours() {
    return hours;
  }

  /** Growth per hour, in the unit of the samples; NaN with fewer than two hours. */
  public double slopePerHour() {
    if (hours < 2) {
      return Double.NaN;
    }
    double[] slopes = new double[hours * (hours - 1) / 2];
    int n = 0;
    for (int i = 0; i < hours; i++) {
      for (int j = i + 1; j < hours; j++) {
        slopes[n++] = (medians[j] - medians[i]) / (j - i);
      }
    }
    Arrays.sort(slopes);
    return (slopes[n / 2] + slopes[(n - 1) / 2]) / 2;
  }

  /** Growth over the ring as part of the level at its beginning. */
  public double relativeGrowth() {
    if (hours < 2) {
      return Double.NaN;
    }
    double begin = medians[0];
    return begin == 0 ? Double.NaN : slopePerHour() * (hours - 1) / Math.abs(begin);
  }

  /** Mann-Kendall's tau: 1 when every later hour is higher, 0 without a trend. */
  public double tau() {
    if (hours < 2) {
      return 0;
    }
    int sum = 0;
    for (int i = 0; i < hours; i++) {
      for (int j = i + 1; j < hours; j++) {
        sum += (int) Math.signum(medians[j] - medians[i]);
      }
    }
    return sum / (hours * (hours - 1) / 2.0);
  }

  /** Mann-Kendall's z: standard deviations away from no trend. */
  public double score() {
    if (hours < 4) {
      return 0;
    }
    double pairs = hours * (hours - 1) / 2.0;
    return tau() * pairs / Math.sqrt(hours * (hours - 1.0) * (2.0 * hours + 5) / 18);
  }

  /** The latest hour's level; NaN when there is none. */
  public double level() {
    return hours == 0 ? Double.NaN : medians[hours - 1];
  }

  public void write(DataOutput out) throws IOException {
    out.writeByte(1);
    out.writeByte(hours);
    for (int i = 0; i < hours; i++) {
      out.writeDouble(medians[i]);
    }
    out.writeLong(hour);
    out.writeInt(count);
    for (int i = 0; i < Math.min(count, SAMPLES); i++) {
      out.writeDouble(samples[i]);
    }
  }

  public void read(DataInput in) throws IOException {
    if (in.readUnsignedByte() != 1) {
      throw new IOException("a creep of another version");
    }
    hours = in.readUnsignedByte();
    for (int i = 0; i < hours; i++) {
      medians[i] = in.readDouble();
    }
    hour = in.readLong();
    count = in.readInt();
    for (int i = 0; i < Math.min(count, SAMPLES); i++) {
      samples[i] = in.readDouble();
    }
  }
}
