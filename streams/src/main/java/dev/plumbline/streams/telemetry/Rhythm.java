package dev.plumbline.streams.telemetry;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;

/**
 * How often something usually comes: the median of its last seven gaps. A missed beat, a late one
 * or a repeated one is one gap of seven and moves nothing; a changed interval is learned in four.
 */
final class Rhythm {
  private static final int KEPT = 7;

  private final float[] gaps = new float[KEPT];
  private int count;

  /** Takes the time since the beat before; a time that isn't above zero is passed over. */
  void beat(double gap) {
    if (gap > 0) {
      gaps[count++ % KEPT] = (float) gap;
      count = count >= 2 * KEPT ? count - KEPT : count;
    }
  }

  /** Usual gap in the unit of the beats; NaN until there are two beats. */
  double interval() {
    int n = Math.min(count, KEPT);
    if (n == 0) {
      return Double.NaN;
    }
    float[] sorted = Arrays.copyOf(gaps, n);
    Arrays.sort(sorted);
    // until three of them agree the longest, and of two in the middle the longer: rather late than
    // wrong
    return n < 4 ? sorted[n - 1] : sorted[n / 2];
  }

  void write(DataOutput out) throws IOException {
    out.writeByte(count);
    for (int i = 0; i < Math.min(count, KEPT); i++) {
      out.writeFloat(gaps[i]);
    }
  }

  void read(DataInput in) throws IOException {
    count = in.readUnsignedByte();
    for (int i = 0; i < Math.min(count, KEPT); i++) {
      gaps[i] = in.readFloat();
    }
  }
}
