package dev.plumbline.detectors.record.reference;

/**
 * How surprising it is to go from the previous value's bin to this value's bin: minus the logarithm
 * of its frequency in a slowly forgetting table of transitions between 12 bins, in which a bin's
 * neighbours count half.
 */
final class Context {
  private static final int BINS = 12;
  private static final double FORGETTING = 1e-4;

  private final double[] transitions = new double[BINS * BINS];
  private final double[] departures = new double[BINS];

  /** Weight of the next transition: it grows in place of shrinking all the others. */
  private double weight = 1;

  private int previous = -1;

  /** Surprise of the bin, then learns it. {@code place} is the value's place in 0..1. */
  double update(double place) {
    int bin = Math.min(BINS - 1, Math.max(0, (int) (BINS * place)));
    double surprise = 0;
    if (previous >= 0) {
      int at = previous * BINS + bin;
      double near =
          (bin > 0 ? transitions[at - 1] : 0) + (bin < BINS - 1 ? transitions[at + 1] : 0);
      double seen = transitions[at] + 0.5 * near;
      surprise = Math.log((departures[previous] + 2 * weight) / (seen + 0.3 * weight));
      transitions[at] += weight;
      departures[previous] += weight;
    }
    weight *= 1 + FORGETTING;
    if (weight > 1e6) {
      rescale();
    }
    previous = bin;
    return surprise;
  }

  private void rescale() {
    for (int i = 0; i < transitions.length; i++) {
      transitions[i] *= 1e-6;
    }
    for (int i = 0; i < departures.length; i++) {
      departures[i] *= 1e-6;
    }
    weight = 1;
  }
}
