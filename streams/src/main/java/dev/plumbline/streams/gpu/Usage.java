package dev.plumbline.streams.gpu;

import dev.plumbline.schemas.event.GpuSample;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.schemas.event.NodeSample;
import dev.plumbline.schemas.event.PolicySnapshot;
import dev.plumbline.schemas.event.ResourceSnapshot;
import dev.plumbline.streams.inventory.Inventory;
import dev.plumbline.streams.inventory.Pod;
import dev.plumbline.streams.state.Moment;
import dev.plumbline.streams.state.Table;
import dev.plumbline.streams.state.Tables;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What the boards, the nodes and the pods of a cluster use of what they share. */
final class Usage {
  /** What is seen in a cluster's first minutes may have been there for long. */
  private static final long FIRST = Duration.ofMinutes(5).toMillis();

  private static final String SELF = "self";

  private final Inventory inventory;

  /** When the cluster was first seen. */
  private final Table<Moment> beginning;

  private final Table<BoardUse> boards;
  private final Table<NodeUse> nodes;
  private final Table<Tenant> tenants;

  Usage(Inventory inventory, Tables tables) {
    this.inventory = inventory;
    beginning = tables.table("gpu.beginning", Moment::new);
    boards = tables.table("gpu.boards", BoardUse::new);
    nodes = tables.table("gpu.nodes", NodeUse::new);
    tenants = tables.table("gpu.tenants", Tenant::new);
  }

  void see(ResourceSnapshot snapshot) {
    Header header = snapshot.getHeader();
    long at = header.getObservedAt().toEpochMilli();
    List<GpuSample> gpus = snapshot.getGpus();
    for (int i = 0; i < gpus.size(); i++) {
      see(gpus.get(i), header.getTarget(), at);
    }
    for (NodeSample sample : snapshot.getNodes()) {
      if (sample.getCpuSecondsTotal() >= 0 || sample.getCpuPressureWaitingSeconds() >= 0) {
        String node = sample.getNode().isEmpty() ? header.getTarget() : sample.getNode();
        nodes.edit(node).see(sample, at);
      }
    }
    if (header.getSource().equals("kubelet") && !snapshot.getContainers().isEmpty()) {
      String node = header.getLabels().getOrDefault("node", header.getTarget());
      nodes.edit(node).see(snapshot.getContainers(), at);
    }
  }

  private void see(GpuSample gpu, String target, long at) {
    BoardUse board = boards.edit(gpu.getUuid());
    String node = gpu.getNode().isEmpty() ? target : gpu.getNode();
    if (!board.node.equals(node)) {
      if (nodes.get(board.node) != null) {
        nodes.edit(board.node).boards.remove(gpu.getUuid());
      }
      nodes.edit(node).boards.add(gpu.getUuid());
      board.node = node;
      board.uuid = gpu.getUuid();
    }
    board.see(gpu, at);
  }

  /** A model server tells its work. */
  void see(LatencySnapshot snapshot, String namespace, String pod) {
    tenants.edit(namespace + '/' + pod).see(snapshot);
  }

  /** Pods and nodes come and go. */
  void see(PolicySnapshot snapshot) {
    boolean gone = snapshot.getHeader().getGone();
    if (snapshot.getKind().equals("Node") && gone) {
      NodeUse node = nodes.get(snapshot.getName());
      if (node != null) {
        node.boards.forEach(boards::remove);
        nodes.remove(snapshot.getName());
      }
    } else if (snapshot.getKind().equals("Pod")) {
      String key = snapshot.getNamespace() + '/' + snapshot.getName();
      if (gone) {
        tenants.remove(key);
      } else if (tenants.get(key) == null) {
        long at = snapshot.getHeader().getObservedAt().toEpochMilli();
        tenants.edit(key).come(at, at - first(at) > FIRST);
      }
    }
  }

  private long first(long at) {
    if (beginning.get(SELF) == null) {
      beginning.edit(SELF).at = at;
    }
    return beginning.get(SELF).at;
  }

  /**
   * The victim and all that it shares something with.
   *
   * @param since when it became slow, event time in milliseconds
   * @param slow replicas that are told to be slow
   */
  Scene around(Pod victim, long since, List<Slow> slow) {
    List<Pod> others = new ArrayList<>();
    Set<String> kin = new HashSet<>();
    List<Pod> alsoSlow = new ArrayList<>();
    for (Pod pod : inventory.podsOn(victim.node)) {
      // replicas of one workload are one tenant, the victim among them
      if (!pod.namespace.equals(victim.namespace) || !pod.workload.equals(victim.workload)) {
        others.add(pod);
        if (isSlow(pod, since, slow)) {
          alsoSlow.add(pod);
        }
      } else {
        kin.add(Scene.key(pod));
      }
    }
    NodeUse node = nodes.get(victim.node);
    List<BoardUse> there = new ArrayList<>();
    if (node != null) {
      long newest = 0;
      for (String uuid : node.boards) {
        newest = Math.max(newest, boards.get(uuid).at());
      }
      for (String uuid : node.boards) {
        if (newest - boards.get(uuid).at() <= BoardUse.GONE) {
          there.add(boards.get(uuid));
        }
      }
    }
    String strategy = inventory.nodeLabel(victim.node, "nvidia.com/gpu.sharing-strategy");
    boolean sliced = strategy.equals("time-slicing") || strategy.equals("mps");
    return new Scene(victim, since, others, kin, node, there, alsoSlow, tenants.all(), sliced);
  }

  private static boolean isSlow(Pod pod, long since, List<Slow> slow) {
    for (Slow one : slow) {
      if (one.isOf(pod.namespace, pod.name) && Math.abs(one.since() - since) <= Scene.AROUND) {
        return true;
      }
    }
    return false;
  }
}
