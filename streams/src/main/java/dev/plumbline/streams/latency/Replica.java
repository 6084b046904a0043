package dev.plumbline.streams.latency;

import dev.plumbline.streams.findings.Entity;
import dev.plumbline.streams.judge.Slowdowns.Slowdown;
import dev.plumbline.streams.state.Codec;
import dev.plumbline.streams.state.State;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** One replica of a model server: its counters and its latencies. */
final class Replica implements State, Slowdown {
  /**
   * Younger than this it still finds its place: its caches fill, and what it does is judged by what
   * its siblings did. A little slower says nothing of it yet.
   */
  private static final double YOUNG_SECONDS = 45 * 60;

  String namespace = "";
  String workload = "";
  String pod = "";
  String model = "";
  String product = "";
  long at;
  double startSeconds = Double.NaN;
  double promptTokens = Double.NaN;
  boolean gone;

  /** Key of its state. */
  transient String key;

  /** Key of its workload, kept because it is asked for at each scrape. */
  transient String group;

  /** It as an entity, kept for the same reason. */
  transient Entity entity;

  /** Sequences decoded at once, a running mean; NaN until the first. */
  double sequences = Double.NaN;

  /** Whether it is among the cluster's slowdowns. */
  transient boolean listed;

  /** The rounds of its workload and of its model that it was heard in last. */
  final long[] rounds = {-1, -1};

  final Signal step = new Signal(Judged.STEP);
  final Signal first = new Signal(Judged.FIRST);

  /**
   * Little's law: steps in a second, times the seconds of each, are the sequences decoded at once.
   * Each is taken to last as long as this load explains: who is slow has no more to do for it.
   */
  void decoded(double stepsPerSecond) {
    double now = stepsPerSecond * step.swing.expectedSeconds;
    if (Double.isNaN(now)) {
      return;
    }
    sequences = Double.isNaN(sequences) ? now : sequences + 0.1 * (now - sequences);
  }

  @Override
  public String namespace() {
    return namespace;
  }

  @Override
  public String pod() {
    return pod;
  }

  @Override
  public String model() {
    return model;
  }

  @Override
  public boolean isSlower() {
    return !gone && (step.swing.isRising() || first.swing.isRising());
  }

  @Override
  public boolean isFelt() {
    return isSlower()
        && slowest().isSlowdown()
        && !(since() / 1000.0 - startSeconds < YOUNG_SECONDS);
  }

  @Override
  public long since() {
    return slowest().shift.since();
  }

  @Override
  public double seconds() {
    return slowest().seconds;
  }

  @Override
  public double expectedSeconds() {
    return slowest().expectedSeconds;
  }

  /** The latency that speaks for a slowdown: steps before first tokens. */
  private Swing slowest() {
    boolean ofFirst =
        !step.swing.isSlowdown() && (first.swing.isSlowdown() || !step.swing.isRising());
    return ofFirst ? first.swing : step.swing;
  }

  @Override
  public void write(DataOutput out) throws IOException {
    out.writeByte(5);
    for (String text : new String[] {namespace, workload, pod, model, product}) {
      Codec.text(out, text);
    }
    out.writeLong(at);
    out.writeDouble(startSeconds);
    out.writeDouble(promptTokens);
    out.writeBoolean(gone);
    out.writeDouble(sequences);
    for (long round : rounds) {
      out.writeLong(round);
    }
    step.write(out);
    first.write(out);
  }

  @Override
  public void read(DataInput in) throws IOException {
    State.version(in, 5);
    namespace = Codec.text(in);
    workload = Codec.text(in);
    pod = Codec.text(in);
    model = Codec.text(in);
    product = Codec.text(in);
    at = in.readLong();
    startSeconds = in.readDouble();
    promptTokens = in.readDouble();
    gone = in.readBoolean();
    sequences = in.readDouble();
    for (int i = 0; i < rounds.length; i++) {
      rounds[i] = in.readLong();
    }
    step.read(in);
    first.read(in);
  }
}
