package dev.plumbline.streams.policy;

import static java.util.stream.Collectors.joining;

import dev.plumbline.schemas.event.PolicyResult;
import dev.plumbline.schemas.event.PolicySnapshot;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.streams.findings.Entity;
import dev.plumbline.streams.findings.Kind;
import dev.plumbline.streams.findings.Proof;
import dev.plumbline.streams.findings.Rule;
import dev.plumbline.streams.inventory.Pod;
import dev.plumbline.streams.judge.Cluster;
import dev.plumbline.streams.judge.Watcher;
import dev.plumbline.streams.state.Codec;
import dev.plumbline.streams.state.Moment;
import dev.plumbline.streams.state.State;
import dev.plumbline.streams.state.Table;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Policies that are violated now and were not before. A constraint that many resources violate is
 * one story. What was violated when a report was first seen is an old story; an error or a skip is
 * no pass.
 */
public final class ViolationWatcher implements Watcher {
  private static final Rule VIOLATED = Rule.told(Kind.DRIFT_POLICY);

  /** Reports that are seen within this time of the first look were there before it. */
  private static final Duration FIRST_LOOK = Duration.ofMinutes(10);

  private static final String SELF = "self";

  /** Policies a resource violates, by report. */
  private static final class Report implements State {
    TreeSet<String> failing = new TreeSet<>();

    /** Those of them that are part of the open finding. */
    TreeSet<String> told = new TreeSet<>();

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      Codec.texts(out, failing);
      Codec.texts(out, told);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      failing = Codec.texts(in);
      told = Codec.texts(in);
    }
  }

  private final Cluster cluster;

  /** When the cluster was first looked at. */
  private final Table<Moment> began;

  private final Table<Report> reports;
  private final Table<Report> workloads;

  public ViolationWatcher(Cluster cluster) {
    this.cluster = cluster;
    began = cluster.tables().table("policy.began", Moment::new);
    reports = cluster.tables().table("policy.reports", Report::new);
    workloads = cluster.tables().table("policy.workloads", Report::new);
  }

  @Override
  public void see(PolicySnapshot snapshot) {
    if (began.get(SELF) == null) {
      began.edit(SELF).at = snapshot.getHeader().getObservedAt().toEpochMilli();
    }
    boolean report =
        snapshot.getKind().endsWith("Report")
            || snapshot.getApiVersion().startsWith("constraints.gatekeeper.sh/");
    if (!report || snapshot.getHeader().getGone()) {
      return;
    }
    long at = snapshot.getHeader().getObservedAt().toEpochMilli();
    String key = snapshot.getHeader().getTarget();
    boolean first = reports.get(key) == null;
    Report known = reports.edit(key);
    TreeMap<String, PolicyResult> failing = new TreeMap<>();
    TreeSet<String> judged = new TreeSet<>();
    for (PolicyResult result : snapshot.getResults()) {
      String id = id(result);
      switch (result.getVerdict()) {
        case "fail" -> failing.put(id, result);
        case "pass" -> judged.add(id);
        default -> {}
      }
    }
    boolean constraint = snapshot.getApiVersion().startsWith("constraints.gatekeeper.sh/");
    List<PolicyResult> fresh = new ArrayList<>();
    for (PolicyResult result : failing.values()) {
      if (known.failing.add(id(result)) && isNews(result, first, at)) {
        fresh.add(result);
      }
    }
    if (constraint && !fresh.isEmpty()) {
      known.told.addAll(fresh.stream().map(ViolationWatcher::id).toList());
      fail(self(key), VIOLATED, fresh, at);
    } else {
      for (PolicyResult result : fresh) {
        fail(entity(result.getResource()), VIOLATED.aspect(aspect(result)), List.of(result), at);
      }
    }
    TreeSet<String> healed = new TreeSet<>(known.failing);
    healed.removeAll(failing.keySet());
    for (String id : healed) {
      if (judged.contains(id) || constraint) {
        known.failing.remove(id);
        String[] parts = id.split("\n", -1);
        if (!constraint) {
          cluster.conditions().ok(VIOLATED.aspect(parts[0]), entity(parts[1]), at);
        } else if (known.told.remove(id) && known.told.isEmpty()) {
          cluster.conditions().ok(VIOLATED, self(key), at);
        }
      }
    }
  }

  /** Not there at the first look, and not what a pod's predecessor did already. */
  private boolean isNews(PolicyResult result, boolean first, long at) {
    Entity entity = entity(result.getResource());
    String owner = entity.get("workload") == null ? entity.key() : entity.get("workload");
    Report workload = workloads.edit(entity.get("namespace") + '/' + owner);
    boolean old = !workload.failing.add(result.getPolicy() + '/' + result.getRule());
    return !old && !(first && at - began.get(SELF).at < FIRST_LOOK.toMillis());
  }

  private void fail(Entity entity, Rule rule, List<PolicyResult> fresh, long at) {
    PolicyResult one = fresh.get(0);
    String more = fresh.size() == 1 ? "" : " and " + (fresh.size() - 1) + " more";
    boolean tried = fresh.stream().allMatch(it -> it.getSeverity().equals("dryrun"));
    cluster
        .conditions()
        .bad(
            rule,
            entity,
            at,
            tried ? Severity.info : Severity.warning,
            Proof.of(
                "policy "
                    + one.getPolicy()
                    + " is violated by "
                    + one.getResource()
                    + more
                    + ": "
                    + one.getMessage(),
                "policy",
                one.getPolicy(),
                "rule",
                one.getRule(),
                "severity",
                one.getSeverity(),
                "resources",
                fresh.stream().limit(20).map(PolicyResult::getResource).collect(joining(", "))));
  }

  private Entity self(String target) {
    return Entity.of("cluster", cluster.uid(), "object", target);
  }

  private static String aspect(PolicyResult result) {
    return result.getPolicy() + '/' + result.getRule();
  }

  private static String id(PolicyResult result) {
    return aspect(result) + '\n' + result.getResource();
  }

  /** Entity of a resource written apiVersion/Kind[/namespace]/name. */
  private Entity entity(String resource) {
    String[] parts = resource.split("/");
    int kind = 0;
    while (kind < parts.length
        && !Character.isUpperCase(parts[kind].isEmpty() ? ' ' : parts[kind].charAt(0))) {
      kind++;
    }
    boolean namespaced = parts.length - kind >= 3;
    String namespace = namespaced ? parts[kind + 1] : null;
    String name = parts.length > 0 ? parts[parts.length - 1] : "";
    String workload = namespaced ? name : null;
    if (namespaced && parts[kind].equals("Pod")) {
      Pod pod = cluster.inventory().pod(namespace, name);
      workload = pod == null ? null : pod.workload;
    }
    return Entity.of(
        "cluster", cluster.uid(), "namespace", namespace, "workload", workload, "object", resource);
  }
}
