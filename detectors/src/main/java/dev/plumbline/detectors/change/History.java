package dev.plumbline.detectors.change;

import dev.plumbline.detectors.Durable;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * The rows since the last change as an exponential histogram: the newest rows one by one, older
 * ones in buckets of 2, 4 ... 1024 rows of which mean and standard deviation are kept, {@value
 * #WIDTH} buckets of a size. What is older than about 10,000 rows is dropped. 467 bytes.
 *
 * <p>Source: M. Datar et al., "Maintaining stream statistics over sliding windows", SIAM J. Comput.
 * 31 (2002); its use for changes: A. Bifet and R. Gavaldà, "Learning from time-changing data with
 * adaptive windowing", SDM 2007.
 */
final class History implements Durable {
  private static final int LEVELS = 11;
  private static final int WIDTH = 5;

  private final byte[] used = new byte[LEVELS];
  private final float[] mean = new float[LEVELS * WIDTH];
  private final float[] deviation = new float[LEVELS * WIDTH];

  private int rows;
  private double sum;
  private double squares;
  private int newer;

  int rows() {
    return rows;
  }

  double mean() {
    return sum / rows;
  }

  /** Sum of the squared distances of all rows from their mean. */
  double scatter() {
    return Math.max(0, squares - sum * sum / rows);
  }

  void add(double value) {
    float carriedMean = (float) value;
    float carriedDeviation = 0;
    count(1, carriedMean, carriedDeviation);
    for (int level = 0; level < LEVELS; level++) {
      int at = level * WIDTH;
      if (used[level] < WIDTH) {
        append(level, carriedMean, carriedDeviation);
        return;
      }
      int size = 1 << level;
      double half = (mean[at] - mean[at + 1]) / 2.0;
      double spread = (square(deviation[at]) + square(deviation[at + 1])) / 2;
      float mergedMean = (float) (mean[at] - half);
      float mergedDeviation = (float) Math.sqrt(spread + half * half);
      count(-size, mean[at], deviation[at]);
      count(-size, mean[at + 1], deviation[at + 1]);
      count(2 * size, mergedMean, mergedDeviation);
      drop(level, 2);
      append(level, carriedMean, carriedDeviation);
      carriedMean = mergedMean;
      carriedDeviation = mergedDeviation;
    }
    // the oldest bucket is gone, and any trace that its size left in the sums
    sumUp();
  }

  private void append(int level, float bucketMean, float bucketDeviation) {
    int at = level * WIDTH + used[level]++;
    mean[at] = bucketMean;
    deviation[at] = bucketDeviation;
  }

  /** Adds a bucket of so many rows to the sums; takes it off when they are negative. */
  private void count(int size, double bucketMean, double bucketDeviation) {
    rows += size;
    sum += size * bucketMean;
    squares += size * (square(bucketMean) + square(bucketDeviation));
  }

  /**
   * Finds the cut between two buckets, with at least {@code least} rows before it, that takes the
   * most from the scatter: what it takes, and in {@link #newer} the rows after it.
   */
  double bestCut(int least) {
    newer = 0;
    int after = 0;
    double sumAfter = 0;
    double overall = mean();
    // what a cut takes is square / product * rows: fractions are compared without dividing
    double most = 0;
    double over = 1;
    for (int level = 0; level < LEVELS; level++) {
      int size = 1 << level;
      for (int at = level * WIDTH + used[level] - 1; at >= level * WIDTH; at--) {
        after += size;
        sumAfter += (double) size * mean[at];
        int before = rows - after;
        if (before < least) {
          return most / over * rows;
        }
        double square = square(sumAfter - overall * after);
        double product = (double) after * before;
        if (square * over > most * product) {
          most = square;
          over = product;
          newer = after;
        }
      }
    }
    return most / over * rows;
  }

  /** Rows after the cut found last. */
  int newer() {
    return newer;
  }

  /**
   * Forgets what is before the cut found last and measures the rest from its mean, which it
   * returns.
   */
  double keepNewer() {
    int kept = 0;
    for (int level = 0; level < LEVELS; level++) {
      int from = used[level];
      while (from > 0 && kept < newer) {
        from--;
        kept += 1 << level;
      }
      drop(level, from);
    }
    sumUp();
    double centre = mean();
    for (int level = 0; level < LEVELS; level++) {
      for (int i = 0; i < used[level]; i++) {
        mean[level * WIDTH + i] -= centre;
      }
    }
    sumUp();
    return centre;
  }

  /** Drops the oldest buckets of a level. */
  private void drop(int level, int oldest) {
    int at = level * WIDTH;
    for (int i = oldest; i < used[level]; i++) {
      mean[at + i - oldest] = mean[at + i];
      deviation[at + i - oldest] = deviation[at + i];
    }
    used[level] -= oldest;
  }

  private void sumUp() {
    rows = 0;
    sum = 0;
    squares = 0;
    for (int level = 0; level < LEVELS; level++) {
      for (int at = level * WIDTH; at < level * WIDTH + used[level]; at++) {
        count(1 << level, mean[at], deviation[at]);
      }
    }
  }

  private static double square(double x) {
    return x * x;
  }

  @Override
  public void write(DataOutput out) throws IOException {
    out.write(used);
    Durable.write(out, mean);
    Durable.write(out, deviation);
    out.writeDouble(sum);
    out.writeDouble(squares);
  }

  @Override
  public void read(DataInput in) throws IOException {
    in.readFully(used);
    Durable.read(in, mean);
    Durable.read(in, deviation);
    sumUp();
    // as they had come to be, to the last bit
    sum = in.readDouble();
    squares = in.readDouble();
  }
}
