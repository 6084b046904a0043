package dev.plumbline.streams.judge;

import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.schemas.event.PolicySnapshot;
import dev.plumbline.schemas.event.ResourceSnapshot;
import dev.plumbline.streams.findings.Conditions;
import dev.plumbline.streams.inventory.Inventory;
import dev.plumbline.streams.state.State;
import dev.plumbline.streams.state.Table;
import dev.plumbline.streams.state.Tables;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;

/**
 * Judges one cluster: shows each snapshot to the inventory and then to every watcher, and drives
 * their event time. The same snapshots in the same order give the same findings.
 */
public final class ClusterJudge {

  /** Event time of the cluster. */
  private static final class Clock implements State {
    long now = Long.MIN_VALUE;

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      out.writeLong(now);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      now = in.readLong();
    }
  }

  private static final String SELF = "self";

  private final Tables tables;
  private final Table<Clock> clock;
  private final Cluster cluster;
  private final List<Watcher> watchers = new ArrayList<>();

  /**
   * A judge with every watcher.
   *
   * @param uid cluster UID
   * @param tables restored, or new
   * @param out takes each change of a finding's state
   */
  public ClusterJudge(String uid, Tables tables, Consumer<Finding> out) {
    this(uid, tables, out, Watchers.ALL);
  }

  ClusterJudge(
      String uid, Tables tables, Consumer<Finding> out, List<Function<Cluster, Watcher>> watchers) {
    this.tables = tables;
    clock = tables.table("clock", Clock::new);
    Inventory inventory = new Inventory(uid, tables);
    Conditions conditions = new Conditions(uid, tables, out);
    conditions.names(ignored -> inventory.clusterName(), inventory::tenantOf);
    cluster =
        new Cluster(
            uid,
            inventory,
            conditions,
            new Changes(tables),
            new Peers(tables),
            new Slowdowns(),
            tables);
    watchers.forEach(watcher -> this.watchers.add(watcher.apply(cluster)));
  }

  /** Judges the next snapshot of the cluster. */
  public void judge(SpecificRecord snapshot) {
    if (snapshot instanceof ResourceSnapshot resource) {
      advance(resource.getHeader());
      cluster.inventory().observe(resource);
      for (Watcher watcher : watchers) {
        watcher.see(resource);
      }
    } else if (snapshot instanceof LatencySnapshot latency) {
      advance(latency.getHeader());
      cluster.inventory().observe(latency);
      for (Watcher watcher : watchers) {
        watcher.see(latency);
      }
    } else if (snapshot instanceof PolicySnapshot policy) {
      advance(policy.getHeader());
      cluster.inventory().observe(policy);
      for (Watcher watcher : watchers) {
        watcher.see(policy);
      }
    } else {
      throw new IllegalArgumentException("not a snapshot: " + snapshot.getSchema().getFullName());
    }
  }

  /** What is open in the cluster now. */
  public List<Finding> open() {
    return cluster.conditions().open();
  }

  public Inventory inventory() {
    return cluster.inventory();
  }

  /** Replicas that were judged lately. */
  public Peers peers() {
    return cluster.peers();
  }

  /** Where its changed state is taken from. */
  public Tables tables() {
    return tables;
  }

  /** Event time the judge has reached, milliseconds; the least long before the first snapshot. */
  public long now() {
    Clock now = clock.get(SELF);
    return now == null ? Long.MIN_VALUE : now.now;
  }

  private void advance(Header header) {
    long at = header.getObservedAt().toEpochMilli();
    Clock now = clock.edit(SELF);
    if (now.now == Long.MIN_VALUE) {
      now.now = at;
      return;
    }
    if (at <= now.now) {
      return;
    }
    long next = Math.floorDiv(now.now, Watcher.TICK_MILLIS) + 1;
    long last = Math.floorDiv(at, Watcher.TICK_MILLIS);
    // After a long silence every tick in between would say the same: the first and the last do.
    if (last - next > 240) {
      tick(next * Watcher.TICK_MILLIS);
      next = last - 239;
    }
    for (; next <= last; next++) {
      tick(next * Watcher.TICK_MILLIS);
    }
    now.now = at;
  }

  private void tick(long at) {
    watchers.forEach(watcher -> watcher.tick(at));
    cluster.conditions().tick(at);
    cluster.changes().tick(at);
    cluster.peers().tick(at);
  }
}
