package dev.plumbline.streams.latency;

import dev.plumbline.detectors.load.Shift;
import dev.plumbline.streams.state.Codec;
import dev.plumbline.streams.state.State;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** One replica of a model server: its counters and its latencies. */
final class Replica implements State {
  String namespace = "";
  String workload = "";
  String pod = "";
  String model = "";
  String product = "";
  long at;
  double startSeconds = Double.NaN;
  double promptTokens = Double.NaN;
  boolean gone;

  /** Steps of one scrape hardly depend on those of the one before. */
  final Signal step = new Signal(new Shift(0.6, 12));

  /** A queue outlasts a scrape: first tokens wait in bursts, and more evidence is asked for. */
  final Signal first = new Signal(new Shift(1, 20));

  @Override
  public void write(DataOutput out) throws IOException {
    out.writeByte(2);
    for (String text : new String[] {namespace, workload, pod, model, product}) {
      Codec.text(out, text);
    }
    out.writeLong(at);
    out.writeDouble(startSeconds);
    out.writeDouble(promptTokens);
    out.writeBoolean(gone);
    step.write(out);
    first.write(out);
  }

  @Override
  public void read(DataInput in) throws IOException {
    State.version(in, 2);
    namespace = Codec.text(in);
    workload = Codec.text(in);
    pod = Codec.text(in);
    model = Codec.text(in);
    product = Codec.text(in);
    at = in.readLong();
    startSeconds = in.readDouble();
    promptTokens = in.readDouble();
    gone = in.readBoolean();
    step.read(in);
    first.read(in);
  }
}
