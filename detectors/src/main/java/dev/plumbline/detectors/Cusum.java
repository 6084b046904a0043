package dev.plumbline.detectors;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * A one-sided cumulative sum: evidence that something began adds up from zero to a threshold, and
 * once the caller takes it as begun, evidence that it is over adds up to another. E. S. Page,
 * Continuous Inspection Schemes, Biometrika 41 (1954), 100-115. What the evidence of a sample is,
 * and what is kept of the samples since the sum left zero, is the subclass's.
 */
public abstract class Cusum {
  /** Threshold of the sum by which it is over. */
  protected static final double OVER = 6;

  /** The sum may stand so many times its threshold high, so that it comes down in time. */
  private static final double HIGHEST = 1.5;

  private final double threshold;

  private double up;
  private double back;
  private boolean open;
  private long since;

  /**
   * @param threshold how much evidence it takes
   */
  protected Cusum(double threshold) {
    this.threshold = threshold;
  }

  /** Forgets the samples so far: the sum begins anew. */
  protected abstract void forget();

  /**
   * Adds the evidence of a sample that something began.
   *
   * @param from when what the sample is about began, milliseconds
   * @param slack taken off the evidence of each sample
   * @return true while the sum is above zero: the sample belongs to what may have begun
   */
  protected final boolean rise(long from, double evidence, double slack) {
    if (up == 0) {
      forget();
      since = from;
    }
    up = Math.min(HIGHEST * threshold, Math.max(0, up + evidence - slack));
    return up > 0;
  }

  /** Adds the evidence of a sample that what is open is over, and takes off what speaks against. */
  protected final void subside(double evidence, double against) {
    back = Math.max(0, back + evidence - against);
  }

  /** The threshold. */
  protected final double threshold() {
    return threshold;
  }

  /** The sum. */
  protected final double sum() {
    return up;
  }

  /** There is evidence enough, whether or not it matters. */
  public final boolean isReached() {
    return up >= threshold;
  }

  /** The sum is on its way up: what is seen now should not be learned as usual. */
  public final boolean isSuspected() {
    return up >= threshold / 3;
  }

  /** The sum has left zero: there is a beginning, if it is one. */
  public final boolean isRising() {
    return up > 0;
  }

  public final boolean isOpen() {
    return open;
  }

  /** The caller takes it as begun. */
  public final void open() {
    open = true;
    back = 0;
  }

  /** True when what was taken as begun is over. */
  public final boolean isOver() {
    return open && back >= OVER;
  }

  /** Begins anew. */
  public final void reset() {
    up = 0;
    back = 0;
    open = false;
    forget();
  }

  /** When it began, milliseconds: where the sum left zero. */
  public final long since() {
    return since;
  }

  protected final void writeSums(DataOutput out) throws IOException {
    out.writeDouble(up);
    out.writeDouble(back);
    out.writeBoolean(open);
    out.writeLong(since);
  }

  protected final void readSums(DataInput in) throws IOException {
    up = in.readDouble();
    back = in.readDouble();
    open = in.readBoolean();
    since = in.readLong();
  }
}
