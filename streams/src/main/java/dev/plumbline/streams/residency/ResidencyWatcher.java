package dev.plumbline.streams.residency;

import dev.plumbline.schemas.event.PolicySnapshot;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.streams.findings.Entity;
import dev.plumbline.streams.findings.Kind;
import dev.plumbline.streams.findings.Proof;
import dev.plumbline.streams.findings.Rule;
import dev.plumbline.streams.inventory.Pod;
import dev.plumbline.streams.judge.Cluster;
import dev.plumbline.streams.judge.Watcher;
import java.util.Arrays;
import java.util.Set;

/**
 * Workloads and data outside the jurisdictions they may be in: the label {@code
 * plumbline.dev/jurisdictions} of the object or its namespace (a list, separated by commas or, as a
 * label's value allows, by underscores) against where the cluster says it stands.
 */
public final class ResidencyWatcher implements Watcher {
  private static final String ALLOWED = "plumbline.dev/jurisdictions";

  /** Kinds that run something or keep data. */
  private static final Set<String> PLACED =
      Set.of(
          "Pod",
          "PersistentVolumeClaim",
          "Cluster",
          "VirtualMachineInstance",
          "InferenceService",
          "LLMInferenceService");

  private static final Rule OUTSIDE = Rule.told(Kind.DRIFT_RESIDENCY);

  private final Cluster cluster;

  public ResidencyWatcher(Cluster cluster) {
    this.cluster = cluster;
  }

  @Override
  public void see(PolicySnapshot snapshot) {
    if (!PLACED.contains(snapshot.getKind())) {
      return;
    }
    long at = snapshot.getHeader().getObservedAt().toEpochMilli();
    Entity entity = entity(snapshot);
    if (snapshot.getHeader().getGone()) {
      cluster
          .conditions()
          .gone(
              Entity.of("cluster", cluster.uid(), "object", snapshot.getHeader().getTarget()), at);
      return;
    }
    String allowed = snapshot.getObjectLabels().get(ALLOWED);
    if (allowed == null) {
      allowed = snapshot.getAnnotations().get(ALLOWED);
    }
    if (allowed == null) {
      allowed = cluster.inventory().namespaceLabel(snapshot.getNamespace(), ALLOWED);
    }
    if (allowed.isEmpty()) {
      return;
    }
    String here = cluster.inventory().jurisdiction();
    boolean fine = Arrays.asList(allowed.split("[,_ ]+")).contains(here);
    if (fine) {
      cluster.conditions().ok(OUTSIDE, entity, at);
    } else {
      boolean unknown = here.isEmpty();
      cluster
          .conditions()
          .bad(
              OUTSIDE,
              entity,
              at,
              unknown ? Severity.info : Severity.critical,
              Proof.of(
                  "%s may be in %s only; the cluster %s"
                      .formatted(
                          snapshot.getHeader().getTarget(),
                          allowed,
                          unknown ? "does not say where it stands" : "stands in " + here),
                  "observed",
                  here,
                  "expected",
                  allowed));
    }
  }

  private Entity entity(PolicySnapshot snapshot) {
    Entity entity =
        Entity.of(
            "cluster",
            cluster.uid(),
            "namespace",
            snapshot.getNamespace(),
            "object",
            snapshot.getHeader().getTarget());
    if (!snapshot.getKind().equals("Pod")) {
      return entity.with("workload", snapshot.getName());
    }
    Pod pod = cluster.inventory().pod(snapshot.getNamespace(), snapshot.getName());
    return entity
        .with("pod", snapshot.getName())
        .with("workload", pod == null ? null : pod.workload)
        .with("node", pod == null ? null : pod.node);
  }
}
