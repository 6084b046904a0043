package dev.plumbline.streams.telemetry;

import dev.plumbline.schemas.event.Evidence;
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
import dev.plumbline.streams.state.Index;
import dev.plumbline.streams.state.State;
import dev.plumbline.streams.state.Table;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Targets that stopped answering while the rest of the cluster goes on. Each target's own rhythm is
 * learned; time in which the whole cluster is silent doesn't count against a target. When a node's
 * own exporters are silent too, the node is the story and not each target on it.
 */
public final class StaleWatcher implements Watcher {
  /**
   * A target is stale when it missed this many of its own intervals: single misses are ordinary.
   */
  private static final double INTERVALS = 3.5;

  /** However short the interval, a target is given this long. */
  private static final Duration LEAST = Duration.ofSeconds(90);

  private static final Rule STALE = Rule.told(Kind.TELEMETRY_STALE);
  private static final Rule NODE = STALE.aspect("node");

  /** Sources that speak for a node itself: when all of them are silent, the node is. */
  private static final Set<String> OF_NODES = Set.of("node", "dcgm", "kubelet", "host");

  /** One scrape target. */
  private static final class Target implements State {
    String source = "";
    Entity entity = Entity.of();
    long seenAt;
    long seenLive;
    final Rhythm rhythm = new Rhythm();
    boolean stale;

    /** Its silence was told as that of its node. */
    boolean withNode;

    String error;

    /** Labels that said what it is; null while more than they decides it. Not written. */
    Map<String, String> labels;

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      Codec.text(out, source);
      Codec.map(out, entity.parts());
      out.writeLong(seenAt);
      out.writeLong(seenLive);
      rhythm.write(out);
      out.writeBoolean(stale);
      out.writeBoolean(withNode);
      Codec.text(out, error);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      source = Codec.text(in);
      entity = new Entity(Codec.map(in));
      seenAt = in.readLong();
      seenLive = in.readLong();
      rhythm.read(in);
      stale = in.readBoolean();
      withNode = in.readBoolean();
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

  /** By namespace/pod. */
  private final Index<Target> ofPods = new Index<>();

  /** Those that speak for a node, by node. */
  private final Index<Target> ofNodes = new Index<>();

  public StaleWatcher(Cluster cluster) {
    this.cluster = cluster;
    targets = cluster.tables().table("telemetry.targets", Target::new);
    targets.all().forEach(this::enter);
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
      double patience = Math.max(LEAST.toMillis(), INTERVALS * target.rhythm.interval());
      if (!target.stale && now.millis - target.seenLive > patience) {
        targets.edit(entry.getKey()).stale = true;
        String node = nodeOf(target.entity);
        boolean down = node != null && isDown(node, now);
        target.withNode = down;
        cluster
            .conditions()
            .bad(
                down ? NODE : STALE.aspect(target.source),
                down ? Entity.of("cluster", cluster.uid(), "node", node) : target.entity,
                at,
                isServiced(node, target) ? Severity.info : Severity.warning,
                evidence(entry.getKey(), target, down ? node : null, now, at));
      }
    }
  }

  private static Evidence evidence(String key, Target target, String node, Live now, long at) {
    return Proof.of(
        (at - target.seenAt) / 1000.0,
        target.rhythm.interval() / 1000.0,
        "s",
        (now.millis - target.seenLive) / target.rhythm.interval(),
        (node == null
                ? "no good scrape of " + key
                : "no exporter of node " + node + " answers, nor does " + key + ",")
            + " since "
            + Instant.ofEpochMilli(target.seenAt),
        "error",
        target.error);
  }

  /** True when the node's own exporters all fail or have missed their turn. */
  private boolean isDown(String node, Live now) {
    Collection<Target> own = ofNodes.of(node).values();
    for (Target target : own) {
      boolean missed = now.millis - target.seenLive > 1.5 * target.rhythm.interval();
      if (target.error == null && !missed) {
        return false;
      }
    }
    return !own.isEmpty();
  }

  private String nodeOf(Entity entity) {
    String node = entity.get("node");
    if (node == null && entity.get("pod") != null) {
      Pod pod = cluster.inventory().pod(entity.get("namespace"), entity.get("pod"));
      node = pod == null || pod.node.isEmpty() ? null : pod.node;
    }
    return node;
  }

  /** A node that is being serviced takes its targets down on purpose. */
  private boolean isServiced(String node, Target target) {
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
        remove(key);
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
    if (target.labels == null || target.labels != header.getLabels()) {
      Entity entity = entity(header);
      if (!entity.equals(target.entity)) {
        leave(key, target);
        target.source = header.getSource();
        target.entity = entity;
        enter(key, target);
      }
      boolean said =
          header.getLabels().get("pod") != null || header.getLabels().get("node") != null;
      target.labels = said ? header.getLabels() : null;
    }
    if (target.seenAt > 0) {
      target.rhythm.beat(at - target.seenAt);
    }
    target.seenAt = at;
    target.seenLive = now.millis;
    if (header.getError() == null) {
      target.error = null;
      target.stale = false;
      cluster.conditions().ok(STALE.aspect(target.source), target.entity, at);
      if (OF_NODES.contains(target.source) && target.entity.get("node") != null) {
        isBack(target.entity.get("node"), now, at);
      }
    }
  }

  /** The node answers again; what ran on it is given its own time to return. */
  private void isBack(String node, Live now, long at) {
    Entity entity = Entity.of("cluster", cluster.uid(), "node", node);
    if (!cluster.conditions().isOpen(NODE, entity)) {
      return;
    }
    cluster.conditions().ok(NODE, entity, at);
    for (Map.Entry<String, Target> entry : targets.all().entrySet()) {
      Target target = entry.getValue();
      if (target.stale && target.withNode && node.equals(nodeOf(target.entity))) {
        target = targets.edit(entry.getKey());
        target.stale = false;
        target.seenLive = now.millis;
      }
    }
  }

  private Entity entity(Header header) {
    Map<String, String> labels = header.getLabels();
    Entity entity = Entity.of("cluster", cluster.uid());
    boolean pod = labels.get("pod") != null;
    for (String part : new String[] {"namespace", "workload", "pod"}) {
      entity = entity.with(part, labels.get(part));
    }
    String node = labels.get("node");
    if (node == null && cluster.inventory().nodes().containsKey(header.getTarget())) {
      node = header.getTarget();
    }
    if (!pod && node != null) {
      entity = entity.with("node", node);
    } else if (!pod) {
      entity = entity.with("object", header.getTarget());
    }
    return entity;
  }

  private void left(Entity pod, long at) {
    String name = pod.get("namespace") + '/' + pod.get("pod");
    List.copyOf(ofPods.of(name).keySet()).forEach(this::remove);
    cluster.conditions().gone(pod, at);
  }

  private void remove(String key) {
    leave(key, targets.get(key));
    targets.remove(key);
  }

  private void enter(String key, Target target) {
    if (target.entity.get("pod") != null) {
      ofPods.add(pod(target), key, target);
    }
    if (OF_NODES.contains(target.source) && target.entity.get("node") != null) {
      ofNodes.add(target.entity.get("node"), key, target);
    }
  }

  private void leave(String key, Target target) {
    ofPods.remove(pod(target), key);
    ofNodes.remove(target.entity.get("node"), key);
  }

  private static String pod(Target target) {
    return target.entity.get("namespace") + '/' + target.entity.get("pod");
  }
}
