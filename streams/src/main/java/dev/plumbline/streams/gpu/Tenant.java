package dev.plumbline.streams.gpu;

import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.schemas.event.ModelServerSample;
import dev.plumbline.streams.state.State;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.time.Duration;

/** A pod as a neighbour: since when it is there, and what it does if it is a model server. */
final class Tenant implements State {
  /** A server that tells of itself this soon after its pod came has done nothing before. */
  private static final long NEW = Duration.ofMinutes(15).toMillis();

  /** Tokens a second: less is no work. */
  private static final double LEAST_WORK = 10;

  /** When its pod was first seen, event time in milliseconds; 0 when only its server was. */
  long seenSince;

  private boolean arrived;

  /** Tokens a second, a prompt's counted by what they cost. */
  final Level work = new Level();

  private long at;
  private double tokens = Double.NaN;

  /**
   * Its pod is seen for the first time.
   *
   * @param arrived false when it may have been there before: the cluster itself is just being seen
   */
  void come(long time, boolean arrived) {
    seenSince = time;
    this.arrived = arrived;
  }

  /** True when it was not there before it was first seen. */
  boolean isNew() {
    return arrived;
  }

  void see(LatencySnapshot snapshot) {
    long time = snapshot.getHeader().getObservedAt().toEpochMilli();
    double sum = 0;
    for (ModelServerSample server : snapshot.getServers()) {
      // prefill costs about a tenth of decode per token
      sum += server.getGenerationTokens() + server.getPromptTokens() / 10;
    }
    if (at == 0 && arrived && time - seenSince < NEW) {
      work.begin(time);
    }
    if (time > at && sum >= tokens) {
      // twice its usual, or nobody else feels it
      double least = Math.max(LEAST_WORK, work.isKnown() ? work.usual : 0);
      work.see((sum - tokens) / ((time - at) / 1000.0), time, least);
    }
    at = Math.max(time, at);
    tokens = sum;
  }

  /** True when it tells its own work. */
  boolean isServer() {
    return work.isKnown();
  }

  @Override
  public void write(DataOutput out) throws IOException {
    out.writeByte(1);
    out.writeLong(seenSince);
    out.writeBoolean(arrived);
    out.writeLong(at);
    out.writeDouble(tokens);
    work.write(out);
  }

  @Override
  public void read(DataInput in) throws IOException {
    State.version(in, 1);
    seenSince = in.readLong();
    arrived = in.readBoolean();
    at = in.readLong();
    tokens = in.readDouble();
    work.read(in);
  }
}
