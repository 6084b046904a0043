package dev.plumbline.streams.drift;

import dev.plumbline.schemas.event.PolicySnapshot;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.streams.findings.Entity;
import dev.plumbline.streams.findings.Kind;
import dev.plumbline.streams.findings.Proof;
import dev.plumbline.streams.findings.Rule;
import dev.plumbline.streams.inventory.Labels;
import dev.plumbline.streams.judge.Cluster;
import dev.plumbline.streams.judge.Watcher;
import dev.plumbline.streams.state.Codec;
import dev.plumbline.streams.state.State;
import dev.plumbline.streams.state.Table;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Nodes that should be alike, compared with each other: same GPU product, other driver. A rollout
 * that is under way, as the GPU operator's own label tells, is none.
 */
public final class NodeWatcher implements Watcher {
  private static final String PRODUCT = "nvidia.com/gpu.product";
  private static final String UPGRADE = "nvidia.com/gpu-driver-upgrade-state";
  private static final String DONE = "upgrade-done";

  /** Labels that nodes of one GPU product share. */
  private static final List<String> ALIKE =
      List.of("nvidia.com/cuda.driver-version.full", "nvidia.com/cuda.runtime-version.full");

  /** At least so many other nodes must agree. */
  private static final int LEAST_OTHERS = 2;

  /** A driver is restarted and its node labelled within minutes; a rollout has begun by then. */
  private static final Rule DIFFERS =
      Rule.told(Kind.DRIFT_CONFIG).aspect("nodes").raise(Duration.ofMinutes(3), 2);

  /** Labels of a node as last seen, to tell changes. */
  private static final class Seen implements State {
    TreeMap<String, String> labels = new TreeMap<>();

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      Codec.map(out, labels);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      labels = Codec.map(in);
    }
  }

  private final Cluster cluster;
  private final Table<Seen> seen;

  /** Products by the label that tells them; there are few. */
  private final Map<String, String> products = new HashMap<>();

  public NodeWatcher(Cluster cluster) {
    this.cluster = cluster;
    seen = cluster.tables().table("drift.nodes", Seen::new);
  }

  @Override
  public void see(PolicySnapshot snapshot) {
    if (!snapshot.getKind().equals("Node")) {
      return;
    }
    long at = snapshot.getHeader().getObservedAt().toEpochMilli();
    String node = snapshot.getName();
    if (snapshot.getHeader().getGone()) {
      seen.remove(node);
      cluster.conditions().gone(cluster.inventory().self().with("node", node), at);
      return;
    }
    Seen last = seen.edit(node);
    for (String label : ALIKE) {
      String now = snapshot.getObjectLabels().get(label);
      String before = last.labels.get(label);
      if (now != null && before != null && !now.equals(before)) {
        cluster
            .changes()
            .add(
                at,
                Kind.DRIFT_CONFIG,
                entity(node, label),
                label + " of node " + node + " went from " + before + " to " + now);
      }
      if (now != null) {
        last.labels.put(label, now);
      }
    }
  }

  @Override
  public void tick(long at) {
    Map<String, Labels> nodes = cluster.inventory().nodes();
    if (nodes.size() <= LEAST_OTHERS) {
      return;
    }
    for (Labels labels : nodes.values()) {
      if (!labels.get(UPGRADE).isEmpty() && !labels.get(UPGRADE).equals(DONE)) {
        return;
      }
    }
    for (String label : ALIKE) {
      Map<String, Map<String, Integer>> values = valuesByProduct(nodes, label);
      for (Map.Entry<String, Labels> node : nodes.entrySet()) {
        String own = node.getValue().get(label);
        if (!own.isEmpty()) {
          judge(node.getKey(), own, label, values.get(product(node.getValue())), at);
        }
      }
    }
  }

  /** How many nodes of each GPU product have which value of a label. */
  private Map<String, Map<String, Integer>> valuesByProduct(
      Map<String, Labels> nodes, String label) {
    Map<String, Map<String, Integer>> values = new HashMap<>();
    for (Labels labels : nodes.values()) {
      String value = labels.get(label);
      if (!value.isEmpty()) {
        values.computeIfAbsent(product(labels), k -> new TreeMap<>()).merge(value, 1, Integer::sum);
      }
    }
    return values;
  }

  /**
   * @param values number of nodes alike by value, this one among them
   */
  private void judge(String node, String own, String label, Map<String, Integer> values, long at) {
    String common = own;
    int others = -1;
    int different = 0;
    for (Map.Entry<String, Integer> value : values.entrySet()) {
      others += value.getValue();
      if (!value.getKey().equals(own)) {
        different++;
        common = value.getKey();
      }
    }
    if (different > 1 || different == 1 && values.get(own) > 1) {
      // the others don't agree among themselves
      return;
    }
    if (others < LEAST_OTHERS) {
      return;
    }
    if (common.equals(own)) {
      cluster.conditions().ok(DIFFERS, entity(node, label), at);
    } else {
      cluster
          .conditions()
          .bad(
              DIFFERS,
              entity(node, label),
              at,
              Severity.warning,
              Proof.of(
                  "%s is %s on node %s and %s on all %d others with the same GPU"
                      .formatted(label, own, node, common, others),
                  "observed",
                  own,
                  "expected",
                  common));
    }
  }

  /** The GPU itself, without how it is shared. */
  private String product(Labels labels) {
    return products.computeIfAbsent(
        labels.get(PRODUCT), it -> it.replaceAll("-(SHARED|MIG-.*)$", ""));
  }

  private Entity entity(String node, String label) {
    return Entity.of(
        "cluster",
        cluster.uid(),
        "node",
        node,
        "object",
        "v1/Node/" + node,
        "field",
        "metadata.labels[" + label + "]");
  }
}
