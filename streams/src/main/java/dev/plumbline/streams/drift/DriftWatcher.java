package dev.plumbline.streams.drift;

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
import dev.plumbline.streams.policy.GuardRails;
import dev.plumbline.streams.state.Codec;
import dev.plumbline.streams.state.State;
import dev.plumbline.streams.state.Table;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Objects whose declared state was changed past the one who owns it: a field edited by hand on an
 * object that GitOps or a controller manages. Every change, rightful or not, is remembered as a
 * candidate cause.
 */
public final class DriftWatcher implements Watcher {
  /** Kinds that change by their nature, or that another watcher judges. */
  private static final Set<String> LEFT_OUT =
      Set.of(
          "Pod",
          "Node",
          "Namespace",
          "Job",
          "CronJob",
          "ReplicaSet",
          "PolicyReport",
          "ClusterPolicyReport",
          "Report",
          "ClusterReport",
          "Application",
          "HorizontalPodAutoscaler",
          "Event");

  /** Fields that autoscalers and controllers own. */
  private static final List<String> OWNED =
      List.of(
          "spec.replicas",
          "spec.paused",
          "kubectl.kubernetes.io/restartedAt",
          "deployment.kubernetes.io/revision",
          "spec.nodeName");

  /** Labels by which a platform says that an object is not as it should be. */
  private static final String OUTDATED_LAUNCHER = "kubevirt.io/outdatedLauncherImage";

  /** More fields at once are one change of the object. */
  private static final int MOST_FIELDS = 20;

  private static final Rule DRIFT = Rule.told(Kind.DRIFT_CONFIG);

  /** An object as it was last seen. */
  private static final class Declared implements State {
    String digest = "";
    TreeMap<String, String> fields = new TreeMap<>();
    TreeSet<String> managers = new TreeSet<>();

    /** Fields that are open findings, with the value they had before. */
    TreeMap<String, String> drifted = new TreeMap<>();

    boolean outdated;

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      Codec.text(out, digest);
      Codec.map(out, fields);
      Codec.texts(out, managers);
      Codec.map(out, drifted);
      out.writeBoolean(outdated);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      digest = Codec.text(in);
      fields = Codec.map(in);
      managers = Codec.texts(in);
      drifted = Codec.map(in);
      outdated = in.readBoolean();
    }
  }

  private final Cluster cluster;
  private final Table<Declared> objects;

  public DriftWatcher(Cluster cluster) {
    this.cluster = cluster;
    objects = cluster.tables().table("drift.objects", Declared::new);
  }

  @Override
  public void see(PolicySnapshot snapshot) {
    if (LEFT_OUT.contains(snapshot.getKind())) {
      return;
    }
    String key = snapshot.getHeader().getTarget();
    long at = snapshot.getHeader().getObservedAt().toEpochMilli();
    if (snapshot.getHeader().getGone()) {
      objects.remove(key);
      cluster.conditions().gone(entity(snapshot), at);
      return;
    }
    Declared known = objects.get(key);
    boolean first = known == null;
    Declared object = objects.edit(key);
    launcher(snapshot, object, first, at);
    TreeMap<String, String> fields = new TreeMap<>();
    for (Field field : snapshot.getDeclared()) {
      fields.put(field.getPath(), field.getValue());
    }
    if (!first && !object.digest.equals(snapshot.getDigest())) {
      changed(snapshot, object, fields, at);
    }
    object.digest = snapshot.getDigest();
    object.fields = fields;
    object.managers.addAll(snapshot.getManagers());
  }

  private void changed(
      PolicySnapshot snapshot, Declared object, TreeMap<String, String> fields, long at) {
    List<String> managers = snapshot.getManagers();
    String writer = managers.isEmpty() ? "" : managers.get(managers.size() - 1);
    boolean rightful = writer.isEmpty() || Managers.isDeclarer(writer);
    // a guard rail that became weaker is a story of its own
    Set<String> weakened =
        GuardRails.is(snapshot)
            ? GuardRails.weakened(snapshot.getKind(), object.fields, fields)
            : Set.of();
    List<String> paths = new ArrayList<>();
    TreeSet<String> all = new TreeSet<>(object.fields.keySet());
    all.addAll(fields.keySet());
    for (String path : all) {
      String before = object.fields.get(path);
      String now = fields.get(path);
      if (!isSame(before, now) && !isOwned(path) && !weakened.contains(path)) {
        paths.add(path);
      }
    }
    boolean whole = paths.size() > MOST_FIELDS;
    for (String path : whole ? paths.subList(0, 1) : paths) {
      Entity entity = entity(snapshot);
      entity = whole ? entity : entity.with("field", path);
      one(entity, path, object, fields.get(path), writer, rightful, at);
    }
  }

  private void one(
      Entity entity,
      String path,
      Declared object,
      String now,
      String writer,
      boolean rightful,
      long at) {
    String before = object.fields.get(path);
    String summary =
        path
            + " went from "
            + said(before)
            + " to "
            + said(now)
            + (writer.isEmpty() ? "" : ", by " + writer);
    cluster.changes().add(at, Kind.DRIFT_CONFIG, entity, summary);
    String was = object.drifted.get(path);
    if (was != null) {
      if (was.equals(said(now))) {
        object.drifted.remove(path);
        cluster.conditions().ok(DRIFT, entity, at);
      } else if (rightful) {
        object.drifted.remove(path);
        cluster.conditions().accept(DRIFT, entity, at);
      }
      return;
    }
    if (!rightful) {
      object.drifted.put(path, said(before));
      cluster
          .conditions()
          .bad(
              DRIFT,
              entity,
              at,
              Severity.warning,
              Proof.of(
                  summary + "; it is managed by " + String.join(", ", object.managers),
                  "observed",
                  said(now),
                  "expected",
                  said(before),
                  "manager",
                  writer));
    }
  }

  /** A virtual machine that still runs on the launcher of an older platform release. */
  private void launcher(PolicySnapshot snapshot, Declared object, boolean first, long at) {
    if (!snapshot.getKind().equals("VirtualMachineInstance")) {
      return;
    }
    boolean outdated = snapshot.getObjectLabels().containsKey(OUTDATED_LAUNCHER);
    Entity entity = entity(snapshot).with("field", "metadata.labels[" + OUTDATED_LAUNCHER + "]");
    if (outdated && !object.outdated) {
      String image = "";
      for (Field field : snapshot.getReported()) {
        if (field.getPath().equals("status.launcherContainerImageVersion")) {
          image = field.getValue();
        }
      }
      cluster
          .conditions()
          .bad(
              DRIFT,
              entity,
              at,
              first ? Severity.info : Severity.warning,
              Proof.of(
                  "the virtual machine runs on an outdated launcher image until it is restarted or"
                      + " migrated",
                  "observed",
                  image));
    } else if (!outdated) {
      cluster.conditions().ok(DRIFT, entity, at);
    }
    object.outdated = outdated;
  }

  private Entity entity(PolicySnapshot snapshot) {
    return Entity.of(
        "cluster",
        cluster.uid(),
        "namespace",
        snapshot.getNamespace(),
        "workload",
        snapshot.getNamespace().isEmpty() ? null : snapshot.getName(),
        "object",
        snapshot.getHeader().getTarget());
  }

  /** The API server fills in empty parts by itself. */
  private static boolean isSame(String before, String now) {
    return java.util.Objects.equals(before, now)
        || (before == null || isEmpty(before)) && (now == null || isEmpty(now));
  }

  private static boolean isEmpty(String value) {
    return value.equals("{}") || value.equals("[]");
  }

  private static boolean isOwned(String path) {
    for (String owned : OWNED) {
      if (path.equals(owned) || path.endsWith(owned)) {
        return true;
      }
    }
    return false;
  }

  private static String said(String value) {
    return value == null ? "absent" : value;
  }
}
