package dev.plumbline.streams.gpu;

import dev.plumbline.schemas.event.Cause;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.schemas.event.PolicySnapshot;
import dev.plumbline.schemas.event.ResourceSnapshot;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.streams.findings.Entity;
import dev.plumbline.streams.findings.Kind;
import dev.plumbline.streams.findings.Proof;
import dev.plumbline.streams.findings.Rule;
import dev.plumbline.streams.inventory.Pod;
import dev.plumbline.streams.judge.Changes.Change;
import dev.plumbline.streams.judge.Cluster;
import dev.plumbline.streams.judge.Slowdowns.Slowdown;
import dev.plumbline.streams.judge.Watcher;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Who suffers and who takes: a slow replica, something that it shares and that became short at the
 * same time (compute or memory bandwidth of its board, the board's power, PCIe, the node's
 * processors), and the other tenant whose use of it grew. How well that tenant's own part is known
 * is said as {@code attribution}; when only the whole was measured the shortage is told and nobody
 * is accused. A slowness that is little or not yet sure counts as well where it is known who takes
 * what is short.
 */
public final class ContentionWatcher implements Watcher {
  /** A change of the victim's own workload so shortly before outranks all but measured use. */
  private static final Duration OWN_CHANGE = Duration.ofMinutes(15);

  private static final Duration SEEN_LATER = Duration.ofMinutes(4);

  /** A server's burst of work that is younger passes by itself. */
  private static final Duration BURST = Duration.ofMinutes(10);

  /** A server that came so lately has no usual work yet. */
  private static final Duration SETTLED = Duration.ofMinutes(45);

  private static final Rule CONTENTION = Rule.told(Kind.GPU_CONTENTION);

  private final Cluster cluster;
  private final Usage usage;

  public ContentionWatcher(Cluster cluster) {
    this.cluster = cluster;
    usage = new Usage(cluster.inventory(), cluster.tables());
  }

  @Override
  public void see(ResourceSnapshot snapshot) {
    usage.see(snapshot);
  }

  @Override
  public void see(LatencySnapshot snapshot) {
    String namespace = snapshot.getHeader().getLabels().get("namespace");
    String pod = snapshot.getHeader().getLabels().get("pod");
    if (namespace != null && pod != null && !snapshot.getServers().isEmpty()) {
      usage.see(snapshot, namespace, pod);
    }
  }

  @Override
  public void see(PolicySnapshot snapshot) {
    usage.see(snapshot);
  }

  @Override
  public void tick(long at) {
    List<Finding> open = cluster.conditions().open();
    List<Slow> slow = new ArrayList<>();
    for (Finding finding : open) {
      if (finding.getKind().equals(Kind.LATENCY_SWING) && finding.getEntity().get("pod") != null) {
        slow.add(Slow.of(finding));
      }
    }
    int told = slow.size();
    for (Slowdown slowdown : cluster.slowdowns().all()) {
      if (slowdown.isFelt() && !isAny(slow, slowdown.namespace(), slowdown.pod())) {
        slow.add(Slow.of(slowdown));
      }
    }
    for (Slow victim : slow) {
      suffer(victim, open, slow.subList(0, told), at);
    }
    for (Finding finding : open) {
      if (finding.getKind().equals(Kind.GPU_CONTENTION) && isOver(finding.getEntity(), slow)) {
        cluster.conditions().ok(CONTENTION, new Entity(finding.getEntity()), at);
      }
    }
  }

  /** True when nothing speaks for the victim's slowness any more. */
  private boolean isOver(Map<String, String> victim, List<Slow> slow) {
    for (Slowdown slowdown : cluster.slowdowns().all()) {
      if (slowdown.isSlower()
          && slowdown.pod().equals(victim.get("pod"))
          && slowdown.namespace().equals(victim.get("namespace"))) {
        return false;
      }
    }
    return !isAny(slow, victim.get("namespace"), victim.get("pod"));
  }

  private static boolean isAny(List<Slow> slow, String namespace, String pod) {
    for (Slow one : slow) {
      if (one.isOf(namespace, pod)) {
        return true;
      }
    }
    return false;
  }

  private void suffer(Slow slow, List<Finding> open, List<Slow> told, long at) {
    Finding known = contention(open, slow);
    if (known != null && known.getCause() != null) {
      return;
    }
    Pod victim = cluster.inventory().pod(slow.namespace(), slow.pod());
    if (victim == null || isHeldDown(victim, open)) {
      return;
    }
    Scene scene = usage.around(victim, slow.since(), told);
    Suspicion suspicion =
        Suspicion.better(
            Suspicion.better(SharedPart.look(scene), HostCores.look(scene)),
            Suspicion.better(HostBus.look(scene), BoardPower.look(scene)));
    suspicion = Suspicion.better(suspicion, HostUnseen.look(scene));
    if (suspicion == null || !slow.told() && !isBelieved(suspicion, scene, at)) {
      return;
    }
    if (suspicion.attribution() == Attribution.MEASURED || !changedItself(scene)) {
      tell(slow, victim, suspicion, at);
    }
  }

  /**
   * True when what is short, and who takes it, make up for a slowness that by itself is none to
   * tell. The bursts of a server pass by themselves, and one that has just come may do there what
   * its predecessor did.
   */
  private static boolean isBelieved(Suspicion suspicion, Scene scene, long at) {
    if (suspicion.taker() == null) {
      return false;
    }
    Tenant taker = scene.tenant(suspicion.taker());
    return taker == null
        || !taker.isServer()
        || taker.work.upSince(at - BURST.toMillis())
            && !(taker.isNew() && at - taker.seenSince < SETTLED.toMillis());
  }

  private static Finding contention(List<Finding> open, Slow slow) {
    for (Finding finding : open) {
      if (finding.getKind().equals(Kind.GPU_CONTENTION)
          && slow.isOf(finding.getEntity().get("namespace"), finding.getEntity().get("pod"))) {
        return finding;
      }
    }
    return null;
  }

  /** A board that is throttled or failing explains the slowdown: nobody else is accused of it. */
  private static boolean isHeldDown(Pod victim, List<Finding> open) {
    for (Finding finding : open) {
      boolean board =
          finding.getKind().equals(Kind.GPU_THROTTLE) || finding.getKind().equals(Kind.GPU_FAULT);
      if (board
          && finding.getSeverity() != Severity.info
          && victim.node.equals(finding.getEntity().get("node"))
          && (victim.gpus.isEmpty() || victim.gpus.contains(finding.getEntity().get("gpu")))) {
        return true;
      }
    }
    return false;
  }

  /** True when the victim's own workload was changed just before it became slow. */
  private boolean changedItself(Scene scene) {
    for (Change change :
        cluster
            .changes()
            .between(
                scene.since() - OWN_CHANGE.toMillis(), scene.since() + SEEN_LATER.toMillis())) {
      if (scene.victim().workload.equals(change.entity.get("workload"))
          && scene.victim().namespace.equals(change.entity.get("namespace"))) {
        return true;
      }
    }
    return false;
  }

  private void tell(Slow slow, Pod victim, Suspicion suspicion, long at) {
    Pod taker = suspicion.taker();
    double score = suspicion.attribution().score;
    String summary =
        taker == null
            ? "%s lacks %s that it shares: %s; whose use it is was not measured"
                .formatted(name(victim), suspicion.resource(), suspicion.reason())
            : "%s lacks %s, taken by %s: %s"
                .formatted(name(victim), suspicion.resource(), name(taker), suspicion.reason());
    cluster
        .conditions()
        .bad(
            CONTENTION,
            victimEntity(victim, slow),
            at,
            Severity.warning,
            Proof.of(
                slow.seconds(),
                slow.expectedSeconds(),
                "s",
                score,
                summary,
                "victim",
                Scene.key(victim),
                "aggressor",
                taker == null ? null : Scene.key(taker),
                "resource",
                suspicion.resource(),
                "attribution",
                suspicion.attribution().said),
            taker == null
                ? null
                : Cause.newBuilder()
                    .setKind(Kind.GPU_CONTENTION)
                    .setEntity(takerEntity(taker).parts())
                    .setScore(score)
                    .setReason(suspicion.reason())
                    .build());
  }

  private static String name(Pod pod) {
    return pod.workload.isEmpty() ? pod.name : pod.workload;
  }

  private Entity victimEntity(Pod victim, Slow slow) {
    return Entity.of(
        "cluster",
        cluster.uid(),
        "namespace",
        victim.namespace,
        "workload",
        victim.workload,
        "model",
        slow.model(),
        "pod",
        victim.name,
        "node",
        victim.node);
  }

  private Entity takerEntity(Pod pod) {
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
