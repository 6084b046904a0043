package dev.plumbline.streams.findings;

import dev.plumbline.schemas.event.Finding;
import dev.plumbline.streams.state.State;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * One condition of one entity: suspected, open or lately resolved. OPEN lasts until it has been
 * healthy long enough; silence keeps it as it is.
 */
public final class Condition implements State {

  /** Where the condition stands in its life. */
  public enum Phase {
    SUSPECTED,
    OPEN,
    RESOLVED
  }

  /** A condition is stale when it misses so many of its own intervals. */
  private static final int SIGHTS = 3;

  Phase phase = Phase.SUSPECTED;
  long badSince;
  int badSights;
  long healthySince = -1;
  long lastSight;
  long sightGap;
  long resolvedAt;
  long staleAfter;
  int returns;
  Finding finding;

  public Phase phase() {
    return phase;
  }

  /** Notes a sight and how long it is after the one before. */
  void seen(long at) {
    sightGap = lastSight == 0 ? 0 : Math.max(0, at - lastSight);
    lastSight = at;
  }

  /** True when it is not seen for longer than its rule and its own rhythm allow. */
  boolean isUnseen(long at) {
    return staleAfter > 0 && at - lastSight > Math.max(staleAfter, SIGHTS * sightGap);
  }

  /** The last line said about it; null while it is only suspected for the first time. */
  public Finding finding() {
    return finding;
  }

  @Override
  public void write(DataOutput out) throws IOException {
    out.writeByte(1);
    out.writeByte(phase.ordinal());
    out.writeLong(badSince);
    out.writeInt(badSights);
    out.writeLong(healthySince);
    out.writeLong(lastSight);
    out.writeLong(sightGap);
    out.writeLong(resolvedAt);
    out.writeLong(staleAfter);
    out.writeInt(returns);
    Records.write(out, finding);
  }

  @Override
  public void read(DataInput in) throws IOException {
    State.version(in, 1);
    phase = Phase.values()[in.readUnsignedByte()];
    badSince = in.readLong();
    badSights = in.readInt();
    healthySince = in.readLong();
    lastSight = in.readLong();
    sightGap = in.readLong();
    resolvedAt = in.readLong();
    staleAfter = in.readLong();
    returns = in.readInt();
    finding = Records.read(in, Finding.class);
  }
}
