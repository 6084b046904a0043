package dev.plumbline.streams.latency;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * One latency of several replicas taken together. Each is held against what its own load explains,
 * and the sums of both are compared: so replicas of other sizes, loads or buckets add up, and ones
 * that are too quiet to tell alone are heard together.
 *
 * <p>Replicas behind one balancer share its bursts, so their deviations are not independent: with
 * correlation r the variance of a sum is {@code (1 - r) sum of squares + r square of the sum}.
 */
final class Pool {
  final Swing swing;

  // the round that is not yet complete
  private long from;
  private int members;
  private double observed;
  private double expected;
  private double deviations;
  private double squares;
  private double requests;
  private double slow;
  private double usualSlow;
  private double slowVariance;
  private double all;
  private double slowSeconds;
  private double slowUsual;

  Pool(Judged judged) {
    swing = new Swing(judged);
  }

  void add(Sight sight) {
    from = members == 0 ? sight.from : Math.min(from, sight.from);
    members++;
    double usual = sight.usualSeconds * sight.requests;
    observed += sight.seconds * sight.requests;
    expected += usual;
    deviations += usual * sight.deviation;
    squares += usual * sight.deviation * usual * sight.deviation;
    requests += sight.requests;
    if (sight.counted) {
      slow += sight.slow;
      usualSlow += sight.usualSlow;
      slowVariance += sight.usualSlow * sight.dispersion;
      all += sight.all;
      slowSeconds += sight.slowSeconds;
      slowUsual += sight.slow * sight.usualSeconds;
    }
  }

  /**
   * All were heard once: judges the round, unless it is that of a single replica.
   *
   * @param counts false when the round is not to be judged
   */
  void close(boolean counts) {
    if (counts && members >= 2) {
      swing.seconds = observed / requests;
      swing.expectedSeconds = expected / requests;
      double excess = Math.log(observed / expected);
      double r = swing.judged.correlation;
      double variance = (1 - r) * squares + r * deviations * deviations;
      swing.shift.update(from, excess * expected / Math.sqrt(variance), excess, requests);
      if (all > 0) {
        swing.tail.update(
            from,
            slow,
            usualSlow,
            slowVariance / usualSlow,
            all,
            slowSeconds,
            slow > 0 ? slowUsual / slow : swing.expectedSeconds);
      }
    }
    members = 0;
    observed = 0;
    expected = 0;
    deviations = 0;
    squares = 0;
    requests = 0;
    slow = 0;
    usualSlow = 0;
    slowVariance = 0;
    all = 0;
    slowSeconds = 0;
    slowUsual = 0;
  }

  void write(DataOutput out) throws IOException {
    swing.write(out);
    out.writeLong(from);
    out.writeInt(members);
    for (double each :
        new double[] {
          observed,
          expected,
          deviations,
          squares,
          requests,
          slow,
          usualSlow,
          slowVariance,
          all,
          slowSeconds,
          slowUsual
        }) {
      out.writeDouble(each);
    }
  }

  void read(DataInput in) throws IOException {
    swing.read(in);
    from = in.readLong();
    members = in.readInt();
    observed = in.readDouble();
    expected = in.readDouble();
    deviations = in.readDouble();
    squares = in.readDouble();
    requests = in.readDouble();
    slow = in.readDouble();
    usualSlow = in.readDouble();
    slowVariance = in.readDouble();
    all = in.readDouble();
    slowSeconds = in.readDouble();
    slowUsual = in.readDouble();
  }
}
