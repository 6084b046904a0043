package dev.plumbline.streams.fleet;

import dev.plumbline.schemas.event.Fact;
import dev.plumbline.schemas.event.Field;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.event.PolicySnapshot;
import dev.plumbline.streams.cause.Candidates;
import dev.plumbline.streams.inventory.Inventory;
import dev.plumbline.streams.inventory.Labels;
import dev.plumbline.streams.judge.ClusterJudge;
import dev.plumbline.streams.judge.Peers;
import dev.plumbline.streams.judge.Watcher;
import dev.plumbline.streams.state.State;
import dev.plumbline.streams.state.Table;
import dev.plumbline.streams.state.Tables;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;

/**
 * What one cluster tells the fleet: that it was heard, what its objects declare that should be the
 * same in every cluster, which replicas are judged, and what they suffer from.
 */
public final class Facts {
  /** Kinds whose declared state is compared between clusters. */
  private static final Set<String> COMPARED =
      Set.of("Deployment", "StatefulSet", "DaemonSet", "Cluster", "InferenceService");

  /** Fields of a workload that a fleet expects to be alike: what runs and with which settings. */
  private static final List<String> ALIKE =
      List.of(".image", ".args", ".command", ".env", "spec.imageName", "spec.postgresql");

  private static final String LABELS = "labels.";

  /** When GitOps last moved something in the cluster; absent when nothing tells. */
  static final String DECLARED_AT = "declaredAtMillis";

  /** How many replicas of a workload are judged now. */
  static final String JUDGED = "judged";

  /** Present while a node is cordoned or its driver is being changed. */
  static final String SERVICED = "serviced";

  private static final Map<String, String> NODE_LABELS =
      Map.of(
          "product", "nvidia.com/gpu.product",
          "driver", "nvidia.com/cuda.driver-version.full",
          "runtime", "nvidia.com/cuda.runtime-version.full");

  private static final Map<String, String> NODE_INFO =
      Map.of(
          "status.nodeInfo.kernelVersion", "kernel",
          "status.nodeInfo.kubeletVersion", "kubelet",
          "status.nodeInfo.containerRuntimeVersion", "containerRuntime",
          "status.nodeInfo.osImage", "osImage");

  private static final int MOST_FIELDS = 100;

  /** So many targets tell a cluster's rhythm. */
  private static final int WATCHED_TARGETS = 16;

  /** Number of facts told so far, and the tick at which the cluster was last said to be alive. */
  private static final class Told implements State {
    long ordinal;
    long tick = Long.MIN_VALUE;

    /** Shortest usual interval between two scrapes of one target, milliseconds; 0 while unknown. */
    double interval;

    /** When the first few targets were scraped last. */
    final TreeMap<String, long[]> scraped = new TreeMap<>();

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      out.writeLong(ordinal);
      out.writeLong(tick);
      out.writeDouble(interval);
      out.writeInt(scraped.size());
      for (Map.Entry<String, long[]> entry : scraped.entrySet()) {
        out.writeUTF(entry.getKey());
        out.writeLong(entry.getValue()[0]);
      }
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      ordinal = in.readLong();
      tick = in.readLong();
      interval = in.readDouble();
      for (int n = in.readInt(); n > 0; n--) {
        String target = in.readUTF();
        scraped.put(target, new long[] {in.readLong()});
      }
    }

    void scraped(String target, long at) {
      long[] last = scraped.get(target);
      if (last == null) {
        if (scraped.size() < WATCHED_TARGETS) {
          scraped.put(target, new long[] {at});
        }
        return;
      }
      long before = last[0];
      last[0] = at;
      if (at > before) {
        double gap = at - before;
        // down at once, up slowly: a missed scrape is no longer interval
        interval =
            interval == 0 ? gap : interval + (gap < interval ? 0.5 : 0.01) * (gap - interval);
      }
    }
  }

  private final String cluster;
  private final Table<Told> told;

  /** What was told of each workload's replicas, as text. */
  private final Table<Labels> replicas;

  /** What was told of each node. */
  private final Table<Labels> nodes;

  /** False until what was told before a restart was compared with what is. */
  private boolean compared;

  public Facts(String cluster, Tables tables) {
    this.cluster = cluster;
    told = tables.table("fleet.told", Told::new);
    replicas = tables.table("fleet.told.replicas", Labels::new);
    nodes = tables.table("fleet.told.nodes", Labels::new);
  }

  /**
   * Tells the fleet all that it is to know after a snapshot was judged.
   *
   * @param found findings that came of the snapshot
   * @param out takes the facts
   */
  public void tell(
      SpecificRecord snapshot, ClusterJudge judge, List<Finding> found, Consumer<Fact> out) {
    Header header = (Header) snapshot.get(0);
    alive(header, judge.inventory()).ifPresent(out);
    if (snapshot instanceof PolicySnapshot policy) {
      object(policy, judge.inventory()).ifPresent(out);
      node(policy, judge.inventory()).ifPresent(out);
    }
    replicas(header.getObservedAt(), judge, out);
    for (Finding finding : found) {
      if (Candidates.SYMPTOMS.contains(finding.getKind())) {
        out.accept(
            fact("symptom", header.getObservedAt(), judge.inventory())
                .setSubject(finding.getId())
                .setFinding(finding)
                .build());
      }
    }
  }

  /** What a node is, when it is other than was told. */
  private Optional<Fact> node(PolicySnapshot snapshot, Inventory inventory) {
    if (!snapshot.getKind().equals("Node")) {
      return Optional.empty();
    }
    String name = snapshot.getName();
    Instant at = snapshot.getHeader().getObservedAt();
    if (snapshot.getHeader().getGone()) {
      nodes.remove(name);
      return Optional.of(fact("node", at, inventory).setSubject(name).setGone(true).build());
    }
    TreeMap<String, String> now = new TreeMap<>();
    NODE_LABELS.forEach(
        (what, label) -> {
          String value = snapshot.getObjectLabels().get(label);
          if (value != null) {
            // the GPU itself, without how it is shared
            now.put(what, value.replaceAll("-(SHARED|MIG-.*)$", ""));
          }
        });
    for (Field field : snapshot.getReported()) {
      String what = NODE_INFO.get(field.getPath());
      if (what != null) {
        now.put(what, field.getValue());
      }
    }
    if (inventory.wasServiced(name, at.toEpochMilli())) {
      now.put(SERVICED, "true");
    }
    Labels before = nodes.get(name);
    if (before != null && before.values.equals(now)) {
      return Optional.empty();
    }
    nodes.edit(name).values = now;
    return Optional.of(
        fact("node", at, inventory).setSubject(name).setFields(new TreeMap<>(now)).build());
  }

  /** Workloads whose judged replicas are others than was told. */
  private void replicas(Instant at, ClusterJudge judge, Consumer<Fact> out) {
    Set<String> changed = judge.peers().changed();
    if (!compared) {
      compared = true;
      changed = new TreeSet<>(changed);
      changed.addAll(replicas.all().keySet());
    }
    if (changed.isEmpty()) {
      return;
    }
    Map<String, TreeMap<String, String>> now = new TreeMap<>();
    for (String workload : changed) {
      Collection<Peers.Peer> members = judge.peers().of(workload);
      if (!members.isEmpty()) {
        now.put(workload, said(members));
      } else if (replicas.get(workload) != null) {
        replicas.remove(workload);
        out.accept(
            fact("replicas", at, judge.inventory()).setSubject(workload).setGone(true).build());
      }
    }
    now.forEach(
        (workload, said) -> {
          Labels before = replicas.get(workload);
          if (before == null || !before.values.equals(said)) {
            replicas.edit(workload).values = said;
            out.accept(
                fact("replicas", at, judge.inventory())
                    .setSubject(workload)
                    .setFields(new TreeMap<>(said))
                    .build());
          }
        });
  }

  /** How many they are, and what all have in common. */
  private static TreeMap<String, String> said(Collection<Peers.Peer> members) {
    TreeMap<String, String> said = new TreeMap<>();
    for (Peers.Peer peer : members) {
      // replicas of one workload that differ in something have nothing in common in it
      said.merge("model", peer.model, (one, other) -> one.equals(other) ? one : "");
      said.merge("product", peer.product, (one, other) -> one.equals(other) ? one : "");
      said.merge("load", peer.load, Facts::heavier);
    }
    said.put(JUDGED, Integer.toString(members.size()));
    return said;
  }

  /** A workload is loaded as its busiest replica is. */
  private static String heavier(String one, String other) {
    List<String> bands = List.of("", "light", "moderate", "heavy");
    return bands.indexOf(one) >= bands.indexOf(other) ? one : other;
  }

  /** That the cluster was heard; at most once per tick of event time. */
  private Optional<Fact> alive(Header header, Inventory inventory) {
    Instant at = header.getObservedAt();
    long tick = Math.floorDiv(at.toEpochMilli(), Watcher.TICK_MILLIS);
    Told last = told.edit(cluster);
    if (!header.getSource().equals("kubernetes") && !header.getSource().equals("cluster")) {
      last.scraped(header.getSource() + ' ' + header.getTarget(), at.toEpochMilli());
    }
    if (tick <= last.tick) {
      return Optional.empty();
    }
    last.tick = tick;
    return Optional.of(fact("alive", at, inventory).setFields(said(last, inventory)).build());
  }

  private static Map<String, String> said(Told last, Inventory inventory) {
    Map<String, String> said = new TreeMap<>();
    said.put("intervalMillis", Long.toString(Math.round(last.interval)));
    if (inventory.gitOps().isKnown()) {
      said.put(DECLARED_AT, Long.toString(inventory.gitOps().movedAt()));
    }
    // a fact such as region wins over a label of the same name
    inventory
        .identity()
        .forEach(
            (fact, value) -> {
              if (fact.startsWith(LABELS)) {
                said.put(Members.IDENTITY + fact.substring(LABELS.length()), value);
              }
            });
    for (String fact : List.of("provider", "kind", "region", "jurisdiction")) {
      said.put(Members.IDENTITY + fact, inventory.said(fact));
    }
    return said;
  }

  /** What an object declares, when it is of a kind that is compared. */
  private Optional<Fact> object(PolicySnapshot snapshot, Inventory inventory) {
    if (!COMPARED.contains(snapshot.getKind())) {
      return Optional.empty();
    }
    List<String> managers = snapshot.getManagers();
    return Optional.of(
        fact("object", snapshot.getHeader().getObservedAt(), inventory)
            .setSubject(snapshot.getHeader().getTarget())
            .setGone(snapshot.getHeader().getGone())
            .setFields(compared(snapshot.getDeclared()))
            .setManager(managers.isEmpty() ? "" : managers.get(managers.size() - 1))
            .build());
  }

  /** How far a partition has come, or that it has ended. */
  public static Fact progress(String kind, Instant at) {
    return Fact.newBuilder().setKind(kind).setPartition(0).setAt(at).build();
  }

  private Fact.Builder fact(String kind, Instant at, Inventory inventory) {
    return Fact.newBuilder()
        .setKind(kind)
        .setPartition(0)
        .setAt(at)
        .setCluster(cluster)
        .setClusterName(inventory.clusterName())
        .setCohort(inventory.said("labels.plumbline.dev/cohort"))
        .setOrdinal(told.edit(cluster).ordinal++);
  }

  private static Map<String, String> compared(List<Field> declared) {
    Map<String, String> fields = new TreeMap<>();
    for (Field field : declared) {
      if (ALIKE.stream().anyMatch(field.getPath()::contains) && fields.size() < MOST_FIELDS) {
        fields.put(field.getPath(), field.getValue());
      }
    }
    return fields;
  }
}
