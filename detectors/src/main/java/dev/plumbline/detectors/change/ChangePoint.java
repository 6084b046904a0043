package dev.plumbline.detectors.change;

import dev.plumbline.detectors.Durable;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * Finds where the level of a series changed for good, and dates it.
 *
 * <p>At each row the best cut of all rows since the last change is weighed by its likelihood ratio,
 * for a normal level before and another after, with {@code n} rows, scatter {@code R0} about one
 * mean and {@code R1} about two:
 *
 * <pre>
 *   evidence = n ln(R0/R1) (1 - r)/(1 + r)      accepted when evidence > 5 ln n, 10 rows after the cut
 * </pre>
 *
 * <p>{@code r} is the lag-1 autocorrelation about the two means, by von Neumann's ratio {@code 1 -
 * sum of squared steps / 2 R1} and at least 0: rows that resemble their neighbours are worth fewer
 * independent ones, so that a wandering series is not cut to pieces. An accepted change is the new
 * normal: what was before it is forgotten.
 *
 * <ul>
 *   <li>Input: one value a row, the spacing doesn't matter. A value that isn't finite is passed
 *       over: NaN, no change of state. Another unit or another zero of the series gives the same
 *       evidence. A lone value further than 4 standard deviations out counts as 4.
 *   <li>Learning for the first {@value #LEARNING_ROWS} rows, and until as many have followed an
 *       accepted change. A change is accepted with its {@value #LEAST}th row at the earliest.
 *   <li>Any lasting change of a series without noise is found, however small: the least effect that
 *       matters is the caller's to say.
 *   <li>Steady noise, normal or with heavy tails, is cut less than once in 10,000 rows; noise with
 *       a lag-1 autocorrelation of 0.9 at most twice.
 *   <li>Cost: {@value #BYTES} bytes of state and one pass over at most 55 buckets a row; no
 *       allocation.
 *   <li>Sources: D. Siegmund, E. S. Venkatraman, "Using the generalized likelihood ratio statistic
 *       for sequential detection of a change-point", Ann. Statist. 23 (1995); J. von Neumann,
 *       "Distribution of the ratio of the mean square successive difference to the variance", Ann.
 *       Math. Statist. 12 (1941); effective number of rows: G. V. Bayley, J. M. Hammersley, JRSS
 *       Suppl. 8 (1946).
 * </ul>
 */
public final class ChangePoint implements Durable {
  /** Least rows on either side of a change. */
  public static final int LEAST = 10;

  /** Rows before anything is said. */
  public static final int LEARNING_ROWS = 2 * LEAST;

  /** Size of the state in bytes. */
  public static final int BYTES = 500;

  private static final double PENALTY = 5;
  private static final double CLIP = 4;

  /** A series is never taken to be more alike than this to itself a row later. */
  private static final double MOST_ALIKE = 0.98;

  private final double penalty;
  private final History history = new History();
  private double origin;
  private double last;

  /** The value before, as it came. */
  private double neighbour;

  private double steps;
  private int since;

  public ChangePoint() {
    this(PENALTY);
  }

  ChangePoint(double penalty) {
    this.penalty = penalty;
  }

  /** True until there are rows enough to say anything. */
  public boolean learning() {
    return history.rows() < LEARNING_ROWS;
  }

  /** The mean since the last accepted change; NaN before the first row. */
  public double level() {
    return history.rows() == 0 ? Double.NaN : origin + history.mean();
  }

  /**
   * How many rows ago, this one included, the change began that the last {@link #update} accepted;
   * 0 when it accepted none.
   */
  public int since() {
    return since;
  }

  /**
   * Evidence that the level changed, over what is needed.
   *
   * @return from 0; above 1 exactly when a change is accepted; NaN for a value that isn't finite
   */
  public double update(double value) {
    since = 0;
    if (!Double.isFinite(value)) {
      return Double.NaN;
    }
    // floats hold the means
    double x = Math.max(-1e37, Math.min(1e37, value));
    int before = history.rows();
    if (before == 0) {
      origin = x;
    }
    double y = clipped(x - origin);
    neighbour = x - origin;
    double step = before == 0 ? 0 : y - last;
    steps += step * step;
    last = y;
    history.add(y);
    // the oldest rows may have been dropped, and their steps with them
    steps *= history.rows() / (before + 1.0);
    if (history.rows() < LEARNING_ROWS) {
      return 0;
    }
    double ratio = evidence() / (penalty * Math.log(history.rows()));
    if (ratio <= 1 || history.newer() < LEAST) {
      return Math.min(1, ratio);
    }
    accept();
    return ratio;
  }

  private double evidence() {
    double about = history.scatter();
    if (!(about > 0)) {
      return 0;
    }
    double rest = Math.max(about - history.bestCut(LEAST), 1e-9 * about);
    double alike = Math.min(MOST_ALIKE, Math.max(0, 1 - steps / (2 * rest)));
    double ratio = about / Math.max(rest, 1e-3 * about);
    return history.rows() * Math.log(ratio) * (1 - alike) / (1 + alike);
  }

  private void accept() {
    since = history.newer();
    steps *= (double) since / history.rows();
    double centre = history.keepNewer();
    origin += centre;
    last -= centre;
    neighbour -= centre;
  }

  /** No further out than 4 standard deviations or than the value before it. */
  private double clipped(double y) {
    if (history.rows() < LEARNING_ROWS) {
      return y;
    }
    double most = CLIP * Math.sqrt(history.scatter() / (history.rows() - 1));
    double mean = history.mean();
    double least = Math.min(mean - most, neighbour);
    return most > 0 ? Math.min(Math.max(mean + most, neighbour), Math.max(least, y)) : y;
  }

  @Override
  public void write(DataOutput out) throws IOException {
    out.writeByte(1);
    history.write(out);
    out.writeDouble(origin);
    out.writeDouble(last);
    out.writeDouble(neighbour);
    out.writeDouble(steps);
  }

  @Override
  public void read(DataInput in) throws IOException {
    Durable.version(in, 1);
    history.read(in);
    origin = in.readDouble();
    last = in.readDouble();
    neighbour = in.readDouble();
    steps = in.readDouble();
    since = 0;
  }
}
