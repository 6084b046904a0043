package dev.plumbline.detectors.tail;

import dev.plumbline.detectors.Durable;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * Which share of the values usually lies above a bound under the present load, learned for the few
 * bounds that are asked for, and by how much more than chance the counts vary: values that share a
 * batch or wait in one queue are slow together.
 *
 * <p>The share is a straight line over a load, fitted by weighted least squares with forgetting; it
 * never falls with the load and is never taken as none. The variance of a count is {@code
 * dispersion * n * share} (McCullagh and Nelder, Generalized Linear Models, 4.5: overdispersed
 * counts); the dispersion is learned from the squared residuals, and no single one counts for more
 * than nine times what is usual. One pass, no allocation, 105 bytes. Any unit of time or load gives
 * the same shares.
 */
public final class SlowShare implements Durable {
  private static final int BOUNDS = 4;

  /** Forgets over about this many scrapes: two hours at 30 s. */
  private static final double FORGETTING = 1 - 1.0 / 240;

  /** Values that a share must rest on before it is believed. */
  private static final double LEAST = 200;

  private static final double LEARNING = 0.03;

  /** A load that hardly varies says nothing of the slope: it is held by this much of variation. */
  private static final double RIDGE = 0.1;

  /** Of the share on average, the least that a low load may bring it to. */
  private static final double LOWEST = 0.25;

  private final float[] bounds = new float[BOUNDS];

  /** Per bound, over the values: their number, the slow ones, and moments of the load. */
  private final float[] all = new float[BOUNDS];

  private final float[] slow = new float[BOUNDS];
  private final float[] load = new float[BOUNDS];
  private final float[] loadSquared = new float[BOUNDS];
  private final float[] loadOfSlow = new float[BOUNDS];
  private float dispersion = 1;
  private float usual = Float.NaN;

  /** True when enough values were seen while this was the bound. */
  public boolean knows(double bound) {
    int at = find(bound);
    return at >= 0 && all[at] >= LEAST;
  }

  /** The share above the bound under a load, never taken as none: one more than was seen. */
  public double share(double bound, double load) {
    int at = find(bound);
    if (at < 0) {
      return 1;
    }
    double share = (slow[at] + 1.0) / (all[at] + 1.0);
    double middle = this.load[at] / all[at];
    double spread = loadSquared[at] / all[at] - middle * middle + RIDGE * RIDGE * middle * middle;
    double together = loadOfSlow[at] / all[at] - middle * slow[at] / all[at];
    double slope = spread > 0 ? Math.max(0, together / spread) : 0;
    return Math.min(1, Math.max(LOWEST * share, share + slope * (load - middle)));
  }

  /** Variance of a count of slow ones among so many, over what independent ones would have. */
  public double dispersion(double values) {
    return dispersion * Math.max(1, Float.isNaN(usual) ? 1 : values / usual);
  }

  /** Learns how far a count lies from the one that was expected. */
  public void learnDispersion(double above, double expected) {
    double residual = above - expected;
    double squared = residual * residual / (expected + 0.5);
    dispersion += LEARNING * (Math.min(squared, 9 * dispersion) - dispersion);
    dispersion = Math.max(1, dispersion);
  }

  /** Learns that under a load some of so many values lay above the bound. */
  public void learn(double bound, double load, double above, double values) {
    if (!(values > 0)) {
      return;
    }
    usual = Float.isNaN(usual) ? (float) values : (float) (usual + 0.05 * (values - usual));
    int at = find(bound);
    if (at < 0) {
      at = leastKnown();
      bounds[at] = (float) bound;
      all[at] = 0;
      slow[at] = 0;
      this.load[at] = 0;
      loadSquared[at] = 0;
      loadOfSlow[at] = 0;
    }
    all[at] = (float) (all[at] * FORGETTING + values);
    slow[at] = (float) (slow[at] * FORGETTING + above);
    this.load[at] = (float) (this.load[at] * FORGETTING + values * load);
    loadSquared[at] = (float) (loadSquared[at] * FORGETTING + values * load * load);
    loadOfSlow[at] = (float) (loadOfSlow[at] * FORGETTING + above * load);
  }

  private int find(double bound) {
    for (int at = 0; at < BOUNDS; at++) {
      if (bounds[at] == (float) bound) {
        return at;
      }
    }
    return -1;
  }

  private int leastKnown() {
    int least = 0;
    for (int at = 1; at < BOUNDS; at++) {
      least = all[at] < all[least] ? at : least;
    }
    return least;
  }

  /** A copy with the same past. */
  public SlowShare copy() {
    SlowShare copy = new SlowShare();
    System.arraycopy(bounds, 0, copy.bounds, 0, BOUNDS);
    System.arraycopy(all, 0, copy.all, 0, BOUNDS);
    System.arraycopy(slow, 0, copy.slow, 0, BOUNDS);
    System.arraycopy(load, 0, copy.load, 0, BOUNDS);
    System.arraycopy(loadSquared, 0, copy.loadSquared, 0, BOUNDS);
    System.arraycopy(loadOfSlow, 0, copy.loadOfSlow, 0, BOUNDS);
    copy.dispersion = dispersion;
    copy.usual = usual;
    return copy;
  }

  @Override
  public void write(DataOutput out) throws IOException {
    out.writeByte(1);
    Durable.write(out, bounds);
    Durable.write(out, all);
    Durable.write(out, slow);
    Durable.write(out, load);
    Durable.write(out, loadSquared);
    Durable.write(out, loadOfSlow);
    out.writeFloat(dispersion);
    out.writeFloat(usual);
  }

  @Override
  public void read(DataInput in) throws IOException {
    Durable.version(in, 1);
    Durable.read(in, bounds);
    Durable.read(in, all);
    Durable.read(in, slow);
    Durable.read(in, load);
    Durable.read(in, loadSquared);
    Durable.read(in, loadOfSlow);
    dispersion = in.readFloat();
    usual = in.readFloat();
  }
}
