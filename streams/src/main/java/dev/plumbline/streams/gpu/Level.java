package dev.plumbline.streams.gpu;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * Where a signal stands, where it usually stands, and since when it is above that.
 *
 * <p>A signal has risen when it is above its usual by more than the least that counts and by more
 * than three of its everyday deviations, and until it is back at half of that. The usual is learned
 * over half an hour, ten times slower while the signal is up, so that a rise is not taken for the
 * usual while it is judged. A value that is not finite or below 0, or that is not newer than the
 * last one, changes nothing.
 *
 * <p>There are several of these for every board: the numbers are floats, 23 bytes in all and 16
 * more while it is up.
 */
final class Level {
  /** Values from which a usual is known. */
  static final int LEARNED = 5;

  private static final double USUAL_SECONDS = 1800;
  private static final double SLOWER = 0.1;
  private static final double EVERYDAY = 3;

  /** One value alone is a blip: the present is smoothed over about two. */
  private static final double FRESH = 0.5;

  /** Smoothed; NaN before the first value. */
  float now = Float.NaN;

  /** NaN before the first value. */
  float usual = Float.NaN;

  private float deviation;
  private long at;
  private short values;

  /** The values between which it rose, event time in milliseconds; 0 when it is not up. */
  private long roseAfter;

  private long roseBy;

  /**
   * Takes the next value.
   *
   * @param time event time, milliseconds
   * @param least growth in the signal's unit below which nobody else feels it
   */
  void see(double value, long time, double least) {
    if (!(value >= 0 && value < Double.POSITIVE_INFINITY) || values > 0 && time <= at) {
      return;
    }
    long before = at;
    at = time;
    if (values == 0) {
      now = (float) value;
      usual = now;
      values = 1;
      return;
    }
    now += FRESH * (value - now);
    double needed = Math.max(least, EVERYDAY * deviation);
    if (values < LEARNED || now - usual < (roseBy == 0 ? needed : needed / 2)) {
      roseAfter = 0;
      roseBy = 0;
    } else if (roseBy == 0) {
      roseAfter = before;
      roseBy = time;
    }
    double elapsed = (time - before) / 1000.0;
    double share = Math.max(1.0 / (values + 1), elapsed / (elapsed + USUAL_SECONDS));
    share *= roseBy == 0 ? 1 : SLOWER;
    deviation += share * (Math.abs(value - usual) - deviation);
    usual += share * (value - usual);
    values = (short) Math.min(values + 1, 1_000);
  }

  /** It was not there until now, and that is known: its usual is nothing. */
  void begin(long time) {
    now = 0;
    usual = 0;
    at = time;
    values = LEARNED;
  }

  /** True from the first value on. */
  boolean isKnown() {
    return values > 0;
  }

  boolean isUp() {
    return roseBy > 0;
  }

  /**
   * True when it is up and may have risen within a time. A counter tells of all the time since it
   * was last read.
   *
   * @param from event time, milliseconds
   * @param to the same
   */
  boolean rose(long from, long to) {
    return isUp() && roseBy >= from && roseAfter <= to;
  }

  /** True when it has been up since before a time, event time in milliseconds. */
  boolean upSince(long time) {
    return isUp() && roseBy <= time;
  }

  /** How far above its usual. */
  double growth() {
    return now - usual;
  }

  void write(DataOutput out) throws IOException {
    out.writeFloat(now);
    out.writeFloat(usual);
    out.writeFloat(deviation);
    out.writeLong(at);
    out.writeShort(values);
    out.writeBoolean(isUp());
    if (isUp()) {
      out.writeLong(roseAfter);
      out.writeLong(roseBy);
    }
  }

  void read(DataInput in) throws IOException {
    now = in.readFloat();
    usual = in.readFloat();
    deviation = in.readFloat();
    at = in.readLong();
    values = in.readShort();
    if (in.readBoolean()) {
      roseAfter = in.readLong();
      roseBy = in.readLong();
    }
  }
}
