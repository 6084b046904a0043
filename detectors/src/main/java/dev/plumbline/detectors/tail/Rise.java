package dev.plumbline.detectors.tail;

import java.util.Arrays;

/**
 * What a histogram counted between two scrapes, bucket by bucket. One is enough for all histograms:
 * each {@link Buckets#advance} fills it anew.
 */
public final class Rise {
  private double[] bounds = new double[32];

  /** Values at or below the bound; behind the last bound all of them. */
  private long[] cumulative = new long[33];

  private int size;

  void clear(int bounds) {
    size = 0;
    if (this.bounds.length < bounds) {
      this.bounds = new double[bounds];
      cumulative = new long[bounds + 1];
    }
    Arrays.fill(cumulative, 0);
  }

  void add(double bound, long count) {
    bounds[size] = bound;
    cumulative[size++] = count;
  }

  void total(long count) {
    cumulative[size] = count;
  }

  /** How many values were counted. */
  public long total() {
    return cumulative[size];
  }

  /** The least bound that is not below a value, or NaN when there is none. */
  public double boundFrom(double least) {
    int at = from(least);
    return at == size ? Double.NaN : bounds[at];
  }

  /** How many values lie above a bound of this histogram. */
  public long above(double bound) {
    return total() - cumulative[from(bound)];
  }

  /**
   * What the values above a bound come to together: each is taken as the geometric middle of its
   * bucket, and as the last bound when it is beyond all of them.
   */
  public double sumAbove(double bound) {
    double sum = 0;
    for (int at = from(bound); at < size; at++) {
      double middle = at + 1 == size ? bounds[at] : Math.sqrt(bounds[at] * bounds[at + 1]);
      sum += middle * (cumulative[at + 1] - cumulative[at]);
    }
    return sum;
  }

  private int from(double least) {
    int at = 0;
    while (at < size && bounds[at] < least) {
      at++;
    }
    return at;
  }
}
