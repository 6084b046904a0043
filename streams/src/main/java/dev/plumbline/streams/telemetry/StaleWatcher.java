package dev.plumbline.streams.telemetry;

import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.schemas.event.PolicySnapshot;
import dev.plumbline.schemas.event.ResourceSnapshot;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.streams.findings.Entity;
import dev.plumbline.streams.findings.Kind;
import dev.plumbline.streams.findings.Proof;
import dev.plumbline.streams.findings.Rule;
import dev.plumbline.streams.inventory.Pod;
import dev.plumbline.streams.judge.Cluster;
import dev.plumbline.streams.judge.Watcher;
import dev.plumbline.streams.state.Codec;
import dev.plumbline.streams.state.State;
import dev.plumbline.streams.state.Table;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Targets that stopped answering while the rest of the cluster goes on. Each target's own rhythm is
 * learned; time in which the whole cluster is silent doesn't count against a target.
 */
public final class StaleWatcher implements Watcher {
  /**
   * A target is stale when it missed this many of its own intervals: single misses are ordinary.
   */
  private static final double INTERVALS = 3.5;

  /** However short the interval, a target is given this long. */
  private static final Duration LEAST = Duration.ofSeconds(90);

  private static final Rule STALE = Rule.told(Kind.TELEMETRY_STALE);

  /** One scrape target. */
  private static final class Target implements State {
    String source = "";
    Entity entity = Entity.of();
    long seenAt;
    long seenLive;
    double interval = Double.NaN;
    boolean stale;
    String error;

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      Codec.text(out, source);
      Codec.map(out, entity.parts());
      out.writeLong(seenAt);
      out.writeLong(seenLive);
      out.writeDouble(interval);
      out.writeBoolean(stale);
      Codec.text(out, error);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      source = Codec.text(in);
      entity = new Entity(Codec.map(in));
      seenAt = in.readLong();
      seenLive = in.readLong();
      interval = in.readDouble();
      stale = in.readBoolean();
      error = Codec.text(in);
    }
  }

  /** Time in which the cluster as a whole was heard. */
  private static final class Live implements State {
    long millis;
    long heardAt = -1;
    double longestPause;

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      out.writeLong(millis);
      out.writeLong(heardAt);
      out.writeDouble(longestPause);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      millis = in.readLong();
      heardAt = in.readLong();
      longestPause = in.readDouble();
    }

    /** Counts a pause, but no more of it than is usual. */
    void heard(long at) {
      if (heardAt >= 0 && at > heardAt) {
        double pause = at - heardAt;
        double usual = longestPause == 0 ? pause : 1.5 * longestPause;
        millis += Math.round(Math.min(pause, usual));
        longestPause = Math.max(Math.min(pause, usual), longestPause * 0.999);
      }
      heardAt = Math.max(heardAt, at);
    }
  }

  private final Cluster cluster;
  private final Table<Target> targets;
  private final Table<Live> live;

  public StaleWatcher(Cluster cluster) {
    this.cluster = cluster;
    targets = cluster.tables().table("telemetry.targets", Target::new);
    live = cluster.tables().table("telemetry.live", Live::new);
  }

  @Override
  public void see(ResourceSnapshot snapshot) {
    scraped(snapshot.getHeader());
  }

  @Override
  public void see(LatencySnapshot snapshot) {
    scraped(snapshot.getHeader());
  }

  @Override
  public void see(PolicySnapshot snapshot) {
    Header header = snapshot.getHeader();
    live.edit("").heard(header.getObservedAt().toEpochMilli());
    if (header.getGone() && snapshot.getKind().equals("Pod")) {
      left(
          Entity.of(
              "cluster",
              cluster.uid(),
              "namespace",
              snapshot.getNamespace(),
              "pod",
              snapshot.getName()),
          header.getObservedAt().toEpochMilli());
    }
  }

  @Override
  public void tick(long at) {
    Live now = live.get("");
    if (now == null) {
      return;
    }
    for (Map.Entry<String, Target> entry : targets.all().entrySet()) {
      Target target = entry.getValue();
      double patience = Math.max(LEAST.toMillis(), INTERVALS * target.interval);
      if (!target.stale && now.millis - target.seenLive > patience) {
        targets.edit(entry.getKey()).stale = true;
        cluster
            .conditions()
            .bad(
                STALE.aspect(target.source),
                target.entity,
                at,
                isServiced(target) ? Severity.info : Severity.warning,
                Proof.of(
                    (at - target.seenAt) / 1000.0,
                    target.interval / 1000.0,
                    "s",
                    (now.millis - target.seenLive) / target.interval,
                    "no good scrape of "
                        + entry.getKey()
                        + " since "
                        + Instant.ofEpochMilli(target.seenAt),
                    "error",
                    target.error));
      }
    }
  }

  /** A node that is being serviced takes its targets down on purpose. */
  private boolean isServiced(Target target) {
    Entity entity = target.entity;
    String node = entity.get("node");
    if (node == null && entity.get("pod") != null) {
      Pod pod = cluster.inventory().pod(entity.get("namespace"), entity.get("pod"));
      node = pod == null ? null : pod.node;
    }
    return node != null && cluster.inventory().wasServiced(node, target.seenAt);
  }

  private void scraped(Header header) {
    long at = header.getObservedAt().toEpochMilli();
    Live now = live.edit("");
    now.heard(at);
    String key = header.getSource() + ' ' + header.getTarget();
    if (header.getGone()) {
      Target target = targets.get(key);
      if (target != null) {
        cluster.conditions().gone(target.entity, at);
        targets.remove(key);
      }
      return;
    }
    if (header.getSource().equals("cluster")) {
      return;
    }
    Target target = targets.edit(key);
    if (header.getError() != null) {
      target.error = header.getError();
      if (target.seenAt > 0) {
        return;
      }
    }
    target.source = header.getSource();
    target.entity = entity(header);
    if (target.seenAt > 0) {
      learn(target, now.millis - target.seenLive);
    }
    target.seenAt = at;
    target.seenLive = now.millis;
    if (header.getError() == null) {
      target.error = null;
      target.stale = false;
      cluster.conditions().ok(STALE.aspect(target.source), target.entity, at);
    }
  }

  /** A missed scrape doubles a gap; only gaps near the usual one move it. */
  private static void learn(Target target, double gap) {
    if (Double.isNaN(target.interval) || gap < target.interval * 0.5) {
      target.interval = gap;
    } else if (gap < target.interval * 1.5) {
      target.interval += 0.2 * (gap - target.interval);
    } else {
      // slowly, should the interval really have been raised
      target.interval += 0.02 * (gap - target.interval);
    }
  }

  private Entity entity(Header header) {
    Map<String, String> labels = header.getLabels();
    Entity entity = Entity.of("cluster", cluster.uid());
    boolean pod = labels.get("pod") != null;
    for (String part : new String[] {"namespace", "workload", "pod"}) {
      entity = entity.with(part, labels.get(part));
    }
    if (!pod && labels.get("node") != null) {
      entity = entity.with("node", labels.get("node"));
    } else if (!pod) {
      entity = entity.with("object", header.getTarget());
    }
    return entity;
  }

  private void left(Entity pod, long at) {
    List<String> gone = new ArrayList<>();
    for (Map.Entry<String, Target> entry : targets.all().entrySet()) {
      if (pod.contains(entry.getValue().entity)) {
        gone.add(entry.getKey());
      }
    }
    gone.forEach(targets::remove);
    cluster.conditions().gone(pod, at);
  }
}
