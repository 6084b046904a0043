package dev.plumbline.streams.inventory;

import dev.plumbline.schemas.event.Field;
import dev.plumbline.schemas.event.PolicySnapshot;
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

/**
 * What GitOps declares for a cluster, as far as the cluster's own Argo CD Applications and Flux
 * Kustomizations say: that something moved in Git, and when. A change that GitOps makes comes with
 * a new revision, or with an object that was out of sync before and is in sync after it.
 */
public final class GitOps {
  /** How far a declaration and the change it leads to lie apart. */
  public static final Duration NEAR = Duration.ofMinutes(10);

  /** One Application or Kustomization. */
  private static final class App implements State {
    String revision = "";
    long movedAt;
    TreeSet<String> outOfSync = new TreeSet<>();

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      Codec.text(out, revision);
      out.writeLong(movedAt);
      Codec.texts(out, outOfSync);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      revision = Codec.text(in);
      movedAt = in.readLong();
      outOfSync = Codec.texts(in);
    }
  }

  private final Table<App> apps;

  GitOps(Tables tables) {
    apps = tables.table("inventory.gitops", App::new);
  }

  /** True when something in the cluster says what Git declares for it. */
  public boolean isKnown() {
    return apps.size() > 0;
  }

  /** When a declaration moved last, event time in milliseconds; 0 when none has. */
  public long movedAt() {
    long last = 0;
    for (App app : apps.all().values()) {
      last = Math.max(last, app.movedAt);
    }
    return last;
  }

  /** True when a declaration moved at about a time. */
  public boolean movedNear(long at) {
    for (App app : apps.all().values()) {
      if (app.movedAt > 0 && Math.abs(app.movedAt - at) <= NEAR.toMillis()) {
        return true;
      }
    }
    return false;
  }

  void observe(PolicySnapshot snapshot) {
    boolean app =
        snapshot.getApiVersion().startsWith("argoproj.io/")
                && snapshot.getKind().equals("Application")
            || snapshot.getApiVersion().startsWith("kustomize.toolkit.fluxcd.io/");
    if (!app) {
      return;
    }
    String key = snapshot.getHeader().getTarget();
    if (snapshot.getHeader().getGone()) {
      apps.remove(key);
      return;
    }
    Map<String, String> said = new TreeMap<>();
    for (Field field : snapshot.getReported()) {
      said.put(field.getPath(), field.getValue());
    }
    boolean first = apps.get(key) == null;
    App known = apps.edit(key);
    String revision =
        said.getOrDefault(
            "status.sync.revision", said.getOrDefault("status.lastAppliedRevision", ""));
    TreeSet<String> outOfSync = outOfSync(said);
    TreeSet<String> synced = new TreeSet<>(known.outOfSync);
    synced.removeAll(outOfSync);
    if (!first && (!revision.equals(known.revision) || !synced.isEmpty())) {
      known.movedAt = snapshot.getHeader().getObservedAt().toEpochMilli();
    }
    known.revision = revision;
    known.outOfSync = outOfSync;
  }

  private static TreeSet<String> outOfSync(Map<String, String> said) {
    TreeSet<String> objects = new TreeSet<>();
    said.forEach(
        (path, value) -> {
          if (path.startsWith("status.resources[")
              && path.endsWith("].status")
              && value.equals("OutOfSync")) {
            String prefix = path.substring(0, path.length() - "status".length());
            objects.add(
                said.get(prefix + "kind")
                    + '/'
                    + said.getOrDefault(prefix + "namespace", "")
                    + '/'
                    + said.get(prefix + "name"));
          }
        });
    return objects;
  }
}
