package dev.plumbline.streams.fleet;

import dev.plumbline.schemas.event.Fact;
import dev.plumbline.streams.findings.Records;
import dev.plumbline.streams.state.State;
import dev.plumbline.streams.state.Table;
import dev.plumbline.streams.state.Tables;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Puts the facts of all partitions into the order of their event time. A fact is handed on once
 * every partition has been judged beyond it, so the order doesn't depend on which partition was
 * read faster.
 */
final class Merge {

  /** A fact that waits for the other partitions. */
  private static final class Waiting implements State {
    Fact fact;

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      Records.write(out, fact);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      fact = Records.read(in, Fact.class);
    }
  }

  /** How far a partition has been judged, event time in milliseconds. */
  private static final class Reached implements State {
    long at = Long.MIN_VALUE;

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      out.writeLong(at);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      at = in.readLong();
    }
  }

  /** The newest fact of a cluster: what was told up to it and comes again is a repetition. */
  private static final class Heard implements State {
    long ordinal = -1;
    long at = Long.MIN_VALUE;

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      out.writeLong(ordinal);
      out.writeLong(at);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      ordinal = in.readLong();
      at = in.readLong();
    }
  }

  private final int partitions;
  private final Table<Heard> heard;
  private final Table<Waiting> waiting;
  private final Table<Reached> reached;
  private final Consumer<Fact> out;

  /**
   * @param partitions partitions of the snapshot topics
   * @param out takes the facts in order
   */
  Merge(int partitions, Tables tables, Consumer<Fact> out) {
    this.partitions = partitions;
    heard = tables.table("fleet.heard", Heard::new);
    waiting = tables.table("fleet.waiting", Waiting::new);
    reached = tables.table("fleet.reached", Reached::new);
    this.out = out;
  }

  /** Takes a fact of a cluster; one that was taken before changes nothing. */
  void add(Fact fact) {
    Heard last = heard.edit(fact.getCluster());
    long at = fact.getAt().toEpochMilli();
    // a judge that lost its state counts from 0 again: its facts are newer in time
    if (fact.getOrdinal() <= last.ordinal && at <= last.at) {
      return;
    }
    last.ordinal = fact.getOrdinal();
    last.at = Math.max(last.at, at);
    // zero-padded, so that the table's order is the order in time
    String key =
        padded(fact.getAt().toEpochMilli())
            + '|'
            + fact.getCluster()
            + '|'
            + padded(fact.getOrdinal());
    waiting.edit(key).fact = fact;
  }

  private static String padded(long number) {
    String digits = Long.toString(number);
    return "0".repeat(Math.max(0, 20 - digits.length())) + digits;
  }

  /** A partition has been judged up to a time; what is in turn now is handed on. */
  void reached(int partition, long at) {
    Reached mark = reached.edit(Integer.toString(partition));
    mark.at = Math.max(mark.at, at);
  }

  /**
   * Hands on what lies before the slowest partition.
   *
   * @param idle partitions that are quiet and hold nobody up
   * @return event time up to which everything has been handed on; the least long when a partition
   *     has not been heard yet
   */
  long release(Set<Integer> idle) {
    long slowest = Long.MAX_VALUE;
    for (int partition = 0; partition < partitions; partition++) {
      Reached mark = reached.get(Integer.toString(partition));
      if (!idle.contains(partition)) {
        slowest = Math.min(slowest, mark == null ? Long.MIN_VALUE : mark.at);
      }
    }
    if (slowest == Long.MAX_VALUE) {
      slowest = newest();
    }
    List<String> done = new ArrayList<>();
    for (var entry : waiting.all().entrySet()) {
      if (entry.getValue().fact.getAt().toEpochMilli() >= slowest) {
        break;
      }
      done.add(entry.getKey());
    }
    for (String key : done) {
      Fact fact = waiting.get(key).fact;
      waiting.remove(key);
      out.accept(fact);
    }
    return slowest;
  }

  /** True when every partition has ended. */
  boolean hasEnded() {
    return reached.size() == partitions
        && reached.all().values().stream().allMatch(it -> it.at == Long.MAX_VALUE);
  }

  private long newest() {
    long newest = Long.MIN_VALUE;
    for (Reached mark : reached.all().values()) {
      newest = Math.max(newest, mark.at);
    }
    return newest;
  }
}
