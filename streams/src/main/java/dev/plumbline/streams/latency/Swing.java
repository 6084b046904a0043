package dev.plumbline.streams.latency;

import dev.plumbline.detectors.load.Shift;
import dev.plumbline.detectors.tail.Surplus;
import dev.plumbline.schemas.event.Severity;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** Whether one latency swings, of a replica or of several together: its level, and its tail. */
final class Swing {
  /** Requests that a swing rests on at least: fewer are an anecdote. */
  private static final double LEAST_REQUESTS = 10;

  /** Scrapes that a swing rests on at least. */
  private static final int LEAST_SCRAPES = 3;

  /** Slow ones that a tail has at least beyond the usual ones: p98 moves. */
  private static final double LEAST_SHARE = 0.02;

  /**
   * And so many times as many as usual: how many a burst of arrivals slows down varies by itself.
   */
  private static final double LEAST_TIMES = 2.5;

  /** If more than these are slow when the mean moved, it is no tail. */
  private static final double MOST_SHARE = 0.25;

  /** Of a shift of the mean that comes from the slow ones for so much, the rest stands. */
  private static final double MOSTLY = 0.6;

  private static final double SEVERE = 1;

  /** Of the least excess that is worth a finding, what agrees with one. */
  private static final double HALF = 0.5;

  final Judged judged;
  final Shift shift;
  final Surplus tail = new Surplus(14);

  /** The last judged scrape, for the evidence. */
  double seconds = Double.NaN;

  double expectedSeconds = Double.NaN;

  Swing(Judged judged) {
    this.judged = judged;
    shift = judged.shift();
  }

  /** The level moved so far that it would be worth saying, if it were sure. */
  boolean isMuch() {
    return shift.excess() >= judged.leastExcess;
  }

  /** Something speaks for a level above what is expected. */
  boolean isRising() {
    return shift.isOpen() || shift.isRising();
  }

  /** As far as it is the half of what would be worth saying. */
  boolean isHalfAsMuch() {
    return shift.excess() >= HALF * judged.leastExcess;
  }

  /**
   * Slower than the load explains, if by little or not yet surely: worth saying when what it shares
   * with others became short just then. A blip of a few scrapes is none.
   */
  boolean isSlowdown() {
    return shift.isOpen()
        || shift.isSuspected()
            && isHalfAsMuch()
            && seconds >= (1 + HALF * judged.leastExcess) * expectedSeconds
            && shift.count() >= 2 * LEAST_SCRAPES
            && shift.weight() >= LEAST_REQUESTS;
  }

  /** On its way to be told, so that what is seen now is not to be learned as usual. */
  boolean isPending() {
    return shift.isSuspected() && isMuch();
  }

  /** So many became slow that it would be worth saying, if it were sure. */
  private boolean isMany() {
    double usual = tail.usualShare();
    return tail.share() - usual >= LEAST_SHARE && tail.share() >= LEAST_TIMES * usual;
  }

  /** The tail is on its way to be told. */
  boolean isTailPending() {
    return tail.isSuspected() && isMany();
  }

  /** The level is surely, much and noticeably above what is expected. */
  boolean isLevelDue() {
    return !shift.isOpen()
        && shift.isReached()
        && isMuch()
        && expectedSeconds * shift.excess() >= judged.leastSeconds
        && shift.count() >= LEAST_SCRAPES
        && shift.weight() >= LEAST_REQUESTS;
  }

  /** Surely many more than usual are noticeably slow. */
  boolean isTailDue() {
    return !tail.isOpen()
        && tail.isReached()
        && isMany()
        && tail.extra() >= judged.leastExtraSeconds
        && tail.samples() >= LEAST_SCRAPES
        && tail.count() >= LEAST_REQUESTS;
  }

  boolean isOpen() {
    return shift.isOpen() || tail.isOpen();
  }

  /** Takes back what is over. */
  void settle() {
    if (shift.isOver()) {
      shift.reset();
    }
    if (tail.isOver()) {
      tail.reset();
    }
  }

  void reset() {
    shift.reset();
    tail.reset();
  }

  /** True when the mean moved. */
  boolean isShifted() {
    return shift.isOpen();
  }

  /**
   * True when some became slow, and the others did not. A mean that a few slow ones moved is often
   * sure before their number is: it is theirs as soon as they explain it.
   */
  boolean isTail() {
    boolean grows = tail.isOpen() || shift.isOpen() && tail.isRising() && isMany();
    double moved = shift.isOpen() ? expectedSeconds * shift.excess() : 0;
    boolean few = !shift.isOpen() || tail.share() <= MOST_SHARE;
    return grows && few && tail.addedToMean() >= MOSTLY * moved;
  }

  /** When what is told began, milliseconds. */
  long since() {
    return isTail() ? tail.since() : shift.since();
  }

  /** Critical when answers take twice as long as they did. */
  Severity severity() {
    return !isTail() && shift.excess() >= SEVERE ? Severity.critical : Severity.warning;
  }

  /**
   * The one to tell of: a level before a tail, a step before a first token; null if all is well.
   */
  static Swing worst(Swing step, Swing first) {
    if (step.isShifted() || first.isShifted()) {
      return step.isShifted() ? step : first;
    }
    return step.isTail() ? step : first.isTail() ? first : null;
  }

  void write(DataOutput out) throws IOException {
    shift.write(out);
    tail.write(out);
    out.writeDouble(seconds);
    out.writeDouble(expectedSeconds);
  }

  void read(DataInput in) throws IOException {
    shift.read(in);
    tail.read(in);
    seconds = in.readDouble();
    expectedSeconds = in.readDouble();
  }
}
