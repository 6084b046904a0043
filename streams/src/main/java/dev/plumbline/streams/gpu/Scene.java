package dev.plumbline.streams.gpu;

import dev.plumbline.streams.gpu.BoardUse.Part;
import dev.plumbline.streams.inventory.Pod;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A victim among those who share something with it.
 *
 * @param since when it became slow, event time in milliseconds
 * @param others pods on its node that are not of its workload
 * @param kin the victim and the pods of its workload on the node, as namespace/pod
 * @param node what is known of the node's processors; null when nothing is
 * @param boards the node's boards
 * @param alsoSlow those of the others that became slow at about the same time
 * @param tenants what is known of pods, by namespace/pod
 * @param sliced whether pods are given shares of a board there without being isolated
 *     (time-slicing, MPS), as the node's label says
 */
record Scene(
    Pod victim,
    long since,
    List<Pod> others,
    Set<String> kin,
    NodeUse node,
    List<BoardUse> boards,
    List<Pod> alsoSlow,
    Map<String, Tenant> tenants,
    boolean sliced) {
  /**
   * How far from the slowdown's estimated beginning that of its cause may lie: the estimate is one,
   * and sources are scraped at different times.
   */
  static final long AROUND = Duration.ofMinutes(10).toMillis();

  /**
   * How long before it a use may have risen that is still up: a weak slowdown, or one of the tail,
   * is often noticed, and dated, long after it began.
   */
  private static final long BEFORE = Duration.ofMinutes(30).toMillis();

  static String key(Pod pod) {
    return pod.namespace + '/' + pod.name;
  }

  /**
   * The pod of a key; null when it is the victim or of its workload. One that only the kubelet
   * names is known by its name.
   */
  Pod other(String key) {
    for (Pod pod : others) {
      if (key(pod).equals(key)) {
        return pod;
      }
    }
    if (kin.contains(key)) {
      return null;
    }
    int slash = key.indexOf('/');
    Pod pod = new Pod();
    pod.namespace = key.substring(0, slash);
    pod.name = key.substring(slash + 1);
    pod.node = victim.node;
    return pod;
  }

  Tenant tenant(Pod pod) {
    return tenants.get(key(pod));
  }

  /** True when a signal rose at about the time when the victim became slow. */
  boolean rose(Level level) {
    return level.rose(since - BEFORE, since + AROUND);
  }

  /** True when a pod came at about that time. */
  boolean began(Pod pod) {
    Tenant tenant = tenant(pod);
    return tenant != null && tenant.isNew() && Math.abs(tenant.seenSince - since) <= AROUND;
  }

  /** True when the victim itself does more than usual. */
  boolean isVictimBusier() {
    Tenant tenant = tenant(victim);
    return tenant != null && tenant.work.isUp();
  }

  /** What a pod holds or shares; null when the exporter doesn't say. */
  Part part(Pod pod) {
    String key = key(pod);
    for (BoardUse board : boards) {
      for (Part part : board.parts) {
        if (part.holder(key) != null) {
          return part;
        }
      }
    }
    return null;
  }

  /** The one of several; null when there is none or more than one. */
  static Pod only(List<Pod> pods) {
    return pods.size() == 1 ? pods.get(0) : null;
  }
}
