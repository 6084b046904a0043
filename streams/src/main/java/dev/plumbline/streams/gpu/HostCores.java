package dev.plumbline.streams.gpu;

import dev.plumbline.streams.gpu.NodeUse.PodCores;
import dev.plumbline.streams.inventory.Pod;
import java.util.ArrayList;
import java.util.List;

/**
 * Processors of the node: every step of a model server needs the host to launch it, so a node whose
 * processors are taken slows servers whose boards are idle.
 *
 * <p>That they are short is told by the kernel's pressure stall information (Linux,
 * Documentation/accounting/psi.rst), or by their use where the kernel doesn't keep it; who takes
 * them, by the containers' own time. A server held back by its own CPU limit lacks nothing that
 * others take.
 */
final class HostCores {
  /** Part of the time in which something waits for a processor. */
  private static final double SHORT = 0.1;

  /** Without pressure information: processors that work for this part of the time. */
  private static final double USED_UP = 0.9;

  /** A victim that waits less than this part of the time has what it needs. */
  private static final double WAITS = 0.02;

  /** A victim held back in this part of its scheduling periods has a limit too low. */
  private static final double LIMITED = 0.25;

  /** Whoever is accused took this part of what all took more, or more of it. */
  private static final double MOST = 0.5;

  private static final String CPU = "CPU";

  private HostCores() {}

  /** Who takes the victim's processors; null for nobody. */
  static Suspicion look(Scene scene) {
    NodeUse node = scene.node();
    if (node == null || !isShort(scene, node)) {
      return null;
    }
    PodCores own = node.pod(Scene.key(scene.victim()));
    if (own != null && (own.throttledRatio >= LIMITED || own.waitingRatio < WAITS)) {
      return null;
    }
    String whole =
        node.tellsPressure()
            ? "work waits for a processor %.0f %% of the time, usually %.0f %%"
                .formatted(node.pressure.now * 100, node.pressure.usual * 100)
            : "processors work %.0f %% of the time, usually %.0f %%"
                .formatted(node.busy.now * 100, node.busy.usual * 100);
    if (node.pods.isEmpty()) {
      return notListed(scene, whole);
    }
    PodCores most = null;
    double all = 0;
    for (PodCores pod : node.pods) {
      if (pod.cores.isKnown() && pod.cores.growth() > 0) {
        all += pod.cores.growth();
        most = most == null || pod.cores.growth() > most.cores.growth() ? pod : most;
      }
    }
    if (most != null && scene.rose(most.cores) && most.cores.growth() >= MOST * all) {
      Pod taker = scene.other(most.pod);
      // when the victim itself or its workload takes most, nobody else is to blame
      return taker == null
          ? null
          : new Suspicion(
              CPU,
              taker,
              Attribution.MEASURED,
              "it takes %.1f cores of the node, usually %.1f; %s"
                  .formatted(most.cores.now, most.cores.usual, whole));
    }
    return Suspicion.deviceWide(CPU, whole);
  }

  private static boolean isShort(Scene scene, NodeUse node) {
    return node.tellsPressure()
        ? scene.rose(node.pressure) && node.pressure.now >= SHORT
        : scene.rose(node.busy) && node.busy.now >= USED_UP;
  }

  /** No kubelet tells of containers: if one pod came just then, all others did the same before. */
  private static Suspicion notListed(Scene scene, String whole) {
    List<Pod> came = new ArrayList<>();
    for (Pod other : scene.others()) {
      if (scene.began(other)) {
        came.add(other);
      }
    }
    Pod only = Scene.only(came);
    return only == null
        ? Suspicion.deviceWide(CPU, whole)
        : new Suspicion(
            CPU,
            only,
            Attribution.APPORTIONED,
            "it is the only one that started on the node just before; " + whole);
  }
}
