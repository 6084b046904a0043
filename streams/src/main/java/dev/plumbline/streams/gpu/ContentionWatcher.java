package dev.plumbline.streams.gpu;

import dev.plumbline.schemas.event.Cause;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.schemas.event.ModelServerSample;
import dev.plumbline.schemas.event.PolicySnapshot;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.streams.findings.Entity;
import dev.plumbline.streams.findings.Kind;
import dev.plumbline.streams.findings.Proof;
import dev.plumbline.streams.findings.Rule;
import dev.plumbline.streams.inventory.Pod;
import dev.plumbline.streams.judge.Cluster;
import dev.plumbline.streams.judge.Watcher;
import dev.plumbline.streams.state.State;
import dev.plumbline.streams.state.Table;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * Who suffers and who took: a slow replica, and another tenant of its board or node that began or
 * grew at the same time. Without such a neighbour there is no contention, and nobody is accused on
 * the strength of a device-wide number.
 */
public final class ContentionWatcher implements Watcher {
  /** How long before the slowdown a neighbour may have begun. */
  private static final Duration BEFORE = Duration.ofMinutes(10);

  /** And how long after it was first seen: sources are scraped at different times. */
  private static final Duration AFTER = Duration.ofMinutes(4);

  /** A neighbour grew when it does so many times its usual work. */
  private static final double GREW = 2;

  private static final Rule CONTENTION = Rule.told(Kind.GPU_CONTENTION);

  /** What is known of a pod as a neighbour. */
  private static final class Neighbour implements State {
    long seenSince;
    long at;
    double tokens = Double.NaN;
    double work = Double.NaN;
    double usual = Double.NaN;
    int samples;

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      out.writeLong(seenSince);
      out.writeLong(at);
      out.writeDouble(tokens);
      out.writeDouble(work);
      out.writeDouble(usual);
      out.writeInt(samples);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      seenSince = in.readLong();
      at = in.readLong();
      tokens = in.readDouble();
      work = in.readDouble();
      usual = in.readDouble();
      samples = in.readInt();
    }
  }

  /** A suspicion against one pod. */
  private record Suspect(Pod pod, double score, String reason, String attribution) {}

  private final Cluster cluster;
  private final Table<Neighbour> neighbours;

  public ContentionWatcher(Cluster cluster) {
    this.cluster = cluster;
    neighbours = cluster.tables().table("gpu.neighbours", Neighbour::new);
  }

  @Override
  public void see(PolicySnapshot snapshot) {
    if (!snapshot.getKind().equals("Pod")) {
      return;
    }
    String key = snapshot.getNamespace() + '/' + snapshot.getName();
    if (snapshot.getHeader().getGone()) {
      neighbours.remove(key);
    } else if (neighbours.get(key) == null) {
      neighbours.edit(key).seenSince = snapshot.getHeader().getObservedAt().toEpochMilli();
    }
  }

  @Override
  public void see(LatencySnapshot snapshot) {
    String namespace = snapshot.getHeader().getLabels().get("namespace");
    String pod = snapshot.getHeader().getLabels().get("pod");
    if (namespace == null || pod == null || snapshot.getServers().isEmpty()) {
      return;
    }
    long at = snapshot.getHeader().getObservedAt().toEpochMilli();
    double tokens = 0;
    for (ModelServerSample server : snapshot.getServers()) {
      // prefill costs about a tenth of decode per token
      tokens += server.getGenerationTokens() + server.getPromptTokens() / 10;
    }
    Neighbour one = neighbours.edit(namespace + '/' + pod);
    if (one.seenSince == 0) {
      one.seenSince = at;
    }
    if (at > one.at && tokens >= one.tokens) {
      double work = (tokens - one.tokens) / ((at - one.at) / 1000.0);
      one.work = Double.isNaN(one.work) ? work : one.work + 0.5 * (work - one.work);
      boolean usual = Double.isNaN(one.usual) || one.work < GREW * one.usual;
      double share = Math.max(0.02, 1.0 / ++one.samples);
      one.usual =
          Double.isNaN(one.usual) ? work : one.usual + (usual ? share : 0.004) * (work - one.usual);
    }
    one.at = Math.max(at, one.at);
    one.tokens = tokens;
  }

  @Override
  public void tick(long at) {
    for (Finding open : cluster.conditions().open()) {
      if (open.getKind().equals(Kind.LATENCY_SWING) && open.getEntity().get("pod") != null) {
        suffer(open, at);
      } else if (open.getKind().equals(Kind.GPU_CONTENTION) && !stillSlow(open)) {
        cluster.conditions().ok(CONTENTION, new Entity(open.getEntity()), at);
      }
    }
  }

  /** A board that is throttled or failing explains the slowdown: nobody else is accused of it. */
  private boolean isHeldDown(Pod victim) {
    for (Finding open : cluster.conditions().open()) {
      boolean board =
          open.getKind().equals(Kind.GPU_THROTTLE) || open.getKind().equals(Kind.GPU_FAULT);
      if (board
          && open.getSeverity() != Severity.info
          && victim.node.equals(open.getEntity().get("node"))
          && (victim.gpus.isEmpty() || victim.gpus.contains(open.getEntity().get("gpu")))) {
        return true;
      }
    }
    return false;
  }

  private boolean stillSlow(Finding contention) {
    for (Finding open : cluster.conditions().open()) {
      if (open.getKind().equals(Kind.LATENCY_SWING)
          && contention.getEntity().get("pod").equals(open.getEntity().get("pod"))
          && contention.getEntity().get("namespace").equals(open.getEntity().get("namespace"))) {
        return true;
      }
    }
    return false;
  }

  private void suffer(Finding swing, long at) {
    Pod victim =
        cluster.inventory().pod(swing.getEntity().get("namespace"), swing.getEntity().get("pod"));
    if (victim == null || isHeldDown(victim)) {
      return;
    }
    Suspect worst = null;
    for (Pod other : neighboursOf(victim)) {
      Suspect suspect = suspect(victim, other, swing);
      if (suspect != null && (worst == null || suspect.score() > worst.score())) {
        worst = suspect;
      }
    }
    Entity entity = victimEntity(victim, swing);
    if (worst == null || cluster.conditions().isOpen(CONTENTION, entity)) {
      return;
    }
    cluster
        .conditions()
        .bad(
            CONTENTION,
            entity,
            at,
            Severity.warning,
            Proof.of(
                swing.getEvidence().getObserved(),
                swing.getEvidence().getExpected(),
                "s",
                worst.score(),
                victim.workload
                    + " is slowed down by "
                    + worst.pod().workload
                    + ": "
                    + worst.reason(),
                "victim",
                victim.namespace + '/' + victim.name,
                "aggressor",
                worst.pod().namespace + '/' + worst.pod().name,
                "attribution",
                worst.attribution()),
            Cause.newBuilder()
                .setKind(Kind.GPU_CONTENTION)
                .setEntity(aggressorEntity(worst.pod()).parts())
                .setScore(worst.score())
                .setReason(worst.reason())
                .build());
  }

  /** Pods on the victim's boards, and pods on its node. */
  private List<Pod> neighboursOf(Pod victim) {
    List<Pod> found = new ArrayList<>();
    for (Pod pod : cluster.inventory().podsOn(victim.node)) {
      boolean itself = pod.namespace.equals(victim.namespace) && pod.name.equals(victim.name);
      boolean sibling =
          pod.namespace.equals(victim.namespace) && pod.workload.equals(victim.workload);
      if (!itself && !sibling) {
        found.add(pod);
      }
    }
    return found;
  }

  private Suspect suspect(Pod victim, Pod other, Finding swing) {
    long since = swing.getSince().toEpochMilli();
    boolean board = shareBoard(victim, other);
    Neighbour known = neighbours.get(other.namespace + '/' + other.name);
    if (known == null) {
      return null;
    }
    boolean server = known.samples > 0;
    boolean began =
        known.seenSince >= since - BEFORE.toMillis() && known.seenSince <= since + AFTER.toMillis();
    boolean batch = other.workloadKind.equals("Job") || !server;
    if (began && batch) {
      String where = board ? "on the same board" : "on the same node";
      return new Suspect(
          other,
          board ? 0.9 : 0.75,
          "it started " + where + " just before",
          board ? "shared board" : "node");
    }
    boolean grew = server && known.usual > 0 && known.work >= GREW * known.usual;
    if (grew && board) {
      return new Suspect(
          other,
          0.9,
          "it does %.1f times its usual work on the same board".formatted(known.work / known.usual),
          "measured per process");
    }
    return null;
  }

  /**
   * True when both hold one board. An exporter that names one pod per board hides the others: on a
   * node that slices a board, two servers of which one is named count as sharing it.
   */
  private boolean shareBoard(Pod victim, Pod other) {
    TreeSet<String> both = new TreeSet<>(victim.gpus);
    both.retainAll(other.gpus);
    if (!both.isEmpty()) {
      return true;
    }
    String strategy = cluster.inventory().nodeLabel(victim.node, "nvidia.com/gpu.sharing-strategy");
    boolean sliced = strategy.equals("time-slicing") || strategy.equals("mps");
    return sliced && (victim.gpus.isEmpty() || other.gpus.isEmpty());
  }

  private Entity victimEntity(Pod victim, Finding swing) {
    String model = swing.getEntity().get("model");
    return Entity.of(
        "cluster",
        cluster.uid(),
        "namespace",
        victim.namespace,
        "workload",
        victim.workload,
        "model",
        model,
        "pod",
        victim.name,
        "node",
        victim.node);
  }

  private Entity aggressorEntity(Pod pod) {
    Entity entity =
        Entity.of(
            "cluster",
            cluster.uid(),
            "namespace",
            pod.namespace,
            "workload",
            pod.workload,
            "model",
            pod.model);
    return pod.model.isEmpty() ? entity.with("pod", pod.name).with("node", pod.node) : entity;
  }
}
