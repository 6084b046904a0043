package dev.plumbline.streams.telemetry;

import dev.plumbline.schemas.event.NodeSample;
import dev.plumbline.schemas.event.ResourceSnapshot;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.streams.findings.Entity;
import dev.plumbline.streams.findings.Kind;
import dev.plumbline.streams.findings.Proof;
import dev.plumbline.streams.findings.Rule;
import dev.plumbline.streams.judge.Cluster;
import dev.plumbline.streams.judge.Watcher;
import dev.plumbline.streams.state.State;
import dev.plumbline.streams.state.Table;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.time.Duration;

/**
 * Clocks that disagree: each node says its own time at the scrape. One node apart from the others
 * has a wrong clock; when most nodes are off alike, the agent's clock is the wrong one.
 */
public final class SkewWatcher implements Watcher {
  /**
   * Far above what NTP leaves and a scrape takes, far below what breaks certificates and leases.
   */
  static final double TOLERANCE_SECONDS = 5;

  private static final Rule SKEW =
      Rule.measured(Kind.TELEMETRY_SKEW).raise(Duration.ZERO, 2).clear(Duration.ofMinutes(2));

  /** How far one node's clock is from the agent's. */
  private static final class Offset implements State {
    double seconds;

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      out.writeDouble(seconds);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      seconds = in.readDouble();
    }
  }

  private final Cluster cluster;
  private final Table<Offset> offsets;

  /** How many of them are beyond the tolerance; follows from the table. */
  private int skewed;

  public SkewWatcher(Cluster cluster) {
    this.cluster = cluster;
    offsets = cluster.tables().table("telemetry.offsets", Offset::new);
    offsets.all().values().forEach(it -> skewed += isOff(it.seconds) ? 1 : 0);
  }

  @Override
  public void see(ResourceSnapshot snapshot) {
    for (NodeSample node : snapshot.getNodes()) {
      if (!Double.isNaN(node.getTimeSeconds()) && node.getTimeSeconds() > 0) {
        long at = snapshot.getHeader().getObservedAt().toEpochMilli();
        String name = node.getNode().isEmpty() ? snapshot.getHeader().getTarget() : node.getNode();
        Offset offset = offsets.edit(name);
        double seconds = node.getTimeSeconds() - at / 1000.0;
        skewed += (isOff(seconds) ? 1 : 0) - (isOff(offset.seconds) ? 1 : 0);
        offset.seconds = seconds;
        judge(name, at);
      }
    }
  }

  private static boolean isOff(double seconds) {
    return Math.abs(seconds) > TOLERANCE_SECONDS;
  }

  /** Mean offset of the nodes that are beyond the tolerance. */
  private double mean() {
    double sum = 0;
    for (Offset offset : offsets.all().values()) {
      if (isOff(offset.seconds)) {
        sum += offset.seconds;
      }
    }
    return sum / skewed;
  }

  private void judge(String node, long at) {
    double seconds = offsets.get(node).seconds;
    boolean off = isOff(seconds);
    boolean agent = skewed >= 2 && skewed * 2 > offsets.size();
    Entity self = cluster.inventory().self();
    Entity own = self.with("node", node);
    if (agent) {
      double mean = mean();
      cluster
          .conditions()
          .bad(
              SKEW.aspect("agent"),
              self,
              at,
              Severity.warning,
              Proof.of(
                  -mean,
                  0,
                  "s",
                  Math.abs(mean) / TOLERANCE_SECONDS,
                  "the agent's clock differs from the clocks of %d of %d nodes by %.1f s"
                      .formatted(skewed, offsets.size(), -mean)));
    } else {
      if (skewed == 0) {
        cluster.conditions().ok(SKEW.aspect("agent"), self, at);
      }
      if (off) {
        cluster
            .conditions()
            .bad(
                SKEW,
                own,
                at,
                Severity.warning,
                Proof.of(
                    seconds,
                    0,
                    "s",
                    Math.abs(seconds) / TOLERANCE_SECONDS,
                    "the clock of node %s differs from the agent's by %.1f s"
                        .formatted(node, seconds)));
      } else {
        cluster.conditions().ok(SKEW, own, at);
      }
    }
  }
}
