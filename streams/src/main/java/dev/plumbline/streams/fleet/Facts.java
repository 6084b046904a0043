package dev.plumbline.streams.fleet;

import dev.plumbline.schemas.event.Fact;
import dev.plumbline.schemas.event.Field;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.event.PolicySnapshot;
import dev.plumbline.streams.inventory.Inventory;
import dev.plumbline.streams.judge.Watcher;
import dev.plumbline.streams.state.State;
import dev.plumbline.streams.state.Table;
import dev.plumbline.streams.state.Tables;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What one cluster tells the fleet: that it was heard, and what its objects declare that should be
 * the same in every cluster.
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
    final TreeMap<String, Long> scraped = new TreeMap<>();

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      out.writeLong(ordinal);
      out.writeLong(tick);
      out.writeDouble(interval);
      out.writeInt(scraped.size());
      for (Map.Entry<String, Long> entry : scraped.entrySet()) {
        out.writeUTF(entry.getKey());
        out.writeLong(entry.getValue());
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
        scraped.put(target, in.readLong());
      }
    }

    void scraped(String target, long at) {
      Long before = scraped.get(target);
      if (before == null && scraped.size() >= WATCHED_TARGETS) {
        return;
      }
      scraped.put(target, at);
      if (before != null && at > before) {
        double gap = at - before;
        // down at once, up slowly: a missed scrape is no longer interval
        interval =
            interval == 0 ? gap : interval + (gap < interval ? 0.5 : 0.01) * (gap - interval);
      }
    }
  }

  private final String cluster;
  private final Table<Told> told;

  public Facts(String cluster, Tables tables) {
    this.cluster = cluster;
    told = tables.table("fleet.told", Told::new);
  }

  /** That the cluster was heard; at most once per tick of event time. */
  public Optional<Fact> alive(Header header, Inventory inventory) {
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
  public Optional<Fact> object(PolicySnapshot snapshot, Inventory inventory) {
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
