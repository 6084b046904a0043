package dev.plumbline.streams.latency;

import dev.plumbline.detectors.load.LoadModel;
import dev.plumbline.streams.state.Codec;
import dev.plumbline.streams.state.State;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;

/** One replica of a model server: its counters, its model of a step, its last few steps. */
final class Replica implements State {
  /** Scrapes that are judged together. */
  static final int WINDOW = 3;

  String namespace = "";
  String workload = "";
  String pod = "";
  String model = "";
  String product = "";
  long at;
  double startSeconds = Double.NaN;
  double steps = Double.NaN;
  double stepSeconds = Double.NaN;
  double promptTokens = Double.NaN;
  boolean gone;
  LoadModel expected = new LoadModel();
  final double[] excess = new double[WINDOW];
  int judged;

  /** Work now and usually, tokens per second. */
  double work = Double.NaN;

  double usualWork = Double.NaN;

  /** Takes the newest excess. */
  void judged(double value) {
    System.arraycopy(excess, 1, excess, 0, WINDOW - 1);
    excess[WINDOW - 1] = value;
    judged = Math.min(WINDOW, judged + 1);
  }

  /** Least excess of the window: all of its scrapes were at least so slow. */
  double least() {
    return judged < WINDOW ? Double.NaN : Arrays.stream(excess).min().orElseThrow();
  }

  /** Middle excess of the window. */
  double middle() {
    double[] sorted = excess.clone();
    Arrays.sort(sorted);
    return judged < WINDOW ? Double.NaN : sorted[WINDOW / 2];
  }

  @Override
  public void write(DataOutput out) throws IOException {
    out.writeByte(1);
    for (String text : new String[] {namespace, workload, pod, model, product}) {
      Codec.text(out, text);
    }
    out.writeLong(at);
    out.writeDouble(startSeconds);
    out.writeDouble(steps);
    out.writeDouble(stepSeconds);
    out.writeDouble(promptTokens);
    out.writeBoolean(gone);
    expected.write(out);
    for (double each : excess) {
      out.writeDouble(each);
    }
    out.writeInt(judged);
    out.writeDouble(work);
    out.writeDouble(usualWork);
  }

  @Override
  public void read(DataInput in) throws IOException {
    State.version(in, 1);
    namespace = Codec.text(in);
    workload = Codec.text(in);
    pod = Codec.text(in);
    model = Codec.text(in);
    product = Codec.text(in);
    at = in.readLong();
    startSeconds = in.readDouble();
    steps = in.readDouble();
    stepSeconds = in.readDouble();
    promptTokens = in.readDouble();
    gone = in.readBoolean();
    expected.read(in);
    for (int i = 0; i < WINDOW; i++) {
      excess[i] = in.readDouble();
    }
    judged = in.readInt();
    work = in.readDouble();
    usualWork = in.readDouble();
  }
}
