package dev.plumbline.detectors.tail;

import dev.plumbline.detectors.Cusum;
import dev.plumbline.detectors.Durable;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * Whether something happens more often than it did, and goes on to: a cumulative sum of the
 * logarithm of how much likelier a count is at twice its usual rate than at the usual one,
 *
 * <pre>
 *   up = max(0, up + (count ln 2 - expected) / dispersion)        reached at the threshold
 * </pre>
 *
 * which is right for counts of any size, also where nought or one is usual. One sample counts for
 * no more than a fifth of the threshold, so that a burst is never enough; the beginning is where
 * the sum left zero. It is over when the samples have become likelier at the usual rate than at the
 * one of the surplus.
 *
 * <p>By chance the sum reaches the threshold h at most about once in exp(h) samples. E. S. Page,
 * Biometrika 41 (1954), 100-115; J. M. Lucas, Counted Data CUSUM's, Technometrics 27 (1985),
 * 129-144. Counts that vary more than chance: the dispersion divides the evidence
 * (quasi-likelihood; McCullagh and Nelder, Generalized Linear Models, ch. 9). 71 bytes, O(1) a
 * sample, no allocation.
 */
public final class Surplus extends Cusum implements Durable {
  private static final double TIMES = 2;

  /** Samples that it takes at least. */
  private static final int LEAST = 5;

  private int samples;
  private double count;
  private double expected;
  private double all;
  private double sum;
  private double usual;

  /**
   * @param threshold how much evidence it takes, as the logarithm of a likelihood ratio
   */
  public Surplus(double threshold) {
    super(threshold);
  }

  /**
   * Takes a sample.
   *
   * @param from when what the sample is about began, milliseconds
   * @param count how often it happened
   * @param expected how often it would have, at the usual rate
   * @param dispersion variance of the count over the expected one, at least 1
   * @param all of how many
   * @param sum what those that happened come to together, for example their seconds
   * @param usual what any of them usually comes to
   */
  public void update(
      long from,
      double count,
      double expected,
      double dispersion,
      double all,
      double sum,
      double usual) {
    boolean counts = true;
    if (isOpen()) {
      double ratio = Math.max(TIMES, Math.min(8, this.count / Math.max(1e-9, this.expected)));
      double likelier = (expected * (ratio - 1) - count * Math.log(ratio)) / dispersion;
      subside(Math.min(OVER / 3, likelier), 0);
    } else {
      double likelier = (count * Math.log(TIMES) - expected * (TIMES - 1)) / dispersion;
      counts = rise(from, Math.min(threshold() / LEAST, likelier), 0);
    }
    if (counts) {
      samples++;
      this.count += count;
      this.expected += expected;
      this.all += all;
      this.sum += sum;
      this.usual += count * usual;
    }
  }

  /** Samples since then. */
  public int samples() {
    return samples;
  }

  /** How often it happened since then. */
  public double count() {
    return count;
  }

  /** Of how many. */
  public double all() {
    return all;
  }

  /** Share of those to which it happens. */
  public double share() {
    return all > 0 ? count / all : 0;
  }

  /** Share to which it usually happens. */
  public double usualShare() {
    return all > 0 ? expected / all : 0;
  }

  /** What one of them comes to, on average. */
  public double mean() {
    return count > 0 ? sum / count : 0;
  }

  /** By how much that is more than any usual one. */
  public double extra() {
    return count > 0 ? (sum - usual) / count : 0;
  }

  /** What the surplus alone adds to the mean of all. */
  public double addedToMean() {
    return Math.max(0, share() - usualShare()) * extra();
  }

  /** How sure, as the logarithm of a likelihood ratio. */
  public double score() {
    return sum();
  }

  @Override
  protected void forget() {
    samples = 0;
    count = 0;
    expected = 0;
    all = 0;
    sum = 0;
    usual = 0;
  }

  @Override
  public void write(DataOutput out) throws IOException {
    out.writeByte(1);
    writeSums(out);
    out.writeInt(samples);
    out.writeDouble(count);
    out.writeDouble(expected);
    out.writeDouble(all);
    out.writeDouble(sum);
    out.writeDouble(usual);
  }

  @Override
  public void read(DataInput in) throws IOException {
    Durable.version(in, 1);
    readSums(in);
    samples = in.readInt();
    count = in.readDouble();
    expected = in.readDouble();
    all = in.readDouble();
    sum = in.readDouble();
    usual = in.readDouble();
  }
}
