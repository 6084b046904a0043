package dev.plumbline.streams.latency;

import dev.plumbline.detectors.load.LoadModel;
import dev.plumbline.detectors.tail.Buckets;
import dev.plumbline.detectors.tail.Rise;
import dev.plumbline.detectors.tail.SlowShare;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** One latency of a replica: its counters, what its load explains, and whether it swings. */
final class Signal {
  /** Scrapes to learn from before anything is judged. */
  static final int LEAST_LEARNED = 20;

  /** At the highest load known a wait for the first token beyond this multiple is a queue. */
  private static final double QUEUED = 2.5;

  /** What takes so many times as long as the load explains is slow. */
  private static final double SLOW = 3;

  final Swing swing;
  double count = Double.NaN;
  double sum = Double.NaN;

  /** How many requests a judged scrape usually rests on. */
  private double usualRequests = Double.NaN;

  private LoadModel expected = new LoadModel();
  final Buckets buckets = new Buckets();
  private SlowShare slow = new SlowShare();

  Signal(Judged judged) {
    swing = new Swing(judged);
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
   * @param held true when what is seen now is not to be learned as usual
   * @param sight takes what is to be judged together with other replicas
   */
  void judge(
      double first,
      double second,
      double seconds,
      double requests,
      double together,
      Rise rise,
      long from,
      boolean held,
      Sight sight) {
    sight.judged = false;
    swing.seconds = seconds;
    boolean learns = !held && !swing.isOpen();
    if (!isLearned()) {
      learn(first, second, seconds, requests);
      return;
    }
    double usual = expected.expected(first, second);
    swing.expectedSeconds = usual;
    if (!expected.knows(first, second) || !(usual > 0)) {
      if (learns) {
        // more load than ever: learned from, not judged
        learn(first, second, seconds, requests);
      }
      return;
    }
    boolean peak = expected.isPeak(first, second);
    if (peak && swing.judged == Judged.FIRST && seconds > QUEUED * usual) {
      // at the highest load known a wait of many times the usual is a queue that the load explains
      return;
    }
    sight.judged = true;
    sight.from = from;
    sight.requests = requests;
    sight.seconds = seconds;
    sight.usualSeconds = usual;
    sight.deviation = (peak ? 2 : 1) * deviation(first, second, requests);
    double excess = Math.log(seconds / usual);
    swing.shift.update(from, excess / sight.deviation, excess, requests);
    // slow steps are those that compute prompts too; slow first tokens those that wait for others
    double burden = swing.judged == Judged.STEP ? second * usual : usual;
    judgeTail(burden, (peak ? 4 : 1), together, rise, learns, sight);
    if (swing.isLevelDue()) {
      swing.shift.open();
    } else if (learns && !swing.isOpen() && !swing.isPending()) {
      learn(first, second, seconds, requests);
    }
  }

  private void judgeTail(
      double burden, double wider, double together, Rise rise, boolean learns, Sight sight) {
    double bound = rise == null ? Double.NaN : rise.boundFrom(SLOW * sight.usualSeconds);
    sight.counted = !Double.isNaN(bound) && rise.total() > 0 && slow.knows(bound);
    if (Double.isNaN(bound) || rise.total() == 0) {
      return;
    }
    double above = rise.above(bound);
    double all = rise.total();
    if (sight.counted) {
      sight.slow = above;
      sight.usualSlow = all * slow.share(bound, burden);
      sight.dispersion = wider * Math.max(together, slow.dispersion(all));
      sight.all = all;
      sight.slowSeconds = rise.sumAbove(bound);
      swing.tail.update(
          sight.from,
          above,
          sight.usualSlow,
          sight.dispersion,
          all,
          sight.slowSeconds,
          sight.usualSeconds);
      if (swing.isTailDue()) {
        swing.tail.open();
      }
      if (learns && !swing.isOpen()) {
        slow.learnDispersion(above, sight.usualSlow);
      }
    }
    if (learns && !swing.isOpen() && !swing.isTailPending()) {
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

  void inherit(Signal other) {
    expected = other.expected.copy();
    slow = other.slow.copy();
    usualRequests = other.usualRequests;
  }

  void write(DataOutput out) throws IOException {
    out.writeDouble(count);
    out.writeDouble(sum);
    out.writeDouble(usualRequests);
    expected.write(out);
    buckets.write(out);
    slow.write(out);
    swing.write(out);
  }

  void read(DataInput in) throws IOException {
    count = in.readDouble();
    sum = in.readDouble();
    usualRequests = in.readDouble();
    expected.read(in);
    buckets.read(in);
    slow.read(in);
    swing.read(in);
  }
}
