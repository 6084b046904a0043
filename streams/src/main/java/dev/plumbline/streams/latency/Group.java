package dev.plumbline.streams.latency;

import dev.plumbline.streams.state.Codec;
import dev.plumbline.streams.state.State;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * The replicas of one workload, or of one model that several workloads serve. A round is over when
 * a replica is heard again, so that each counts once in it, whatever their scrape intervals are.
 */
final class Group implements State {
  String namespace = "";

  /** Empty for a model. */
  String workload = "";

  String model = "";

  /** When it was last heard of, milliseconds. */
  long at;

  final Pool step = new Pool(Judged.STEP);
  final Pool first = new Pool(Judged.FIRST);

  private long round;

  /** For a model: the workload heard first in this round, and whether there was another. */
  private String heard = "";

  private boolean mixed;

  /**
   * A replica is heard again.
   *
   * @param which of the replica's rounds is that of this group
   * @return true when a round is over
   */
  boolean hear(Replica replica, int which, long now) {
    at = now;
    boolean over = replica.rounds[which] == round;
    if (over) {
      boolean counts = !workload.isEmpty() || mixed;
      step.close(counts);
      first.close(counts);
      heard = "";
      mixed = false;
      round++;
    }
    replica.rounds[which] = round;
    String its = replica.namespace + '/' + replica.workload;
    mixed |= !heard.isEmpty() && !heard.equals(its);
    heard = heard.isEmpty() ? its : heard;
    return over;
  }

  /** One who swings alone has told so, and is no longer asked, unless all do. */
  void add(Replica replica, Sight stepSight, Sight firstSight) {
    add(step, replica.step, stepSight);
    add(first, replica.first, firstSight);
  }

  private static void add(Pool pool, Signal signal, Sight sight) {
    if (sight.judged && (pool.swing.isOpen() || !signal.swing.isOpen())) {
      pool.add(sight);
    }
  }

  boolean isOpen() {
    return step.swing.isOpen() || first.swing.isOpen();
  }

  @Override
  public void write(DataOutput out) throws IOException {
    out.writeByte(1);
    for (String text : new String[] {namespace, workload, model, heard}) {
      Codec.text(out, text);
    }
    out.writeLong(at);
    out.writeLong(round);
    out.writeBoolean(mixed);
    step.write(out);
    first.write(out);
  }

  @Override
  public void read(DataInput in) throws IOException {
    State.version(in, 1);
    namespace = Codec.text(in);
    workload = Codec.text(in);
    model = Codec.text(in);
    heard = Codec.text(in);
    at = in.readLong();
    round = in.readLong();
    mixed = in.readBoolean();
    step.read(in);
    first.read(in);
  }
}
