package dev.plumbline.detectors.load;

import dev.plumbline.detectors.Cusum;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * Whether something lies above what is expected of it, and stays there: a one-sided cumulative sum
 * of standardised excesses,
 *
 * <pre>
 *   up = max(0, up + z - slack)        shifted when up reaches the threshold
 * </pre>
 *
 * so that a large shift is seen after three samples and a small one after many. One sample counts
 * for no more than four deviations: a single wild one is never a shift. A shift is dated from where
 * the sum left zero. It is over when a second sum, of how much nearer the samples are to what is
 * expected than to the shift, reaches its own threshold.
 *
 * <p>With independent Gaussian noise the sum reaches the threshold by chance about once in exp(2 *
 * slack * threshold) samples; callers ask for a least effect besides. E. S. Page, Continuous
 * Inspection Schemes, Biometrika 41 (1954), 100-115. 71 bytes, O(1) a sample.
 */
public final class Shift extends Cusum {
  /** Most that one sample counts, in deviations. */
  private static final double MOST = 4;

  /** How far apart highs and lows lie when there are two levels, in deviations. */
  private static final double APART = 2.5;

  private static final double NEARLY = 1.8;

  /** Of the turns that independent noise takes, the most of what stays a while high and low. */
  private static final double SLOWLY = 0.7;

  private final double slack;

  /** Since the sum left zero: samples, their excesses, deviations, weight and turns. */
  private int count;

  private double excesses;
  private double deviations;
  private double weight;
  private int highs;
  private double highDeviations;
  private int turns;
  private boolean high;

  /**
   * @param slack half of the least shift looked for, in deviations: the more one sample depends on
   *     the one before, the more
   * @param threshold how much evidence it takes, in deviations beyond the slack
   */
  public Shift(double slack, double threshold) {
    super(threshold);
    this.slack = slack;
  }

  /**
   * Takes a sample.
   *
   * @param from when what the sample is about began, milliseconds
   * @param z excess in deviations
   * @param excess logarithm of observed over expected
   * @param weight what the sample rests on, for example a number of requests
   */
  public void update(long from, double z, double excess, double weight) {
    double held = Math.max(-MOST, Math.min(MOST, z));
    if (isOpen()) {
      double shift = Math.max(2 * slack, Math.min(MOST, deviations / count));
      subside(shift / 2, held);
      note(held, excess, weight);
    } else if (rise(from, held, slack)) {
      note(held, excess, weight);
    }
  }

  private void note(double held, double excess, double more) {
    count++;
    excesses += excess;
    deviations += held;
    weight += more;
    boolean now = held > 2 * slack;
    highs += now ? 1 : 0;
    highDeviations += now ? held : 0;
    turns += count > 1 && now != high ? 1 : 0;
    high = now;
  }

  /** Relative excess over the shift so far: 0.5 is half as much again; geometric mean. */
  public double excess() {
    return count == 0 ? 0 : Math.expm1(excesses / count);
  }

  /** How sure, in deviations of a sum of as many samples. */
  public double score() {
    return count == 0 ? 0 : deviations / Math.sqrt(count);
  }

  /** Samples of the shift so far. */
  public int count() {
    return count;
  }

  /** What they rest on together. */
  public double weight() {
    return weight;
  }

  /**
   * True when it comes and goes rather than stays: high about half of the time, in turns, and the
   * high samples further from the others than noise about one level would be (unit normal noise cut
   * in two anywhere has its halves 1.6 to 2 deviations apart).
   */
  public boolean oscillates() {
    if (turns < 4 || highs < 0.25 * count || highs > 0.75 * count) {
      return false;
    }
    double apart = highDeviations / highs - (deviations - highDeviations) / (count - highs);
    double byChance = 2.0 * highs * (count - highs) / count;
    return apart >= APART || apart >= NEARLY && turns <= SLOWLY * byChance;
  }

  @Override
  protected void forget() {
    count = 0;
    excesses = 0;
    deviations = 0;
    weight = 0;
    highs = 0;
    highDeviations = 0;
    turns = 0;
    high = false;
  }

  public void write(DataOutput out) throws IOException {
    out.writeByte(2);
    writeSums(out);
    out.writeInt(count);
    out.writeDouble(excesses);
    out.writeDouble(deviations);
    out.writeDouble(weight);
    out.writeInt(highs);
    out.writeDouble(highDeviations);
    out.writeInt(turns);
    out.writeBoolean(high);
  }

  public void read(DataInput in) throws IOException {
    if (in.readUnsignedByte() != 2) {
      throw new IOException("a shift of another version");
    }
    readSums(in);
    count = in.readInt();
    excesses = in.readDouble();
    deviations = in.readDouble();
    weight = in.readDouble();
    highs = in.readInt();
    highDeviations = in.readDouble();
    turns = in.readInt();
    high = in.readBoolean();
  }
}
