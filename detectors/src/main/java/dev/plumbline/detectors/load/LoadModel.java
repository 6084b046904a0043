package dev.plumbline.detectors.load;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * How long one step should take under the present load: a linear model of two loads, learned by
 * recursive least squares with forgetting, in which an outlier counts no more than three times the
 * usual deviation (Huber). It also knows the range of loads it has learned from, so that a load
 * never seen before is told apart from a slowdown.
 *
 * <p>Recursive least squares: Haykin, Adaptive Filter Theory, ch. 10. One pass, no allocation, 136
 * bytes.
 */
public final class LoadModel {
  private static final int N = 3;

  /** Forgets over about this many samples: two hours at 30 s. */
  private static final double FORGETTING = 1 - 1.0 / 240;

  /** No deviation is taken as smaller than this part of the expectation: noise of one scrape. */
  private static final double LEAST_DEVIATION = 0.04;

  /** Huber's corner, in usual deviations. */
  private static final double CORNER = 3;

  /** Loads up to this much beyond the greatest seen are still judged. */
  private static final double BEYOND = 1.3;

  private static final double MOST_COVARIANCE = 1e4;

  private final double[] weights = new double[N];
  private final double[] covariance = new double[N * N];
  private double deviation = 0.1;
  private double mostFirst;
  private double mostSecond;
  private int count;

  public LoadModel() {
    for (int i = 0; i < N; i++) {
      covariance[i * N + i] = 1e3;
    }
  }

  /** Number of samples learned from. */
  public int count() {
    return count;
  }

  /** True when a load lies in the range that was learned from. */
  public boolean knows(double first, double second) {
    return first <= BEYOND * mostFirst && second <= BEYOND * mostSecond;
  }

  /** Expected value under a load, in the unit of what was learned; never below zero. */
  public double expected(double first, double second) {
    return Math.max(0, weights[0] + weights[1] * first + weights[2] * second);
  }

  /** Usual relative deviation from the expectation. */
  public double deviation() {
    return Math.max(LEAST_DEVIATION, deviation);
  }

  /** Relative distance of a value from what the load explains: 0.5 is half as long again. */
  public double excess(double first, double second, double value) {
    double expected = expected(first, second);
    return expected <= 0 ? Double.NaN : value / expected - 1;
  }

  /** Learns one sample; loads and value must be finite. */
  public void learn(double first, double second, double value) {
    double expected = weights[0] + weights[1] * first + weights[2] * second;
    double error = value - expected;
    if (count >= 10 && expected > 0 && knows(first, second)) {
      double limit = CORNER * deviation() * expected;
      error = Math.max(-limit, Math.min(limit, error));
      deviation += 0.03 * (Math.abs(error) * 1.25 / expected - deviation);
    }
    // gain = P x / (lambda + x' P x)
    double p0 = row(0, first, second);
    double p1 = row(1, first, second);
    double p2 = row(2, first, second);
    double denominator = FORGETTING + p0 + first * p1 + second * p2;
    double k0 = p0 / denominator;
    double k1 = p1 / denominator;
    double k2 = p2 / denominator;
    weights[0] += k0 * error;
    weights[1] += k1 * error;
    weights[2] += k2 * error;
    for (int j = 0; j < N; j++) {
      double column = covariance[j] + first * covariance[N + j] + second * covariance[2 * N + j];
      scratch[j] = column;
    }
    for (int j = 0; j < N; j++) {
      covariance[j] = bounded((covariance[j] - k0 * scratch[j]) / FORGETTING);
      covariance[N + j] = bounded((covariance[N + j] - k1 * scratch[j]) / FORGETTING);
      covariance[2 * N + j] = bounded((covariance[2 * N + j] - k2 * scratch[j]) / FORGETTING);
    }
    mostFirst = reached(mostFirst, first);
    mostSecond = reached(mostSecond, second);
    count++;
  }

  /**
   * The greatest load counts as known only after several samples near it, and is slowly forgotten.
   */
  private double reached(double most, double load) {
    return load > most ? most + (count < 10 ? 1 : 0.15) * (load - most) : most * 0.9995;
  }

  private final double[] scratch = new double[N];

  private double row(int i, double first, double second) {
    return covariance[i * N] + first * covariance[i * N + 1] + second * covariance[i * N + 2];
  }

  /** Without excitation forgetting lets the covariance grow without end: it is held. */
  private static double bounded(double value) {
    return Math.max(-MOST_COVARIANCE, Math.min(MOST_COVARIANCE, value));
  }

  /** A copy with the same past. */
  public LoadModel copy() {
    LoadModel copy = new LoadModel();
    System.arraycopy(weights, 0, copy.weights, 0, N);
    System.arraycopy(covariance, 0, copy.covariance, 0, N * N);
    copy.deviation = deviation;
    copy.mostFirst = mostFirst;
    copy.mostSecond = mostSecond;
    copy.count = count;
    return copy;
  }

  public void write(DataOutput out) throws IOException {
    out.writeByte(1);
    for (double weight : weights) {
      out.writeDouble(weight);
    }
    for (double each : covariance) {
      out.writeDouble(each);
    }
    out.writeDouble(deviation);
    out.writeDouble(mostFirst);
    out.writeDouble(mostSecond);
    out.writeInt(count);
  }

  public void read(DataInput in) throws IOException {
    if (in.readUnsignedByte() != 1) {
      throw new IOException("a load model of another version");
    }
    for (int i = 0; i < N; i++) {
      weights[i] = in.readDouble();
    }
    for (int i = 0; i < N * N; i++) {
      covariance[i] = in.readDouble();
    }
    deviation = in.readDouble();
    mostFirst = in.readDouble();
    mostSecond = in.readDouble();
    count = in.readInt();
  }
}
