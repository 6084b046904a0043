package dev.plumbline.bench.fleet;

import java.util.function.Consumer;
import java.util.function.DoubleUnaryOperator;

/**
 * A renewal process with Gamma gaps in operational time, so that its rate may follow the hour and
 * its burstiness stays (ServeGen, arXiv 2505.09999: Gamma or Weibull gaps, CV 1 to 3 for most
 * clients).
 */
final class Arrivals {
  private final Loop loop;
  private final Draw draw;
  private final WorkloadSpec spec;
  private final DoubleUnaryOperator rate;
  private final double until;
  private final Consumer<Request> sink;
  private final double shape;
  double outputFactor = 1;
  double promptFactor = 1;
  private double nextAt;

  /**
   * @param rate requests a second at a time
   */
  Arrivals(
      Loop loop,
      Draw draw,
      WorkloadSpec spec,
      DoubleUnaryOperator rate,
      double from,
      double until,
      Consumer<Request> sink) {
    this.loop = loop;
    this.draw = draw;
    this.spec = spec;
    this.rate = rate;
    this.until = until;
    this.sink = sink;
    shape = 1 / (spec.cv() * spec.cv());
    nextAt = from;
    schedule();
  }

  /** When the next request will come. */
  double nextAt() {
    return nextAt;
  }

  private void schedule() {
    double need = draw.gamma(shape);
    double t = nextAt;
    while (t < until) {
      double r = Math.max(1e-7, rate.applyAsDouble(t));
      double span = 20;
      if (need < r * span) {
        t += need / r;
        break;
      }
      need -= r * span;
      t += span;
    }
    nextAt = t;
    if (t < until) {
      loop.at(t, this::arrive);
    } else {
      nextAt = Double.POSITIVE_INFINITY;
    }
  }

  private void arrive() {
    double at = nextAt;
    double p = draw.logNormal(spec.promptMedian(), spec.promptSigma()) * promptFactor;
    double o = draw.logNormal(spec.outputMedian(), spec.outputSigma()) * outputFactor;
    int prompt = (int) Math.max(8, Math.min(spec.maxModelLength() * .8, p));
    int limit = Math.min(4096, spec.maxModelLength() - prompt);
    int output = (int) Math.max(1, Math.min(limit, o));
    schedule();
    sink.accept(new Request(at, prompt, output, o >= limit));
  }
}
