package dev.plumbline.detectors.trend;

import dev.plumbline.detectors.Durable;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;

/**
 * Whether a level above zero, such as memory, creeps: rises steadily, goes on rising, and by
 * nothing that is ordinary. The median of each half hour of the last 32 is kept, and the mean of
 * each of the last 14 days.
 *
 * <p>A stretch of 4 to 32 hours (or of 7 to 14 days) rises steadily when later values are hardly
 * ever lower than earlier ones (Mann-Kendall), the growth from its first to its last third (Tukey's
 * resistant line) is {@value #LEAST_GROWTH} or more and many times the noise about the line, it
 * does not slow down, and it is no single step. It is a creep when it is none of these besides:
 *
 * <ul>
 *   <li>Warm-up, which is fastest at its beginning: either the level rose less before, or it has
 *       risen for ten hours and not slowed down, or the run before this one crept as well.
 *   <li>What comes and goes: no stretch as long fell by a fifth of it, nor any in the days before.
 *   <li>Rhythm: the level stands as much higher than a day before; or, in a run that is not so old,
 *       it did not rise as much in the same hours of the day before.
 *   <li>Load, told as a counter, that rises with it. Where the load is too sparse to show a rise,
 *       the {@link Peers} must not rise, or the level have stood for longer than a rhythm does, or
 *       it takes a whole day.
 *   <li>What its peers share, but for {@value #SHARED_GROWTH} in stretches of ten hours and more
 *       that no load explains: a leak of the release.
 * </ul>
 *
 * <p>A level that falls by a quarter from one half hour to the next has begun a new run, like one
 * whose process restarted: three runs in a row that each rose steadily to their end are a creep as
 * well, of which every restart hides the end.
 *
 * <p>Another unit of the level or the load says the same. State: {@value #BYTES} bytes; nothing is
 * allocated but once in half an hour, when something is judged. Mann 1945; Kendall 1975; Tukey,
 * Exploratory Data Analysis (1977), ch. 10.
 */
public final class Creep implements Durable {
  /** Size of the state in bytes. */
  public static final int BYTES = 511;

  /** Growth over a stretch below which nobody minds, as logarithm. */
  static final double LEAST_GROWTH = 0.1;

  /** The same where all peers grow alike, and over days. */
  static final double SHARED_GROWTH = 0.14;

  static final int BINS = 64;
  static final long BIN_MILLIS = 1_800_000;
  private static final int DAY = 48;
  private static final int DAYS = 14;
  private static final int LEAST_DAYS = 7;
  private static final int SAMPLES = 8;

  /** Lengths of the stretches, in half hours. */
  private static final int[] STRETCHES = {8, 12, 16, 24, 36, 48, 64};

  /** Longer than warm-up, in half hours. */
  private static final int LONG = 20;

  /** In a whole day a rhythm falls as much as it rises; in half hours. */
  private static final int LONGER_THAN_RHYTHM = DAY;

  private static final double LEAST_TAU = 0.8;
  private static final double LOAD_TAU = 0.5;
  private static final double TIMES_NOISE = 8;

  /** So much of a stretch must have been seen. */
  private static final double SEEN = 0.75;

  /** Part of the growth, from first to last third, that a single step may make up. */
  private static final double MOST_OF_A_STEP = 0.6;

  /** Part that comes in the second half of it: a half in steady growth. */
  private static final double STILL = 0.35;

  /** The same for a rise that is as old as what rises. */
  private static final double STILL_FROM_THE_START = 0.46;

  /** Longer than a rhythm stands still, in half hours. */
  private static final int LEVEL = 16;

  /** Part of the greatest fall that a day leaves: half of it after three days. */
  private static final float SWING_KEPT = 0.8f;

  /** What creeps grows so many times as much as it ever falls. */
  private static final double TIMES_FALL = 5;

  private static final double FALL = Math.log(0.75);
  private static final int RUNS = 3;
  private static final int SHORTEST_RUN = 4;

  private static final short UNKNOWN = Short.MIN_VALUE;

  /** Of half hour n at n modulo the size: logarithm of the level, and order of the load. */
  private final float[] levels = new float[BINS];

  private final short[] loads = new short[BINS];
  private final float[] days = new float[DAYS];
  private int dayCount;
  private int bin = Integer.MIN_VALUE;

  /** The half hour in which the present run began: levels before it are those of another. */
  private int began = Integer.MIN_VALUE;

  /** Evenly spaced samples of the present half hour: every {@code stride}-th. */
  private final float[] samples = new float[SAMPLES];

  private int seen;

  /** The load's counter at the first sample of the present half hour, and when that was. */
  private double counter = Double.NaN;

  private int counterSecond;
  private int runs;

  /** The greatest fall of six hours in the days before, as logarithm, slowly forgotten. */
  private float swing;

  /**
   * What creeps.
   *
   * @param hours how long it has risen, as far as it was looked at
   * @param growth relative growth in that time
   * @param tau Mann-Kendall's: 1 when every later value is higher
   * @param score the growth in deviations of the noise about it
   * @param runs runs before this one that crept as well
   */
  public record Trend(double hours, double growth, double tau, double score, int runs) {
    /** Relative growth an hour. */
    public double perHour() {
      return Math.expm1(Math.log1p(growth) / hours);
    }
  }

  public Creep() {
    clear();
  }

  /** Takes a sample whose load is not known. */
  public boolean update(long atMillis, double value) {
    return update(atMillis, value, Double.NaN);
  }

  /**
   * Takes a sample. A value that isn't finite and above zero is passed over.
   *
   * @param load a counter that rises the faster the more there is to do; NaN when not known
   * @return true when a half hour was summed up, so that there is something new to judge
   */
  public boolean update(long atMillis, double value, double load) {
    if (!(value > 0) || value == Double.POSITIVE_INFINITY) {
      return false;
    }
    int now = (int) Math.floorDiv(atMillis, BIN_MILLIS);
    int second = (int) Math.floorDiv(atMillis, 1000L);
    bin = bin == Integer.MIN_VALUE ? now : bin;
    boolean closed = now > bin;
    if (closed) {
      close(now, (load - counter) / Math.max(1, second - counterSecond));
    }
    if (closed || Double.isNaN(counter)) {
      counter = Double.isFinite(load) ? load : Double.NaN;
      counterSecond = second;
    }
    sample((float) Math.log(value));
    return closed;
  }

  /** Keeps four to eight samples, evenly spaced: when full, every second goes. */
  private void sample(float level) {
    int spacing = spacing(seen);
    if (seen >= SAMPLES && seen == spacing * SAMPLES / 2) {
      for (int i = 0; i < SAMPLES / 2; i++) {
        samples[i] = samples[2 * i];
      }
    }
    if (seen % spacing == 0) {
      samples[seen / spacing] = level;
    }
    seen++;
  }

  /** Of sample n every so many are kept. */
  private static int spacing(int n) {
    return Math.max(1, 2 * Integer.highestOneBit(n) / SAMPLES);
  }

  private int kept() {
    return seen == 0 ? 0 : (seen - 1) / spacing(seen - 1) + 1;
  }

  /** Sums up the present half hour and goes on to another. */
  private void close(int now, double load) {
    double level = medianOfSamples();
    if (level - at(bin - 1) < FALL) {
      restart();
    }
    levels[slot(bin)] = (float) level;
    loads[slot(bin)] = Double.isNaN(level) ? UNKNOWN : order(load);
    if (Math.floorDiv(now, DAY) > Math.floorDiv(bin, DAY)) {
      endDay();
    }
    if ((long) now - bin >= BINS) {
      clear();
    }
    for (int gap = bin + 1; gap < now && gap - bin < BINS; gap++) {
      levels[slot(gap)] = Float.NaN;
      loads[slot(gap)] = UNKNOWN;
    }
    levels[slot(now)] = Float.NaN;
    bin = now;
    seen = 0;
  }

  private void endDay() {
    swing = (float) Math.max(SWING_KEPT * swing, fall(STRETCHES[1], null));
    double sum = 0;
    int n = 0;
    for (int i = Math.floorMod(bin, DAY); i >= 0; i--) {
      double level = at(bin - i);
      sum += Double.isNaN(level) ? 0 : level;
      n += Double.isNaN(level) ? 0 : 1;
    }
    if (n < SEEN * DAY) {
      dayCount = 0;
      return;
    }
    if (dayCount == DAYS) {
      System.arraycopy(days, 1, days, 0, DAYS - 1);
      dayCount--;
    }
    days[dayCount++] = (float) (sum / n);
  }

  /** What is there begins anew: its past level says nothing about it, but that it crept. */
  public void restart() {
    int length = 0;
    while (length < BINS && !Double.isNaN(at(bin - 1 - length))) {
      length++;
    }
    if (length >= SHORTEST_RUN) {
      double[] run = stretch(bin - 1, length);
      Rise rise = rise(run, noise(run));
      runs = rise != null ? Math.min(100, runs + 1) : 0;
    }
    swing = (float) Math.max(swing, fall(STRETCHES[1], null));
    begin();
  }

  private void clear() {
    Arrays.fill(levels, Float.NaN);
    Arrays.fill(loads, UNKNOWN);
    begin();
  }

  private void begin() {
    began = bin;
    dayCount = 0;
    seen = 0;
    counter = Double.NaN;
  }

  /**
   * Growth of the latest half hour that was summed up over the one before, as logarithm, or NaN.
   */
  double step() {
    return at(bin - 1) - at(bin - 2);
  }

  /** Number of the half hour that is going on. */
  int bin() {
    return bin;
  }

  /** The level of the latest half hour; NaN when there is none. */
  public double level() {
    return Math.exp(at(bin - 1));
  }

  /** True when the level has not risen for ten hours. */
  public boolean isSteady() {
    double[] level = stretch(bin - 1, LONG);
    return present(level) >= SEEN * LONG
        && (growth(level) < LEAST_GROWTH / 2 || tau(level) < LOAD_TAU);
  }

  /** The creep that is going on, or null; {@code peers} may be null. */
  public Trend judge(Peers peers) {
    double noise = noise(stretch(bin - 1, BINS));
    for (int length : STRETCHES) {
      double[] level = stretch(bin - 1, length);
      Rise rise = level.length < STRETCHES[0] ? null : rise(level, noise);
      if (rise != null && isCreep(level, rise, peers)) {
        return trend(level.length / 2.0, rise);
      }
    }
    for (int length = LEAST_DAYS; length <= dayCount; length++) {
      Rise rise = rise(lastDays(length), noise(lastDays(dayCount)));
      if (rise != null && rise.growth >= SHARED_GROWTH) {
        return trend(24.0 * length, rise);
      }
    }
    return null;
  }

  private double[] lastDays(int length) {
    double[] level = new double[length];
    for (int i = 0; i < length; i++) {
      level[i] = days[dayCount - length + i];
    }
    return level;
  }

  /** Runs in a row that crept to their end, when they are so many that a restart can't end it. */
  public boolean isSawtooth() {
    return runs >= RUNS;
  }

  /** Runs in a row that crept to their end. */
  public int runs() {
    return runs;
  }

  private Trend trend(double hours, Rise rise) {
    return new Trend(hours, Math.expm1(rise.growth), rise.tau, rise.growth / rise.noise, runs);
  }

  private boolean isCreep(double[] level, Rise rise, Peers peers) {
    int length = level.length;
    if (isWarmUp(level, rise)) {
      return false;
    }
    double overDay = overDay(length);
    if (overDay < 2 * rise.growth / 3 || runs == 0 && roseYesterday(level)) {
      return false;
    }
    double load = loadTau(length);
    if (load >= LOAD_TAU && length < LONGER_THAN_RHYTHM) {
      return false;
    }
    double[] alone = alone(level, peers);
    boolean explained =
        showsLoad(length) || length >= LONGER_THAN_RHYTHM || wasSteady(length, rise.growth);
    if (alone != null && growth(alone) >= 2 * rise.growth / 3) {
      return rise(alone, rise.noise) != null && !comesAndGoes(length, growth(alone), peers);
    }
    boolean enough = alone == null || length >= LONG && rise.growth >= SHARED_GROWTH;
    return enough && explained && !comesAndGoes(length, rise.growth, null);
  }

  /** Whether it may have risen ever since it began, and be about to end. */
  private boolean isWarmUp(double[] level, Rise rise) {
    int length = level.length;
    double unsure = 3 * rise.noise / (rise.growth * Math.sqrt(length / 3.0));
    if (runs > 0 || length >= LONG && rise.still - unsure >= STILL_FROM_THE_START) {
      return false;
    }
    int room = Math.min(length, BINS - 1 - length);
    double[] before = stretch(bin - 1 - length, room);
    return before.length < Math.max(1, room)
        || growth(before) * length / before.length >= rise.growth / 2;
  }

  /** Whether the load is so even that a rise by half would be seen in a stretch. */
  private boolean showsLoad(int length) {
    double[] load = loads(length);
    double error = 1.25 * Math.sqrt(2 / (length / 3.0));
    return present(load) >= SEEN * length && 3 * error * noise(load) < Math.log(1.5);
  }

  /** Whether it was level for longer than any rhythm stands still before it rose. */
  private boolean wasSteady(int length, double growth) {
    int room = Math.max(LEVEL, length + length / 2);
    double[] before = stretch(bin - 1 - length, Math.min(room, BINS - 1 - length));
    if (before.length < room) {
      return false;
    }
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (int i = 0; i + 4 <= room; i += 4) {
      double level = median(before, i, i + 4);
      low = Math.min(low, Double.isNaN(level) ? low : level);
      high = Math.max(high, Double.isNaN(level) ? high : level);
    }
    return high - low < growth / TIMES_FALL;
  }

  /** Whether any stretch so long fell by a fifth of the growth. */
  private boolean comesAndGoes(int length, double growth, Peers peers) {
    if (peers == null && swing > growth / TIMES_FALL) {
      return true;
    }
    return fall(length, peers) > growth / TIMES_FALL;
  }

  /** The greatest fall over any stretch so long that was seen whole. */
  private double fall(int length, Peers peers) {
    double most = 0;
    for (int last = bin - 1; last - length > bin - BINS; last -= Math.max(1, length / 4)) {
      if (Double.isNaN(at(last - length + 1))) {
        continue;
      }
      double[] alone = peers == null ? null : alone(stretch(last, length), last, peers);
      double fall = alone == null ? fall(last - length + 1, last) : -growth(alone);
      // of a third in which nothing was seen it is not known
      most = fall > most ? fall : most;
    }
    return most;
  }

  /** As {@link #growth} downwards, of half hours where they stand. */
  private double fall(int first, int last) {
    int third = Math.max(1, (last - first + 1) / 3);
    double rise = median(last - third + 1, last) - median(first, first + third - 1);
    return -rise * (last - first) / (last - first + 1 - third);
  }

  /** How much higher the end of the stretch is than a day before; NaN when that isn't known. */
  private double overDay(int length) {
    int third = Math.max(1, length / 3);
    double[] difference = new double[third];
    for (int i = 0; i < third; i++) {
      int then = bin - 1 - i - DAY;
      difference[i] = then <= bin - 1 - BINS ? Double.NaN : at(bin - 1 - i) - at(then);
    }
    return present(difference) < SEEN * third ? Double.NaN : median(difference, 0, third);
  }

  /**
   * Whether another run rose at least half as much in the same hours of the day before, as far back
   * as half hours are kept.
   */
  private boolean roseYesterday(double[] level) {
    int n = Math.min(level.length, BINS - 1 - DAY);
    if (bin - 1 - DAY >= began) {
      return false;
    }
    double[] then = new double[n];
    for (int i = 0; i < n; i++) {
      then[i] = levels[slot(bin - DAY - n + i)];
    }
    double[] now = Arrays.copyOfRange(level, level.length - n, level.length);
    return present(then) >= SEEN * n && growth(then) >= growth(now) / 2;
  }

  /** Mann-Kendall's tau of the load, NaN when it isn't known. */
  private double loadTau(int length) {
    double[] load = loads(length);
    return present(load) < SEEN * length ? Double.NaN : tau(load);
  }

  /** Logarithm of the load in a stretch. */
  private double[] loads(int length) {
    double[] load = new double[length];
    for (int i = 0; i < length; i++) {
      short order = loads[slot(bin - length + i)];
      load[i] = order == UNKNOWN ? Double.NaN : order / 1000.0;
    }
    return load;
  }

  private double[] alone(double[] level, Peers peers) {
    return peers == null ? null : alone(level, bin - 1, peers);
  }

  /** A stretch without what its peers grew meanwhile; null when too little is known of them. */
  private double[] alone(double[] level, int last, Peers peers) {
    int length = level.length;
    int known = 0;
    double sum = 0;
    double[] alone = new double[length];
    for (int i = 0; i < length; i++) {
      int each = last - length + 1 + i;
      double others = i == 0 ? 0 : peers.others(each, at(each) - at(each - 1));
      known += Double.isNaN(others) ? 0 : 1;
      sum += Double.isNaN(others) ? 0 : others;
      alone[i] = level[i] - sum;
    }
    return known < SEEN * length ? null : alone;
  }

  private double at(int which) {
    return which < began ? Double.NaN : levels[slot(which)];
  }

  private static int slot(int bin) {
    return Math.floorMod(bin, BINS);
  }

  /** So many half hours up to the last one, without those before anything was seen. */
  private double[] stretch(int last, int most) {
    int length = Math.max(0, most);
    while (length > 0 && Double.isNaN(at(last - length + 1))) {
      length--;
    }
    double[] out = new double[length];
    for (int i = 0; i < length; i++) {
      out[i] = at(last - length + 1 + i);
    }
    return out;
  }

  /** A steady rise; growth as logarithm. */
  private record Rise(double growth, double tau, double noise, double still) {}

  /** The steady rise of a stretch, or null when it is none. */
  private static Rise rise(double[] level, double noise) {
    int n = level.length;
    if (n < SHORTEST_RUN || present(level) < SEEN * n) {
      return null;
    }
    double growth = growth(level);
    if (!(growth >= LEAST_GROWTH)) {
      return null;
    }
    int third = Math.max(1, n / 3);
    double first = median(level, 0, third);
    double middle = median(level, third, n - third);
    double last = median(level, n - third, n);
    double still = (1 - Math.exp(middle - last)) / (1 - Math.exp(first - last));
    if (still < STILL || greatestStep(level) > MOST_OF_A_STEP * (last - first)) {
      return null;
    }
    double tau = tau(level);
    if (tau < LEAST_TAU) {
      return null;
    }
    return growth < TIMES_NOISE * noise ? null : new Rise(growth, tau, noise, still);
  }

  /** Growth from begin to end by the medians of the outer thirds. */
  private static double growth(double[] level) {
    int n = level.length;
    int third = Math.max(1, n / 3);
    return (median(level, n - third, n) - median(level, 0, third)) * (n - 1) / (n - third);
  }

  private static double greatestStep(double[] level) {
    double most = 0;
    double before = Double.NaN;
    for (double each : level) {
      if (!Double.isNaN(each)) {
        most = each - before > most ? each - before : most;
        before = each;
      }
    }
    return most;
  }

  /**
   * Deviation of a value from the one before and the one after: what is left of it without any
   * trend. Of independent normal noise it is its standard deviation.
   */
  private static double noise(double[] level) {
    double[] bends = new double[level.length];
    Arrays.fill(bends, Double.NaN);
    for (int i = 1; i + 1 < level.length; i++) {
      bends[i] = Math.abs(level[i] - (level[i - 1] + level[i + 1]) / 2);
    }
    return Math.max(1e-4, median(bends, 0, bends.length) / (0.6745 * Math.sqrt(1.5)));
  }

  private static double tau(double[] level) {
    int sum = 0;
    int pairs = 0;
    for (int i = 0; i < level.length; i++) {
      for (int j = i + 1; j < level.length; j++) {
        double up = level[j] - level[i];
        if (!Double.isNaN(up)) {
          sum += up > 0 ? 1 : up < 0 ? -1 : 0;
          pairs++;
        }
      }
    }
    return pairs == 0 ? 0 : sum / (double) pairs;
  }

  private static int present(double[] level) {
    int n = 0;
    for (double each : level) {
      n += Double.isNaN(each) ? 0 : 1;
    }
    return n;
  }

  private static double median(double[] values, int from, int to) {
    double[] sorted = Arrays.copyOfRange(values, from, to);
    Arrays.sort(sorted); // NaN last
    int n = present(sorted);
    return n == 0 ? Double.NaN : (sorted[n / 2] + sorted[(n - 1) / 2]) / 2;
  }

  /** Of the present half hour, whose samples are in order afterwards and of no more use. */
  private double medianOfSamples() {
    int n = kept();
    Arrays.sort(samples, 0, n);
    return n == 0 ? Double.NaN : ((double) samples[n / 2] + samples[(n - 1) / 2]) / 2;
  }

  /** Of a few half hours: each is ranked among the others, which needs no copy. */
  private double median(int first, int last) {
    int n = 0;
    for (int i = first; i <= last; i++) {
      n += Double.isNaN(at(i)) ? 0 : 1;
    }
    double lower = Double.NaN;
    double upper = Double.NaN;
    for (int i = first; i <= last; i++) {
      double level = at(i);
      int below = 0;
      int notAbove = 0;
      for (int j = first; j <= last; j++) {
        below += at(j) < level ? 1 : 0;
        notAbove += at(j) <= level ? 1 : 0;
      }
      lower = below <= (n - 1) / 2 && (n - 1) / 2 < notAbove ? level : lower;
      upper = below <= n / 2 && n / 2 < notAbove ? level : upper;
    }
    return (lower + upper) / 2;
  }

  /** A load as a number that keeps its order, a thousandth apart. */
  private static short order(double rate) {
    if (Double.isNaN(rate) || rate < 0) {
      return UNKNOWN;
    }
    double log = 1000 * Math.log(Math.max(1e-13, rate));
    return (short) Math.max(UNKNOWN + 1, Math.min(Short.MAX_VALUE, Math.rint(log)));
  }

  @Override
  public void write(DataOutput out) throws IOException {
    out.writeByte(3);
    long known = 0;
    for (int i = 0; i < BINS; i++) {
      known |= Float.isNaN(levels[i]) ? 0 : 1L << i;
    }
    out.writeLong(known);
    for (int i = 0; i < BINS; i++) {
      if ((known >> i & 1) == 1) {
        out.writeFloat(levels[i]);
        out.writeShort(loads[i]);
      }
    }
    out.writeByte(dayCount);
    for (int i = 0; i < dayCount; i++) {
      out.writeFloat(days[i]);
    }
    out.writeInt(bin);
    out.writeByte((int) Math.min(BINS, (long) bin - began));
    out.writeInt(seen);
    for (int i = 0; i < kept(); i++) {
      out.writeFloat(samples[i]);
    }
    out.writeDouble(counter);
    out.writeInt(counterSecond);
    out.writeByte(runs);
    out.writeFloat(swing);
  }

  @Override
  public void read(DataInput in) throws IOException {
    Durable.version(in, 3);
    clear();
    long known = in.readLong();
    for (int i = 0; i < BINS; i++) {
      if ((known >> i & 1) == 1) {
        levels[i] = in.readFloat();
        loads[i] = in.readShort();
      }
    }
    dayCount = in.readUnsignedByte();
    for (int i = 0; i < dayCount; i++) {
      days[i] = in.readFloat();
    }
    bin = in.readInt();
    int age = in.readUnsignedByte();
    began = age == BINS ? Integer.MIN_VALUE : bin - age;
    seen = in.readInt();
    for (int i = 0; i < kept(); i++) {
      samples[i] = in.readFloat();
    }
    counter = in.readDouble();
    counterSecond = in.readInt();
    runs = in.readUnsignedByte();
    swing = in.readFloat();
  }
}
