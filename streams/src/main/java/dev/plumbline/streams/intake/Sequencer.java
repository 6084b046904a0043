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

    /** What came early, by sequence; each is written as a {@link Held} of its own. */
    final TreeMap<Long, SpecificRecord> held = new TreeMap<>();

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      out.writeLong(epoch);
      out.writeLong(next);
      out.writeLong(newest);
      out.writeLong(missing);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      epoch = in.readLong();
      next = in.readLong();
      newest = in.readLong();
      missing = in.readLong();
    }
  }

  /** A snapshot that came early. */
  private static final class Held implements State {
    String agent;
    long sequence;
    SpecificRecord snapshot;

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      Codec.text(out, agent);
      out.writeLong(sequence);
      Codec.text(out, snapshot.getSchema().getName());
      Records.write(out, snapshot);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      agent = Codec.text(in);
      sequence = in.readLong();
      String type = Codec.text(in);
      snapshot = Records.read(in, type(type));
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
  private final Table<Held> held;
  private final Consumer<SpecificRecord> out;

  /**
   * @param out takes the snapshots in their order
   */
  public Sequencer(Tables tables, Consumer<SpecificRecord> out) {
    agents = tables.table("sequencer", Agent::new);
    held = tables.table("sequencer.held", Held::new);
    for (Held early : held.all().values()) {
      agents.get(early.agent).held.put(early.sequence, early.snapshot);
    }
    this.out = out;
  }

  /** Takes a snapshot and hands on whatever is in turn now. */
  public Outcome offer(Header header, SpecificRecord snapshot) {
    String name = header.getAgent();
    Agent agent = agents.edit(name);
    if (header.getEpoch() > agent.epoch) {
      releaseAll(name, agent);
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
    } else if (!hold(name, agent, sequence, snapshot)) {
      return Outcome.REPEATED;
    }
    release(name, agent);
    return Outcome.ACCEPTED;
  }

  private boolean hold(String name, Agent agent, long sequence, SpecificRecord snapshot) {
    if (agent.held.putIfAbsent(sequence, snapshot) != null) {
      return false;
    }
    Held early = held.edit(key(name, sequence));
    early.agent = name;
    early.sequence = sequence;
    early.snapshot = snapshot;
    return true;
  }

  private static String key(String name, long sequence) {
    return name + '|' + sequence;
  }

  /** Hands on all that is held, passing over every gap: no more is to come. */
  public void releaseAll() {
    for (String name : agents.all().keySet()) {
      if (!agents.get(name).held.isEmpty()) {
        releaseAll(name, agents.edit(name));
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

  private void release(String name, Agent agent) {
    while (!agent.held.isEmpty()) {
      long first = agent.held.firstKey();
      boolean inTurn = first == agent.next;
      boolean waitedLongEnough =
          agent.newest - observedAt(agent.held.get(first)) > PATIENCE.toMillis()
              || agent.held.size() > MOST_HELD;
      if (!inTurn && !waitedLongEnough) {
        return;
      }
      pass(name, agent, first);
    }
  }

  private void releaseAll(String name, Agent agent) {
    while (!agent.held.isEmpty()) {
      pass(name, agent, agent.held.firstKey());
    }
  }

  private void pass(String name, Agent agent, long sequence) {
    agent.missing += sequence - agent.next;
    agent.next = sequence + 1;
    SpecificRecord snapshot = agent.held.remove(sequence);
    held.remove(key(name, sequence));
    out.accept(snapshot);
  }

  private static long observedAt(SpecificRecord snapshot) {
    return ((Header) snapshot.get(0)).getObservedAt().toEpochMilli();
  }
}
