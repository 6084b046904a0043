package dev.plumbline.streams.latency;

import dev.plumbline.detectors.load.LoadModel;
import dev.plumbline.detectors.load.Shift;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** One latency of a replica: its counters, what its load explains, and whether it shifted. */
final class Signal {
  double count = Double.NaN;
  double sum = Double.NaN;

  /** How many requests a judged scrape usually rests on. */
  double usualRequests = Double.NaN;

  /** The last judged scrape, for the evidence. */
  double seconds = Double.NaN;

  double expectedSeconds = Double.NaN;

  LoadModel expected = new LoadModel();
  final Shift shift;

  Signal(Shift shift) {
    this.shift = shift;
  }

  /**
   * Relative deviation to expect of a scrape: the fewer requests it rests on beside the usual
   * number, the more.
   */
  double deviation(double first, double second, double requests) {
    double few = Math.max(1, usualRequests / Math.max(1, requests));
    return expected.deviation(first, second) * Math.sqrt(few);
  }

  void learn(double first, double second, double value, double requests) {
    usualRequests =
        Double.isNaN(usualRequests) ? requests : usualRequests + 0.05 * (requests - usualRequests);
    expected.learn(first, second, value);
  }

  void inherit(Signal other) {
    expected = other.expected.copy();
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
  }

  void read(DataInput in) throws IOException {
    count = in.readDouble();
    sum = in.readDouble();
    usualRequests = in.readDouble();
    seconds = in.readDouble();
    expectedSeconds = in.readDouble();
    expected.read(in);
    shift.read(in);
  }
}
