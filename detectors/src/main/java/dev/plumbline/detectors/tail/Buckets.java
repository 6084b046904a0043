package dev.plumbline.detectors.tail;

import dev.plumbline.detectors.Durable;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.List;

/**
 * The cumulative buckets of one histogram as they were last seen, to tell what was counted since.
 *
 * <p>Bounds may be any and may change: what was counted across a change, a reset or a gap in the
 * counts is not told. Of more than {@value #MOST} bounds every second, third, ... is looked at.
 * Nothing is allocated while the bounds stay. In bytes a count takes as many as it needs, most of
 * them one: about 60 for the 23 buckets of vLLM's first token.
 */
public final class Buckets implements Durable {
  static final int MOST = 40;

  private long[] counts = new long[0];
  private int form;

  /**
   * Takes the next scrape.
   *
   * @param bounds upper bounds, ascending, without the infinite one
   * @param cumulative values at or below each bound, then all of them
   * @param rise where what was counted since the scrape before goes
   * @return false when nothing can be said of it: a first scrape, a reset, other bounds
   */
  public boolean advance(List<Double> bounds, List<Double> cumulative, Rise rise) {
    int every = (bounds.size() + MOST - 1) / MOST;
    int length = bounds.isEmpty() ? 0 : (bounds.size() + every - 1) / every;
    int now = form(bounds);
    boolean same = now == form && counts.length == length + 1 && length > 0;
    if (!same) {
      form = now;
      counts = new long[length + 1];
    }
    rise.clear(length);
    long before = 0;
    for (int i = 0; i < length; i++) {
      // the last of each few, so that the greatest bound is always among them
      int at = bounds.size() - 1 - (length - 1 - i) * every;
      long count = (long) (double) cumulative.get(at);
      same &= count - counts[i] >= before;
      before = count - counts[i];
      rise.add(bounds.get(at), before);
      counts[i] = count;
    }
    long all = (long) (double) cumulative.get(cumulative.size() - 1);
    same &= all - counts[length] >= before;
    rise.total(all - counts[length]);
    counts[length] = all;
    return same;
  }

  private static int form(List<Double> bounds) {
    int form = 1;
    for (int i = 0; i < bounds.size(); i++) {
      form = 31 * form + Double.hashCode(bounds.get(i));
    }
    return form;
  }

  @Override
  public void write(DataOutput out) throws IOException {
    out.writeByte(1);
    out.writeInt(form);
    out.writeByte(counts.length);
    long before = 0;
    for (long count : counts) {
      varint(out, count - before);
      before = count;
    }
  }

  @Override
  public void read(DataInput in) throws IOException {
    Durable.version(in, 1);
    form = in.readInt();
    counts = new long[in.readUnsignedByte()];
    long before = 0;
    for (int i = 0; i < counts.length; i++) {
      before += varint(in);
      counts[i] = before;
    }
  }

  /**
   * Zigzag, then seven bits a byte: a source may well give counts that fall from bound to bound.
   */
  private static void varint(DataOutput out, long value) throws IOException {
    long left = value << 1 ^ value >> 63;
    while ((left & ~0x7fL) != 0) {
      out.writeByte((int) (left & 0x7f | 0x80));
      left >>>= 7;
    }
    out.writeByte((int) left);
  }

  private static long varint(DataInput in) throws IOException {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      int next = in.readUnsignedByte();
      value |= (next & 0x7fL) << shift;
      if (next < 0x80) {
        break;
      }
    }
    return value >>> 1 ^ -(value & 1);
  }
}
