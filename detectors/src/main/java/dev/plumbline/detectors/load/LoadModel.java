package dev.plumbline.detectors.load;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * How long something should take under the present load: a linear model of two loads, learned by
 * recursive least squares with forgetting on relative errors, in which an outlier counts no more
 * than three times the usual deviation (Huber). It knows the range of loads it has learned from,
 * and how far a load is from them (its leverage), so that a load never seen before is told apart
 * from a slowdown and a prediction is never believed more than its past allows.
 *
 * <p>Recursive least squares: Haykin, Adaptive Filter Theory, ch. 10; prediction variance 1 + x'Px:
 * Seber and Lee, Linear Regression Analysis, ch. 5. One pass, no allocation, 165 bytes. Any unit of
 * time and load gives the same excess.
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

  private static final double PEAK = 0.8;

  /** Samples until the deviation is learned and outliers are held back. */
  private static final int SETTLED = 10;

  /** Of the deviation, once it is known. */
  private static final double LEAST_LEARNING = 0.03;

  private static final double FIRST_COVARIANCE = 100;
  private static final double MOST_COVARIANCE = 1e4;

  private final double[] weights = new double[N];
  private final double[] covariance = new double[N * N];
  private final double[] scratch = new double[N];

  /** First value and first loads above zero: everything is measured in them. */
  private double unit = Double.NaN;

  private double firstUnit = Double.NaN;
  private double secondUnit = Double.NaN;
  private double variance = 0.01;
  private double mostFirst;
  private double mostSecond;
  private int count;

  public LoadModel() {
    for (int i = 0; i < N; i++) {
      covariance[i * N + i] = FIRST_COVARIANCE;
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

  /** True at the upper end of the loads that were learned from, where a queue may build up. */
  public boolean isPeak(double first, double second) {
    return first > PEAK * mostFirst || second > PEAK * mostSecond;
  }

  /** Expected value under a load, in the unit of what was learned; 0 when nothing was learned. */
  public double expected(double first, double second) {
    if (count == 0) {
      return 0;
    }
    double x1 = scaled(first, firstUnit);
    double x2 = scaled(second, secondUnit);
    return Math.max(0, weights[0] + weights[1] * x1 + weights[2] * x2) * unit;
  }

  /** Usual relative deviation from the expectation. */
  public double deviation() {
    return Math.max(LEAST_DEVIATION, Math.sqrt(variance));
  }

  /** Relative deviation to expect at a load: the usual one, and more where little was learned. */
  public double deviation(double first, double second) {
    double expected = expected(first, second) / unit;
    if (!(expected > 0)) {
      return Double.POSITIVE_INFINITY;
    }
    double leverage = leverage(1, scaled(first, firstUnit), scaled(second, secondUnit));
    return deviation() * Math.sqrt(1 + leverage / (expected * expected));
  }

  private double leverage(double x0, double x1, double x2) {
    double sum = x0 * row(0, x0, x1, x2) + x1 * row(1, x0, x1, x2) + x2 * row(2, x0, x1, x2);
    return Math.max(0, sum);
  }

  /** Relative distance of a value from what the load explains: 0.5 is half as long again. */
  public double excess(double first, double second, double value) {
    double expected = expected(first, second);
    return expected <= 0 ? Double.NaN : value / expected - 1;
  }

  /** Learns one sample; loads must be finite and not negative, the value finite and above zero. */
  public void learn(double first, double second, double value) {
    if (!(value > 0)) {
      return;
    }
    if (Double.isNaN(unit)) {
      unit = value;
    }
    firstUnit = Double.isNaN(firstUnit) && first > 0 ? first : firstUnit;
    secondUnit = Double.isNaN(secondUnit) && second > 0 ? second : secondUnit;
    double x1 = scaled(first, firstUnit);
    double x2 = scaled(second, secondUnit);
    double expected = weights[0] + weights[1] * x1 + weights[2] * x2;
    boolean settled = count >= SETTLED && expected > 0;
    // noise grows with the value: every sample is weighed by what was expected of it
    double scale = settled ? expected : value / unit;
    double error = (value / unit - expected) / scale;
    if (settled && knows(first, second)) {
      double limit = CORNER * deviation();
      error = Math.max(-limit, Math.min(limit, error));
      double more = error * error - variance;
      // a noisy signal is known as one before it is judged; a quiet one is believed slowly
      double early = more > 0 ? 1.0 / (count - SETTLED + 2) : 0;
      variance += Math.max(LEAST_LEARNING, early) * more;
    }
    // a load far from all before pulls no more than its leverage allows: it may be a bad scrape
    double held = settled ? 1 / Math.sqrt(Math.max(1, leverage(1, x1, x2) / (scale * scale))) : 1;
    step(held / scale, held * x1 / scale, held * x2 / scale, held * error);
    mostFirst = reached(mostFirst, first);
    mostSecond = reached(mostSecond, second);
    count++;
  }

  /** gain = P x / (lambda + x' P x). */
  private void step(double x0, double x1, double x2, double error) {
    double p0 = row(0, x0, x1, x2);
    double p1 = row(1, x0, x1, x2);
    double p2 = row(2, x0, x1, x2);
    double denominator = FORGETTING + x0 * p0 + x1 * p1 + x2 * p2;
    double k0 = p0 / denominator;
    double k1 = p1 / denominator;
    double k2 = p2 / denominator;
    weights[0] += k0 * error;
    weights[1] += k1 * error;
    weights[2] += k2 * error;
    for (int j = 0; j < N; j++) {
      scratch[j] = x0 * covariance[j] + x1 * covariance[N + j] + x2 * covariance[2 * N + j];
    }
    for (int j = 0; j < N; j++) {
      covariance[j] = bounded((covariance[j] - k0 * scratch[j]) / FORGETTING);
      covariance[N + j] = bounded((covariance[N + j] - k1 * scratch[j]) / FORGETTING);
      covariance[2 * N + j] = bounded((covariance[2 * N + j] - k2 * scratch[j]) / FORGETTING);
    }
  }

  /**
   * The greatest load counts as known only after several samples near it, and is slowly forgotten.
   */
  private double reached(double most, double load) {
    return load > most ? most + (count < SETTLED ? 1 : 0.15) * (load - most) : most * 0.9995;
  }

  private static double scaled(double load, double unit) {
    return Double.isNaN(unit) ? 0 : load / unit;
  }

  private double row(int i, double x0, double x1, double x2) {
    return covariance[i * N] * x0 + covariance[i * N + 1] * x1 + covariance[i * N + 2] * x2;
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
    copy.unit = unit;
    copy.firstUnit = firstUnit;
    copy.secondUnit = secondUnit;
    copy.variance = variance;
    copy.mostFirst = mostFirst;
    copy.mostSecond = mostSecond;
    copy.count = count;
    return copy;
  }

  public void write(DataOutput out) throws IOException {
    out.writeByte(2);
    for (double weight : weights) {
      out.writeDouble(weight);
    }
    for (double each : covariance) {
      out.writeDouble(each);
    }
    out.writeDouble(unit);
    out.writeDouble(firstUnit);
    out.writeDouble(secondUnit);
    out.writeDouble(variance);
    out.writeDouble(mostFirst);
    out.writeDouble(mostSecond);
    out.writeInt(count);
  }

  public void read(DataInput in) throws IOException {
    if (in.readUnsignedByte() != 2) {
      throw new IOException("a load model of another version");
    }
    for (int i = 0; i < N; i++) {
      weights[i] = in.readDouble();
    }
    for (int i = 0; i < N * N; i++) {
      covariance[i] = in.readDouble();
    }
    unit = in.readDouble();
    firstUnit = in.readDouble();
    secondUnit = in.readDouble();
    variance = in.readDouble();
    mostFirst = in.readDouble();
    mostSecond = in.readDouble();
    count = in.readInt();
  }
}
