package dev.plumbline.streams.latency;

import dev.plumbline.detectors.load.LoadModel;
import dev.plumbline.detectors.load.Shift;
import dev.plumbline.detectors.tail.Buckets;
import dev.plumbline.detectors.tail.Rise;
import dev.plumbline.detectors.tail.SlowShare;
import dev.plumbline.detectors.tail.Surplus;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * One latency of a replica: its counters, what its load explains, whether its level shifted and
 * whether it grew a tail.
 */
final class Signal {
  /** Scrapes to learn from before anything is judged. */
  static final int LEAST_LEARNED = 20;

  /** Requests that a shift rests on at least: fewer are an anecdote. */
  private static final double LEAST_REQUESTS = 10;

  /** Scrapes that a shift rests on at least. */
  private static final int LEAST_SCRAPES = 3;

  /** At the highest load known a wait for the first token beyond this multiple is a queue. */
  private static final double QUEUED = 2.5;

  /** What takes so many times as long as the load explains is slow. */
  private static final double SLOW = 3;

  /** Slow ones that a tail has at least beyond the usual ones: p98 moves. */
  private static final double LEAST_SHARE = 0.02;

  /**
   * And so many times as many as usual: how many a burst of arrivals slows down varies by itself.
   */
  private static final double LEAST_TIMES = 2.5;

  /** Of a shift of the mean that comes from the slow ones for so much, the rest stands. */
  private static final double MOSTLY = 0.6;

  final Judged judged;
  double count = Double.NaN;
  double sum = Double.NaN;

  /** How many requests a judged scrape usually rests on. */
  private double usualRequests = Double.NaN;

  /** The last judged scrape, for the evidence. */
  double seconds = Double.NaN;

  double expectedSeconds = Double.NaN;

  private LoadModel expected = new LoadModel();
  final Shift shift;
  final Buckets buckets = new Buckets();
  private SlowShare slow = new SlowShare();
  final Surplus tail = new Surplus(14);

  Signal(Judged judged, Shift shift) {
    this.judged = judged;
    this.shift = shift;
  }

  boolean isLearned() {
    return expected.count() >= LEAST_LEARNED;
  }

  /**
   * Judges a scrape.
   *
   * @param first first of the loads that explain it
   * @param second second of them
   * @param seconds mean of the scrape
   * @param requests how many requests it rests on
   * @param together how many values come from one event at least, such as the tokens of one step
   * @param rise its buckets, or null when they are not known
   * @param from when it began, milliseconds
   */
  void judge(
      double first,
      double second,
      double seconds,
      double requests,
      double together,
      Rise rise,
      long from) {
    this.seconds = seconds;
    if (!isLearned()) {
      learn(first, second, seconds, requests);
      return;
    }
    double usual = expected.expected(first, second);
    expectedSeconds = usual;
    if (!expected.knows(first, second) || !(usual > 0)) {
      if (!isOpen()) {
        // more load than ever: learned from, not judged
        learn(first, second, seconds, requests);
      }
      return;
    }
    boolean peak = expected.isPeak(first, second);
    if (peak && judged == Judged.FIRST && seconds > QUEUED * usual) {
      // at the highest load known a wait of many times the usual is a queue that the load explains
      return;
    }
    double excess = Math.log(seconds / usual);
    double deviation = (peak ? 2 : 1) * deviation(first, second, requests);
    shift.update(from, excess / deviation, excess, requests);
    // slow steps are those that compute prompts too; slow first tokens those that wait for others
    double burden = judged == Judged.STEP ? second * usual : usual;
    judgeTail(usual, burden, peak ? 4 : 1, together, rise, from);
    boolean much = shift.excess() >= judged.leastExcess;
    boolean felt = usual * shift.excess() >= judged.leastSeconds;
    boolean enough = shift.count() >= LEAST_SCRAPES && shift.weight() >= LEAST_REQUESTS;
    if (!shift.isOpen() && shift.isReached() && much && felt && enough) {
      shift.open();
    } else if (!isOpen() && !(shift.isSuspected() && much)) {
      learn(first, second, seconds, requests);
    }
  }

  private void judgeTail(
      double usual, double burden, double wider, double together, Rise rise, long from) {
    double bound = rise == null ? Double.NaN : rise.boundFrom(SLOW * usual);
    if (Double.isNaN(bound) || rise.total() == 0) {
      return;
    }
    double above = rise.above(bound);
    double all = rise.total();
    boolean much = false;
    if (slow.knows(bound)) {
      double expected = all * slow.share(bound, burden);
      double dispersion = wider * Math.max(together, slow.dispersion(all));
      tail.update(from, above, expected, dispersion, all, rise.sumAbove(bound), usual);
      double added = tail.share() - tail.usualShare();
      much = added >= LEAST_SHARE && tail.share() >= LEAST_TIMES * tail.usualShare();
      boolean felt = tail.extra() >= judged.leastExtraSeconds;
      boolean enough = tail.samples() >= LEAST_SCRAPES && tail.count() >= LEAST_REQUESTS;
      if (!tail.isOpen() && tail.isReached() && much && felt && enough) {
        tail.open();
      }
      if (!isOpen()) {
        slow.learnDispersion(above, expected);
      }
    }
    if (!isOpen() && !(tail.isSuspected() && much)) {
      slow.learn(bound, burden, above, all);
    }
  }

  /**
   * Relative deviation to expect of a scrape: the fewer requests it rests on beside the usual
   * number, the more.
   */
  private double deviation(double first, double second, double requests) {
    double few = Math.max(1, usualRequests / Math.max(1, requests));
    return expected.deviation(first, second) * Math.sqrt(few);
  }

  private void learn(double first, double second, double value, double requests) {
    usualRequests =
        Double.isNaN(usualRequests) ? requests : usualRequests + 0.05 * (requests - usualRequests);
    expected.learn(first, second, value);
  }

  private boolean isOpen() {
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

  /** True when the mean moved. */
  boolean isShifted() {
    return shift.isOpen();
  }

  /**
   * True when some became slow, and the others did not. A mean that a few slow ones moved is often
   * sure before their number is: it is theirs as soon as they explain it.
   */
  boolean isTail() {
    boolean grows = tail.isOpen() || shift.isOpen() && tail.isRising();
    double moved = shift.isOpen() ? expectedSeconds * shift.excess() : 0;
    return grows && tail.addedToMean() >= MOSTLY * moved;
  }

  void inherit(Signal other) {
    expected = other.expected.copy();
    slow = other.slow.copy();
    usualRequests = other.usualRequests;
  }

  void write(DataOutput out) throws IOException {
    out.writeDouble(count);
    out.writeDouble(sum);
    out.writeDouble(usualRequests);
    out.writeDouble(seconds);
    out.writeDouble(expectedSeconds);
    expected.write(out);
    shift.write(out);
    buckets.write(out);
    slow.write(out);
    tail.write(out);
  }

  void read(DataInput in) throws IOException {
    count = in.readDouble();
    sum = in.readDouble();
    usualRequests = in.readDouble();
    seconds = in.readDouble();
    expectedSeconds = in.readDouble();
    expected.read(in);
    shift.read(in);
    buckets.read(in);
    slow.read(in);
    tail.read(in);
  }
}
