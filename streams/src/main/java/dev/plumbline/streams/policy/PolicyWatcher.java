package dev.plumbline.streams.policy;

import dev.plumbline.schemas.event.Field;
import dev.plumbline.schemas.event.PolicySnapshot;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.streams.findings.Entity;
import dev.plumbline.streams.findings.Kind;
import dev.plumbline.streams.findings.Proof;
import dev.plumbline.streams.findings.Rule;
import dev.plumbline.streams.inventory.Managers;
import dev.plumbline.streams.judge.Cluster;
import dev.plumbline.streams.judge.Watcher;
import dev.plumbline.streams.state.Codec;
import dev.plumbline.streams.state.State;
import dev.plumbline.streams.state.Table;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Guard rails that vanished or were weakened. */
public final class PolicyWatcher implements Watcher {
  private static final Rule GONE = Rule.told(Kind.DRIFT_POLICY).aspect("gone");
  private static final Rule WEAKER = Rule.told(Kind.DRIFT_POLICY).aspect("weaker");

  /** A guard rail as it was last seen. */
  private static final class Known implements State {
    TreeMap<String, String> fields = new TreeMap<>();

    /** Weakened fields, with the value they had before. */
    TreeMap<String, String> weakened = new TreeMap<>();

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      Codec.map(out, fields);
      Codec.map(out, weakened);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      fields = Codec.map(in);
      weakened = Codec.map(in);
    }
  }

  private final Cluster cluster;
  private final Table<Known> known;

  public PolicyWatcher(Cluster cluster) {
    this.cluster = cluster;
    known = cluster.tables().table("policy.guardrails", Known::new);
  }

  @Override
  public void see(PolicySnapshot snapshot) {
    if (!GuardRails.is(snapshot)) {
      return;
    }
    long at = snapshot.getHeader().getObservedAt().toEpochMilli();
    String key = snapshot.getHeader().getTarget();
    Entity entity = entity(snapshot);
    if (snapshot.getHeader().getGone()) {
      boolean missed = known.get(key) != null && !namespaceIsGone(snapshot);
      known.remove(key);
      if (missed) {
        cluster.changes().add(at, Kind.DRIFT_POLICY, entity, key + " was deleted");
        cluster
            .conditions()
            .bad(
                GONE,
                entity,
                at,
                Severity.critical,
                Proof.of("the guard rail " + key + " was deleted"));
      }
      return;
    }
    cluster.conditions().ok(GONE, entity, at);
    boolean first = known.get(key) == null;
    Known rail = known.edit(key);
    TreeMap<String, String> fields = new TreeMap<>();
    for (Field field : snapshot.getDeclared()) {
      fields.put(field.getPath(), field.getValue());
    }
    if (!first) {
      compare(snapshot, rail, fields, entity, at);
    }
    rail.fields = fields;
  }

  private void compare(
      PolicySnapshot snapshot, Known rail, TreeMap<String, String> fields, Entity entity, long at) {
    if (rail.fields.equals(fields)) {
      return;
    }
    for (String path : GuardRails.changed(rail.fields, fields)) {
      cluster
          .changes()
          .add(at, Kind.DRIFT_POLICY, entity.with("field", path), said(path, rail.fields, fields));
    }
    // what was weakened is compared with what it was before, however many edits ago
    TreeMap<String, String> before = new TreeMap<>(rail.fields);
    rail.weakened.forEach(
        (path, was) -> {
          if (was.isEmpty()) {
            before.remove(path);
          } else {
            before.put(path, was);
          }
        });
    Set<String> weaker = GuardRails.weakened(snapshot.getKind(), before, fields);
    for (String path : new TreeSet<>(rail.weakened.keySet())) {
      if (!weaker.contains(path)) {
        rail.weakened.remove(path);
        cluster.conditions().ok(WEAKER, entity.with("field", path), at);
      }
    }
    boolean declared = isDeclared(snapshot, at);
    for (String path : weaker) {
      if (rail.weakened.containsKey(path)) {
        continue;
      }
      rail.weakened.put(path, before.getOrDefault(path, ""));
      cluster
          .conditions()
          .bad(
              WEAKER,
              entity.with("field", path),
              at,
              declared ? Severity.info : Severity.warning,
              Proof.of(
                  "the guard rail was weakened: " + said(path, before, fields),
                  "observed",
                  fields.get(path),
                  "expected",
                  before.get(path),
                  "declared",
                  declared ? "by GitOps" : null));
    }
  }

  /** True when GitOps wrote it and something had moved in Git. */
  private boolean isDeclared(PolicySnapshot snapshot, long at) {
    List<String> managers = snapshot.getManagers();
    return !managers.isEmpty()
        && Managers.isGitOps(managers.get(managers.size() - 1))
        && cluster.inventory().gitOps().movedNear(at);
  }

  private static String said(String path, Map<String, String> before, Map<String, String> now) {
    return path
        + " went from "
        + before.getOrDefault(path, "absent")
        + " to "
        + now.getOrDefault(path, "absent");
  }

  /** A namespace that is taken down takes its guard rails with it. */
  private boolean namespaceIsGone(PolicySnapshot snapshot) {
    return !snapshot.getNamespace().isEmpty()
        && !cluster.inventory().isNamespaceKept(snapshot.getNamespace());
  }

  private Entity entity(PolicySnapshot snapshot) {
    return Entity.of(
        "cluster",
        cluster.uid(),
        "namespace",
        snapshot.getNamespace(),
        "object",
        snapshot.getHeader().getTarget());
  }
}
