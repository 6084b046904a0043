package dev.plumbline.streams.cause;

import dev.plumbline.schemas.event.Cause;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.streams.findings.Kind;
import dev.plumbline.streams.inventory.Pod;
import dev.plumbline.streams.judge.Changes.Change;
import dev.plumbline.streams.judge.Cluster;
import dev.plumbline.streams.judge.Peers.Peer;
import dev.plumbline.streams.judge.Watcher;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Gives each symptom the fault or change that explains it best: near (the same pod, board, node or
 * workload), just before, the stronger kind of evidence first, and then by the contrast within the
 * cohort: who has the candidate suffers, and who lacks it does not. No cause rather than a wrong
 * one.
 */
public final class CauseWatcher implements Watcher {
  /** How long before a symptom a change may lie that caused it. */
  private static final Duration HORIZON = Duration.ofMinutes(45);

  /**
   * Sources are scraped at different times: a cause may be seen a little later than its symptom.
   */
  private static final Duration AFTER = Duration.ofMinutes(10);

  /**
   * Siblings that suffer as well are found within this time: the median delay of a swing is five
   * minutes. Before it a sibling that seems well says nothing.
   */
  private static final Duration SETTLED = Duration.ofMinutes(10);

  /**
   * A sibling is well when it was judged so long into the symptom: who fell silent is no witness.
   */
  private static final Duration WITNESSED = Duration.ofMinutes(5);

  /** A pod's process starts so long before the change of its template is seen, at most. */
  private static final Duration SEEN = Duration.ofMinutes(3);

  private final Cluster cluster;

  public CauseWatcher(Cluster cluster) {
    this.cluster = cluster;
  }

  @Override
  public void tick(long at) {
    List<Finding> open = cluster.conditions().open();
    for (Finding symptom : open) {
      if (Candidates.SYMPTOMS.contains(symptom.getKind())) {
        Candidates candidates = candidates(symptom, open, at);
        candidates.change(symptom.getCause()).ifPresent(it -> explain(symptom, at, it));
      }
    }
  }

  private void explain(Finding symptom, long at, Candidates.Choice choice) {
    cluster.conditions().explain(symptom, at, choice.cause(), choice.others());
  }

  private Candidates candidates(Finding symptom, List<Finding> open, long at) {
    Cohort cohort = cohort(symptom, at);
    List<Cause> causes = new ArrayList<>();
    for (Finding fault : open) {
      Cause cause = faultBehind(symptom, fault);
      if (cause != null) {
        causes.add(cohort.contrasted(cause, peer -> isHitBy(fault.getKind(), peer, open)));
      }
    }
    long since = symptom.getSince().toEpochMilli();
    for (Change change :
        cluster.changes().between(since - HORIZON.toMillis(), since + AFTER.toMillis())) {
      Cause cause = changeBehind(symptom, change, since);
      if (cause != null) {
        causes.add(cohort.contrasted(cause, peer -> has(change, peer)));
      }
    }
    return new Candidates(causes);
  }

  /** Who is like the replica that suffers, as far as it can be said yet. */
  private Cohort cohort(Finding symptom, long at) {
    long since = symptom.getSince().toEpochMilli();
    Peer self = peer(symptom);
    if (self == null || at - since < SETTLED.toMillis()) {
      return Cohort.NONE;
    }
    Cohort cohort = new Cohort(self);
    List<Finding> recent = cluster.conditions().recent();
    for (Peer peer : cluster.peers().alike(self)) {
      Finding suffering = finding(symptom.getKind(), peer, recent);
      if (suffering == null) {
        if (peer.judgedAt() - since >= WITNESSED.toMillis()) {
          cohort.add(peer, false);
        }
      } else if (Math.abs(suffering.getSince().toEpochMilli() - since) <= HORIZON.toMillis()) {
        cohort.add(peer, true);
      }
      // who suffered at another time has another story, and is neither well nor a witness
    }
    return cohort;
  }

  private Peer peer(Finding finding) {
    String pod = finding.getEntity().get("pod");
    return pod == null ? null : cluster.peers().of(finding.getEntity().get("namespace"), pod);
  }

  /** What a replica suffers from or has just got over: it is a witness either way. */
  private static Finding finding(String kind, Peer peer, List<Finding> recent) {
    for (Finding finding : recent) {
      if (finding.getKind().equals(kind) && isOf(finding.getEntity(), peer)) {
        return finding;
      }
    }
    return null;
  }

  /** It is of the replica, or of all replicas of its workload or model. */
  private static boolean isOf(Map<String, String> entity, Peer peer) {
    String pod = entity.get("pod");
    if (pod != null) {
      return pod.equals(peer.pod) && peer.namespace.equals(entity.get("namespace"));
    }
    String workload = entity.get("workload");
    boolean its =
        workload == null
            || workload.equals(peer.workload) && peer.namespace.equals(entity.get("namespace"));
    return its && peer.model.equals(entity.get("model"));
  }

  /** A fault that is open on what the symptom runs on. */
  private Cause faultBehind(Finding symptom, Finding fault) {
    boolean inTime =
        fault.getSince().toEpochMilli() <= symptom.getAt().toEpochMilli() + AFTER.toMillis();
    if (!inTime || fault.getId().equals(symptom.getId())) {
      return null;
    }
    String pod = symptom.getEntity().get("pod");
    double score =
        !isFelt(fault, symptom)
            ? 0
            : pod == null
                ? hitAll(fault, symptom.getEntity())
                : hit(fault, symptom.getEntity().get("namespace"), pod);
    return score == 0
        ? null
        : Cause.newBuilder()
            .setKind(fault.getKind())
            .setEntity(fault.getEntity())
            .setScore(score)
            .setFinding(fault.getId())
            .setReason(fault.getEvidence().getSummary())
            .build();
  }

  /**
   * A full cache slows answers; so does a surge, which also fills caches, until it is the usual.
   */
  private static boolean isFelt(Finding fault, Finding symptom) {
    return switch (fault.getKind()) {
      case Kind.GPU_EXHAUSTION -> symptom.getKind().equals(Kind.LATENCY_SWING);
      case Kind.LOAD_SURGE -> !symptom.getKind().equals(Kind.DRIFT_RESOURCE);
      default -> true;
    };
  }

  /** How surely a fault is felt by a pod; 0 for not at all. */
  private double hit(Finding fault, String namespace, String pod) {
    return switch (fault.getKind()) {
      case Kind.GPU_CONTENTION -> isOf(fault, namespace, pod) ? 0.9 : 0;
      case Kind.GPU_THROTTLE, Kind.GPU_FAULT -> onBoardOf(fault, namespace, pod);
      case Kind.GPU_EXHAUSTION -> isOf(fault, namespace, pod) ? 0.85 : 0;
      case Kind.LOAD_SURGE -> isOf(fault, namespace, pod) ? 0.6 : 0;
      default -> 0;
    };
  }

  /**
   * How surely a fault is felt by a whole workload or model: when the cache of one replica is full,
   * so are, or soon will be, those of the others behind the same balancer.
   */
  private static double hitAll(Finding fault, Map<String, String> entity) {
    String workload = entity.get("workload");
    boolean its =
        fault.getKind().equals(Kind.GPU_EXHAUSTION)
            && entity.get("model").equals(fault.getEntity().get("model"))
            && (workload == null
                || workload.equals(fault.getEntity().get("workload"))
                    && entity.get("namespace").equals(fault.getEntity().get("namespace")));
    return its ? 0.8 : 0;
  }

  /** True when a fault of the kind is open on what a replica runs on. */
  private boolean isHitBy(String kind, Peer peer, List<Finding> open) {
    for (Finding fault : open) {
      if (fault.getKind().equals(kind) && hit(fault, peer.namespace, peer.pod) > 0) {
        return true;
      }
    }
    return false;
  }

  /** A change of the symptom's workload or node, the nearer in time the likelier. */
  private Cause changeBehind(Finding symptom, Change change, long since) {
    String node = symptom.getEntity().get("node");
    boolean ofWorkload =
        isOf(change, symptom.getEntity().get("namespace"), symptom.getEntity().get("workload"));
    boolean ofNode = isOfNode(change, node);
    if (!ofWorkload && !ofNode) {
      return null;
    }
    double distance = Math.abs(since - change.at) / (double) HORIZON.toMillis();
    return Cause.newBuilder()
        .setKind(change.kind)
        .setEntity(change.entity.parts())
        .setScore((ofWorkload ? 0.88 : 0.8) - 0.3 * Math.min(1, distance))
        .setReason(change.summary)
        .build();
  }

  /**
   * True when a replica runs with a change. A change of the template of pods makes new ones: who
   * has been running since before it lacks it.
   */
  private static boolean has(Change change, Peer peer) {
    if (isOfNode(change, peer.node)) {
      return true;
    }
    if (!isOf(change, peer.namespace, peer.workload)) {
      return false;
    }
    String field = change.entity.get("field");
    boolean template = field != null && field.startsWith("spec.template.");
    return !template || !(peer.startSeconds < (change.at - SEEN.toMillis()) / 1000.0);
  }

  private static boolean isOf(Change change, String namespace, String workload) {
    return workload != null
        && workload.equals(change.entity.get("workload"))
        && namespace != null
        && namespace.equals(change.entity.get("namespace"));
  }

  private static boolean isOfNode(Change change, String node) {
    return node != null
        && node.equals(change.entity.get("node"))
        && change.entity.get("workload") == null;
  }

  private static boolean isOf(Finding finding, String namespace, String pod) {
    Map<String, String> entity = finding.getEntity();
    return pod.equals(entity.get("pod")) && entity.get("namespace").equals(namespace);
  }

  private double onBoardOf(Finding fault, String namespace, String name) {
    Pod pod = cluster.inventory().pod(namespace, name);
    if (pod == null) {
      return 0;
    }
    String gpu = fault.getEntity().get("gpu");
    if (gpu != null && pod.gpus.contains(gpu)) {
      return 0.92;
    }
    boolean node = pod.node.equals(fault.getEntity().get("node"));
    // another board of the node says little, unless the exporter doesn't tell whose board it is
    return node && pod.gpus.isEmpty() ? 0.6 : 0;
  }
}
