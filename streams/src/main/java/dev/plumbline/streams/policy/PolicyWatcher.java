package dev.plumbline.streams.policy;

import dev.plumbline.schemas.event.Field;
import dev.plumbline.schemas.event.PolicySnapshot;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.streams.findings.Entity;
import dev.plumbline.streams.findings.Kind;
import dev.plumbline.streams.findings.Proof;
import dev.plumbline.streams.findings.Rule;
import dev.plumbline.streams.judge.Cluster;
import dev.plumbline.streams.judge.Watcher;
import dev.plumbline.streams.state.Codec;
import dev.plumbline.streams.state.State;
import dev.plumbline.streams.state.Table;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Map;
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
      if (known.get(key) != null && !namespaceIsGone(snapshot)) {
        known.remove(key);
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
    TreeSet<String> paths = new TreeSet<>(rail.fields.keySet());
    paths.addAll(fields.keySet());
    for (String path : paths) {
      String before = rail.fields.get(path);
      String now = fields.get(path);
      if (java.util.Objects.equals(before, now)) {
        continue;
      }
      Entity field = entity.with("field", path);
      String summary = path + " went from " + before + " to " + now;
      cluster.changes().add(at, Kind.DRIFT_POLICY, field, summary);
      if (rail.weakened.containsKey(path)) {
        String was = rail.weakened.get(path);
        if (!GuardRails.isWeaker(snapshot.getKind(), path, was.isEmpty() ? null : was, now)) {
          rail.weakened.remove(path);
          cluster.conditions().ok(WEAKER, field, at);
        }
      } else if (GuardRails.isWeaker(snapshot.getKind(), path, before, now)) {
        rail.weakened.put(path, before == null ? "" : before);
        cluster
            .conditions()
            .bad(
                WEAKER,
                field,
                at,
                Severity.warning,
                Proof.of(
                    "the guard rail was weakened: " + summary,
                    "observed",
                    now,
                    "expected",
                    before));
      }
    }
  }

  /** A namespace that is taken down takes its guard rails with it. */
  private boolean namespaceIsGone(PolicySnapshot snapshot) {
    Map<String, ?> namespaces = cluster.inventory().namespaces();
    return !snapshot.getNamespace().isEmpty()
        && !namespaces.isEmpty()
        && !namespaces.containsKey(snapshot.getNamespace());
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
