package dev.plumbline.streams.intake;

import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.schemas.event.PolicySnapshot;
import dev.plumbline.schemas.event.ResourceSnapshot;
import dev.plumbline.streams.findings.Records;
import dev.plumbline.streams.state.Codec;
import dev.plumbline.streams.state.State;
import dev.plumbline.streams.state.Table;
import dev.plumbline.streams.state.Tables;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;

/**
 * Restores the order in which an agent made its snapshots. They travel over three topics and meet
 * again here in any order; the agent's sequence number says how it was. What comes early waits for
 * what is missing, but never long: a gap is passed over once later snapshots are {@link #PATIENCE}
 * of event time ahead of it, so a lost record delays and does not block.
 */
public final class Sequencer {
  /** How far ahead in event time the newest held snapshot may be before a gap is passed over. */
  static final Duration PATIENCE = Duration.ofMinutes(2);

  /** Most snapshots held for one agent; beyond it the gap is passed over at once. */
  static final int MOST_HELD = 20_000;

  /** What became of an offered snapshot. */
  public enum Outcome {
    /** Handed on now, or held until its turn. */
    ACCEPTED,
    /** Seen before. */
    REPEATED,
    /** Its place was passed over, or it is from an earlier life of the agent. */
    LATE
  }

  /** Where one agent stands. */
  private static final class Agent implements State {
    long epoch = Long.MIN_VALUE;
    long next;
    long newest = Long.MIN_VALUE;
    long missing;
    final TreeMap<Long, SpecificRecord> held = new TreeMap<>();

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      out.writeLong(epoch);
      out.writeLong(next);
      out.writeLong(newest);
      out.writeLong(missing);
      out.writeInt(held.size());
      for (Map.Entry<Long, SpecificRecord> entry : held.entrySet()) {
        out.writeLong(entry.getKey());
        Codec.text(out, entry.getValue().getSchema().getName());
        byte[] bytes = Records.bytes(entry.getValue());
        out.writeInt(bytes.length);
        out.write(bytes);
      }
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      epoch = in.readLong();
      next = in.readLong();
      newest = in.readLong();
      missing = in.readLong();
      for (int n = in.readInt(); n > 0; n--) {
        long sequence = in.readLong();
        String type = Codec.text(in);
        byte[] bytes = new byte[in.readInt()];
        in.readFully(bytes);
        held.put(sequence, Records.read(type(type), bytes));
      }
    }

    private static Class<? extends SpecificRecord> type(String name) throws IOException {
      return switch (name) {
        case "ResourceSnapshot" -> ResourceSnapshot.class;
        case "LatencySnapshot" -> LatencySnapshot.class;
        case "PolicySnapshot" -> PolicySnapshot.class;
        default -> throw new IOException("held snapshot of unknown type " + name);
      };
    }
  }

  private final Table<Agent> agents;
  private final Consumer<SpecificRecord> out;

  /**
   * @param out takes the snapshots in their order
   */
  public Sequencer(Tables tables, Consumer<SpecificRecord> out) {
    agents = tables.table("sequencer", Agent::new);
    this.out = out;
  }

  /** Takes a snapshot and hands on whatever is in turn now. */
  public Outcome offer(Header header, SpecificRecord snapshot) {
    Agent agent = agents.edit(header.getAgent());
    if (header.getEpoch() > agent.epoch) {
      releaseAll(agent);
      agent.epoch = header.getEpoch();
      agent.next = 0;
      agent.newest = Long.MIN_VALUE;
    } else if (header.getEpoch() < agent.epoch) {
      return Outcome.LATE;
    }
    long sequence = header.getSequence();
    if (sequence < agent.next) {
      return agent.missing > 0 ? Outcome.LATE : Outcome.REPEATED;
    }
    agent.newest = Math.max(agent.newest, header.getObservedAt().toEpochMilli());
    if (sequence == agent.next) {
      agent.next++;
      out.accept(snapshot);
    } else if (agent.held.putIfAbsent(sequence, snapshot) != null) {
      return Outcome.REPEATED;
    }
    release(agent);
    return Outcome.ACCEPTED;
  }

  /** Hands on all that is held, passing over every gap: no more is to come. */
  public void releaseAll() {
    for (String name : agents.all().keySet()) {
      if (!agents.get(name).held.isEmpty()) {
        releaseAll(agents.edit(name));
      }
    }
  }

  /** Number of snapshots held. */
  public int held() {
    int held = 0;
    for (Agent agent : agents.all().values()) {
      held += agent.held.size();
    }
    return held;
  }

  /** Sequence numbers passed over because their snapshots never came in time. */
  public long missing() {
    long missing = 0;
    for (Agent agent : agents.all().values()) {
      missing += agent.missing;
    }
    return missing;
  }

  private void release(Agent agent) {
    while (!agent.held.isEmpty()) {
      long first = agent.held.firstKey();
      boolean inTurn = first == agent.next;
      boolean waitedLongEnough =
          agent.newest - observedAt(agent.held.get(first)) > PATIENCE.toMillis()
              || agent.held.size() > MOST_HELD;
      if (!inTurn && !waitedLongEnough) {
        return;
      }
      pass(agent, first);
    }
  }

  private void releaseAll(Agent agent) {
    while (!agent.held.isEmpty()) {
      pass(agent, agent.held.firstKey());
    }
  }

  private void pass(Agent agent, long sequence) {
    agent.missing += sequence - agent.next;
    agent.next = sequence + 1;
    out.accept(agent.held.remove(sequence));
  }

  private static long observedAt(SpecificRecord snapshot) {
    return ((Header) snapshot.get(0)).getObservedAt().toEpochMilli();
  }
}
