package dev.plumbline.bench.fleet;

/** A cumulative Prometheus histogram. */
final class Histogram {
  /** Bounds of vllm/v1/metrics/buckets.py, seconds. */
  static final double[] TTFT = {
    .001, .005, .01, .02, .04, .06, .08, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640,
    2560
  };

  static final double[] ITL = {
    .01, .025, .05, .075, .1, .15, .2, .3, .4, .5, .75, 1, 2.5, 5, 7.5, 10, 20, 40, 80
  };

  static final double[] REQUEST = {
    .3, .5, .8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680
  };

  final double[] bounds;
  private final long[] counts;
  private double sum;

  Histogram(double[] bounds) {
    this.bounds = bounds;
    counts = new long[bounds.length + 1];
  }

  /** The 1-2-5 series up to the limit, as vLLM builds it for token counts. */
  static double[] oneTwoFive(int limit) {
    double[] all = new double[32];
    int n = 0;
    for (int power = 1; power <= limit; power *= 10) {
      for (int m : new int[] {1, 2, 5}) {
        if ((long) m * power <= limit) {
          all[n++] = (double) m * power;
        }
      }
    }
    return java.util.Arrays.copyOf(all, n);
  }

  void add(double value, long times) {
    int i = 0;
    while (i < bounds.length && value > bounds[i]) {
      i++;
    }
    counts[i] += times;
    sum += value * times;
  }

  void add(double value) {
    add(value, 1);
  }

  /** As if what was seen so far had happened that many times. */
  void repeat(long times) {
    for (int i = 0; i < counts.length; i++) {
      counts[i] *= times;
    }
    sum *= times;
  }

  /** Count of values at or below the bound with this index; one past the last is all of them. */
  long[] cumulative() {
    long[] out = counts.clone();
    for (int i = 1; i < out.length; i++) {
      out[i] += out[i - 1];
    }
    return out;
  }

  double sum() {
    return sum;
  }
}
