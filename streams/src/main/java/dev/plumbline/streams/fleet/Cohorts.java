package dev.plumbline.streams.fleet;

import dev.plumbline.schemas.event.Fact;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.streams.findings.Conditions;
import dev.plumbline.streams.findings.Entity;
import dev.plumbline.streams.findings.Kind;
import dev.plumbline.streams.findings.Proof;
import dev.plumbline.streams.findings.Rule;
import dev.plumbline.streams.inventory.GitOps;
import dev.plumbline.streams.state.Codec;
import dev.plumbline.streams.state.State;
import dev.plumbline.streams.state.Table;
import dev.plumbline.streams.state.Tables;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Objects that are declared in several clusters, compared field by field. A cluster that leaves the
 * value which it shared with the others, and that nobody follows, is told apart from a rollout,
 * which spreads. What Git declares for one cluster alone is the first step of a rollout or meant to
 * differ: said as info. Where GitOps is seen and moved nothing, nobody need wait for a rollout.
 */
final class Cohorts {
  /** A declaration is seen within this time of the change it leads to. */
  private static final Duration SEEN = Duration.ofMinutes(5);

  private static final String IMAGE = "spec.template.spec.containers[0].image";

  static final Rule DIFFERS = Rule.told(Kind.DRIFT_CONFIG).aspect("fleet");

  /** One field of one object, in all clusters. */
  private static final class Value implements State {
    String subject = "";
    String path = "";
    final TreeMap<String, String> byCluster = new TreeMap<>();

    /** Clusters that left the common value, and when. */
    final TreeMap<String, String> left = new TreeMap<>();

    /** Those of them that Git told to. */
    final TreeSet<String> declared = new TreeSet<>();

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      Codec.text(out, subject);
      Codec.text(out, path);
      Codec.map(out, byCluster);
      Codec.map(out, left);
      Codec.texts(out, declared);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      subject = Codec.text(in);
      path = Codec.text(in);
      byCluster.putAll(Codec.map(in));
      left.putAll(Codec.map(in));
      declared.addAll(Codec.texts(in));
    }
  }

  private final Table<Value> values;
  private final Table<Value> leaving;
  private final Members members;
  private final Function<String, Conditions> conditions;

  Cohorts(Tables tables, Members members, Function<String, Conditions> conditions) {
    this.members = members;
    values = tables.table("fleet.values", Value::new);
    leaving = tables.table("fleet.leaving", Value::new);
    this.conditions = conditions;
  }

  /** Takes what a cluster declares for an object now. */
  void declared(Fact fact) {
    String cluster = fact.getCluster();
    long at = fact.getAt().toEpochMilli();
    for (Map.Entry<String, String> field : new TreeMap<>(fact.getFields()).entrySet()) {
      String key = fact.getSubject() + '|' + field.getKey();
      Value value = values.edit(key);
      value.subject = fact.getSubject();
      value.path = field.getKey();
      String before = value.byCluster.put(cluster, field.getValue());
      if (before == null
          || before.equals(field.getValue())
          || members.cohort(cluster).spec().ignores(field.getKey())) {
        continue;
      }
      String common = commonOfOthers(value, cluster);
      if (common == null || common.equals(field.getValue())) {
        value.left.remove(cluster);
        conditions.apply(cluster).ok(DIFFERS, entity(cluster, value), at);
      } else if (common.equals(before)) {
        value.left.put(cluster, Long.toString(at));
        value.declared.remove(cluster);
      }
      settle(cluster, value, field.getValue(), at);
      track(key, value);
    }
    if (fact.getGone()) {
      for (Map.Entry<String, Value> entry : values.all().entrySet()) {
        if (entry.getValue().subject.equals(fact.getSubject())
            && entry.getValue().byCluster.containsKey(cluster)) {
          values.edit(entry.getKey()).byCluster.remove(cluster);
          conditions.apply(cluster).gone(entity(cluster, entry.getValue()), at);
        }
      }
    }
  }

  /** What a cluster declares for a field of an object; null when it was never told. */
  String value(String subject, String path, String cluster) {
    Value value = values.get(subject + '|' + path);
    return value == null ? null : value.byCluster.get(cluster);
  }

  /** The image that a workload runs in a cluster; null when nothing tells. */
  String image(String namespace, String workload, String cluster) {
    for (String kind : new String[] {"Deployment", "StatefulSet"}) {
      String image = value("apps/v1/" + kind + '/' + namespace + '/' + workload, IMAGE, cluster);
      if (image != null) {
        return image;
      }
    }
    return null;
  }

  /** Event time passed: whoever left and was not followed differs. */
  void advance(long now) {
    for (Map.Entry<String, Value> entry : new TreeMap<>(leaving.all()).entrySet()) {
      Value value = values.get(entry.getKey());
      for (Map.Entry<String, String> left : new TreeMap<>(value.left).entrySet()) {
        long since = Long.parseLong(left.getValue());
        String cluster = left.getKey();
        CohortSpec spec = members.cohort(cluster).spec();
        long moved = members.declaredAt(cluster);
        if (moved > 0 && Math.abs(moved - since) <= GitOps.NEAR.toMillis()) {
          values.edit(entry.getKey()).declared.add(cluster);
        }
        boolean declared = value.declared.contains(cluster);
        boolean undeclared = moved >= 0 && !declared;
        Duration patience = undeclared && SEEN.compareTo(spec.bakes()) < 0 ? SEEN : spec.bakes();
        long due = since + patience.toMillis();
        if (now >= due) {
          String common = commonOfOthers(value, cluster);
          if (common != null
              && !common.equals(value.byCluster.get(cluster))
              && !spec.ignores(value.path)) {
            differs(cluster, value, common, due, declared, patience);
          }
          values.edit(entry.getKey()).left.remove(cluster);
        }
      }
      track(entry.getKey(), value);
    }
  }

  /** Cohorts were formed anew: what may differ now, or has no majority against it, is accepted. */
  void reformed(long at) {
    for (Value value : values.all().values()) {
      for (String cluster : value.byCluster.keySet()) {
        String common = commonOfOthers(value, cluster);
        boolean alike = common == null || common.equals(value.byCluster.get(cluster));
        if (alike || members.cohort(cluster).spec().ignores(value.path)) {
          conditions.apply(cluster).accept(DIFFERS, entity(cluster, value), at);
        }
      }
    }
  }

  /** Another cluster took the same value: those that left before it began a rollout. */
  private void settle(String taker, Value value, String taken, long at) {
    TreeMap<String, String> cohort = cohort(value, taker);
    long holders = cohort.values().stream().filter(taken::equals).count();
    if (holders < 2) {
      return;
    }
    for (Map.Entry<String, String> held : cohort.entrySet()) {
      if (held.getValue().equals(taken)) {
        value.left.remove(held.getKey());
        conditions.apply(held.getKey()).accept(DIFFERS, entity(held.getKey(), value), at);
      }
    }
  }

  private void track(String key, Value value) {
    if (value.left.isEmpty()) {
      leaving.remove(key);
    } else {
      leaving.edit(key);
    }
  }

  private void differs(
      String cluster, Value value, String common, long at, boolean declared, Duration patience) {
    conditions
        .apply(cluster)
        .bad(
            DIFFERS,
            entity(cluster, value),
            at,
            declared ? Severity.info : Severity.warning,
            Proof.of(
                value.path
                    + " of "
                    + value.subject
                    + " is "
                    + value.byCluster.get(cluster)
                    + " here and "
                    + common
                    + " in every other cluster of its cohort, and nobody followed within "
                    + patience.toMinutes()
                    + " minutes",
                "declared",
                declared ? "by GitOps, here alone" : null,
                "observed",
                value.byCluster.get(cluster),
                "expected",
                common));
  }

  /** The value that all other clusters share, or null when they don't agree or are too few. */
  private String commonOfOthers(Value value, String cluster) {
    String common = null;
    int others = 0;
    for (Map.Entry<String, String> entry : cohort(value, cluster).entrySet()) {
      if (entry.getKey().equals(cluster)) {
        continue;
      }
      others++;
      if (common != null && !common.equals(entry.getValue())) {
        return null;
      }
      common = entry.getValue();
    }
    return others >= members.cohort(cluster).spec().least() ? common : null;
  }

  /** What the clusters of the cluster's cohort declare, its own included. */
  private TreeMap<String, String> cohort(Value value, String cluster) {
    String name = members.cohort(cluster).name();
    TreeMap<String, String> cohort = new TreeMap<>(value.byCluster);
    cohort.keySet().removeIf(it -> !members.cohort(it).name().equals(name));
    return cohort;
  }

  private static Entity entity(String cluster, Value value) {
    String[] parts = value.subject.split("/");
    boolean namespaced = parts.length >= 4;
    return Entity.of(
        "cluster",
        cluster,
        "namespace",
        namespaced ? parts[parts.length - 2] : null,
        "workload",
        namespaced ? parts[parts.length - 1] : null,
        "object",
        value.subject,
        "field",
        value.path);
  }
}
