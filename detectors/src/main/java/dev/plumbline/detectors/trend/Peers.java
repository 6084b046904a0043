package dev.plumbline.detectors.trend;

import dev.plumbline.detectors.Durable;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * How those that should be alike grow from one half hour to the next, as one sum that each adds to:
 * a member is told from all the others at the same cost however many they are. 449 bytes.
 */
public final class Peers implements Durable {
  private final float[] sums = new float[Creep.BINS];
  private final short[] counts = new short[Creep.BINS];
  private int newest = Integer.MIN_VALUE;

  /** Adds what a member grew in the half hour that it has just summed up. */
  public void add(Creep member) {
    double step = member.step();
    if (Double.isNaN(step)) {
      return;
    }
    int bin = member.bin() - 1;
    if (newest == Integer.MIN_VALUE) {
      newest = bin;
    }
    if ((long) newest - bin >= Creep.BINS) {
      return;
    }
    for (long from = Math.max(newest + 1L, (long) bin - Creep.BINS + 1); from <= bin; from++) {
      sums[slot((int) from)] = 0;
      counts[slot((int) from)] = 0;
    }
    newest = Math.max(newest, bin);
    sums[slot(bin)] += (float) step;
    counts[slot(bin)] += counts[slot(bin)] == Short.MAX_VALUE ? 0 : 1;
  }

  /**
   * Mean growth of the others in a half hour, as logarithm; NaN when none of them was seen.
   *
   * @param mine what the member itself added, or NaN
   */
  double others(int bin, double mine) {
    if (bin > newest || (long) newest - bin >= Creep.BINS) {
      return Double.NaN;
    }
    boolean added = !Double.isNaN(mine);
    int n = counts[slot(bin)] - (added ? 1 : 0);
    return n <= 0 ? Double.NaN : (sums[slot(bin)] - (added ? mine : 0)) / n;
  }

  private static int slot(int bin) {
    return Math.floorMod(bin, Creep.BINS);
  }

  @Override
  public void write(DataOutput out) throws IOException {
    out.writeByte(1);
    out.writeInt(newest);
    Durable.write(out, sums);
    for (short count : counts) {
      out.writeShort(count);
    }
  }

  @Override
  public void read(DataInput in) throws IOException {
    Durable.version(in, 1);
    newest = in.readInt();
    Durable.read(in, sums);
    for (int i = 0; i < counts.length; i++) {
      counts[i] = in.readShort();
    }
  }
}
