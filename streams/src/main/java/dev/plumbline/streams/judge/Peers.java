package dev.plumbline.streams.judge;

import dev.plumbline.streams.state.Codec;
import dev.plumbline.streams.state.Index;
import dev.plumbline.streams.state.State;
import dev.plumbline.streams.state.Table;
import dev.plumbline.streams.state.Tables;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The replicas of a cluster that were judged lately, and what they have in common: members of one
 * cohort serve the same model on the same GPU product in the same band of load. Who was not judged
 * is no member: nothing is known of it.
 */
public final class Peers {
  /** Judged so lately counts as judged now: five scrapes at three minutes. */
  private static final Duration RECENT = Duration.ofMinutes(15);

  /** How exactly the time of the last verdict is kept: it is not written at each scrape. */
  private static final Duration GRAIN = Duration.ofMinutes(5);

  /** Sequences decoded at once below which a replica is lightly loaded: steps are not shared. */
  private static final double LIGHT = 2;

  /** Sequences decoded at once above which each more is felt by all. */
  private static final double HEAVY = 16;

  /** A band is left when its bound is passed by so much, relative. */
  private static final double SLACK = 0.25;

  /** One replica. */
  public static final class Peer implements State {
    public String namespace = "";
    public String workload = "";
    public String pod = "";
    public String node = "";
    public String model = "";

    /** GPU product of its node; empty when unknown. */
    public String product = "";

    /** light, moderate or heavy. */
    public String load = "";

    /** Start of its process, seconds since 1970; NaN when unknown. */
    public double startSeconds = Double.NaN;

    private long judgedAt;

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      for (String text : new String[] {namespace, workload, pod, node, model, product, load}) {
        Codec.text(out, text);
      }
      out.writeDouble(startSeconds);
      out.writeLong(judgedAt);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      namespace = Codec.text(in);
      workload = Codec.text(in);
      pod = Codec.text(in);
      node = Codec.text(in);
      model = Codec.text(in);
      product = Codec.text(in);
      load = Codec.text(in);
      startSeconds = in.readDouble();
      judgedAt = in.readLong();
    }

    /** When it was judged last, to five minutes; event time, milliseconds. */
    public long judgedAt() {
      return judgedAt;
    }

    /** True when both are replicas of one workload. */
    public boolean isSibling(Peer other) {
      return namespace.equals(other.namespace) && workload.equals(other.workload);
    }

    private String kind() {
      return model + '\n' + product;
    }

    private String its() {
      return namespace + '/' + workload;
    }

    private boolean isSame(
        String workload, String node, String model, String product, String load) {
      return this.workload.equals(workload)
          && this.node.equals(node)
          && this.model.equals(model)
          && this.product.equals(product)
          && this.load.equals(load);
    }
  }

  private final Table<Peer> table;

  /** By model and GPU product. */
  private final Index<Peer> byKind = new Index<>();

  /** By namespace/workload. */
  private final Index<Peer> byWorkload = new Index<>();

  /** Workloads whose replicas are not what was asked for last. */
  private TreeSet<String> changed = new TreeSet<>();

  public Peers(Tables tables) {
    table = tables.table("peers", Peer::new);
    table.all().forEach(this::enter);
  }

  private void enter(String key, Peer peer) {
    byKind.add(peer.kind(), key, peer);
    byWorkload.add(peer.its(), key, peer);
    changed.add(peer.its());
  }

  private void leave(String key, Peer peer) {
    byKind.remove(peer.kind(), key);
    byWorkload.remove(peer.its(), key);
    changed.add(peer.its());
  }

  /**
   * A replica was judged, well or not.
   *
   * @param sequences that it decodes at once, in the mean
   * @param startSeconds start of its process, seconds since 1970; NaN when unknown
   * @param at event time, milliseconds
   */
  public void judged(
      String namespace,
      String workload,
      String pod,
      String node,
      String model,
      String product,
      double sequences,
      double startSeconds,
      long at) {
    String key = namespace + '/' + pod;
    Peer known = table.get(key);
    String load = band(known == null ? "" : known.load, sequences);
    boolean same =
        known != null
            && known.isSame(workload, node, model, product, load)
            && Double.compare(known.startSeconds, startSeconds) == 0;
    if (same && at - known.judgedAt < GRAIN.toMillis()) {
      return;
    }
    Peer peer = table.edit(key);
    peer.judgedAt = at;
    if (same) {
      return;
    }
    if (known != null) {
      leave(key, known);
    }
    peer.namespace = namespace;
    peer.workload = workload;
    peer.pod = pod;
    peer.node = node;
    peer.model = model;
    peer.product = product;
    peer.load = load;
    peer.startSeconds = startSeconds;
    enter(key, peer);
  }

  /** A replica left. */
  public void gone(String namespace, String pod) {
    remove(namespace + '/' + pod);
  }

  private void remove(String key) {
    Peer peer = table.get(key);
    if (peer != null) {
      leave(key, peer);
      table.remove(key);
    }
  }

  /** The replica, or null when it was not judged lately. */
  public Peer of(String namespace, String pod) {
    return table.get(namespace + '/' + pod);
  }

  /** All members of the replica's cohort, itself included, in the order of namespace and pod. */
  public List<Peer> alike(Peer peer) {
    List<Peer> alike = new ArrayList<>();
    for (Peer other : byKind.of(peer.kind()).values()) {
      if (peer.load.equals(other.load) || peer.isSibling(other)) {
        alike.add(other);
      }
    }
    return alike;
  }

  /** The replicas of a workload that were judged lately, in the order of their names. */
  public Collection<Peer> of(String workload) {
    return byWorkload.of(workload).values();
  }

  /** Workloads, as namespace/workload, whose replicas may be others than when it was asked last. */
  public Set<String> changed() {
    if (changed.isEmpty()) {
      return Set.of();
    }
    Set<String> since = changed;
    changed = new TreeSet<>();
    return since;
  }

  void tick(long at) {
    List<String> old = new ArrayList<>();
    for (Map.Entry<String, Peer> entry : table.all().entrySet()) {
      if (at - entry.getValue().judgedAt > RECENT.toMillis()) {
        old.add(entry.getKey());
      }
    }
    old.forEach(this::remove);
  }

  private static String band(String before, double sequences) {
    if (Double.isNaN(sequences)) {
      return before;
    }
    double light = LIGHT * (before.equals("light") ? 1 + SLACK : 1 - SLACK);
    double heavy = HEAVY * (before.equals("heavy") ? 1 - SLACK : 1 + SLACK);
    return sequences < (before.isEmpty() ? LIGHT : light)
        ? "light"
        : sequences < (before.isEmpty() ? HEAVY : heavy) ? "moderate" : "heavy";
  }
}
