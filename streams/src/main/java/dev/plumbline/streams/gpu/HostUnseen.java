package dev.plumbline.streams.gpu;

import dev.plumbline.streams.gpu.BoardUse.Part;
import dev.plumbline.streams.gpu.NodeUse.PodCores;
import dev.plumbline.streams.inventory.Pod;
import java.util.ArrayList;
import java.util.List;

/**
 * What pods share on a node and no exporter measures: the bandwidth of the host's memory, traffic
 * of devices that are no GPU. That it is short is told by its victims: workloads on different
 * boards slow at the same time, or a board that idles more while its server does the same work more
 * slowly. Whoever is accused is the only one on the node that took more of it then.
 */
final class HostUnseen {
  /** Kernels run for less than this part of the time in which they usually do. */
  private static final double IDLES = 0.85;

  private HostUnseen() {}

  /** Who loads the host when the victim's slowness points there; null for nobody. */
  static Suspicion look(Scene scene) {
    String symptom = symptom(scene);
    if (symptom == null || scene.node() == null) {
      return null;
    }
    List<Pod> grew = new ArrayList<>();
    for (Pod other : scene.others()) {
      PodCores cores = scene.node().pod(Scene.key(other));
      if (cores != null && scene.rose(cores.cores)) {
        grew.add(other);
      }
    }
    Pod only = Scene.only(grew);
    if (only == null) {
      return null;
    }
    PodCores cores = scene.node().pod(Scene.key(only));
    return new Suspicion(
        "the host",
        only,
        Attribution.APPORTIONED,
        "it is the only one on the node that does more, %.1f cores, usually %.1f; %s"
            .formatted(cores.cores.now, cores.cores.usual, symptom));
  }

  private static String symptom(Scene scene) {
    Part own = scene.part(scene.victim());
    for (Pod slow : scene.alsoSlow()) {
      Part theirs = scene.part(slow);
      if (own != null && theirs != null && own != theirs) {
        return slow.workload + " on another board is slow since then as well";
      }
    }
    Tenant tenant = scene.tenant(scene.victim());
    boolean alone = own != null && own.holders.size() == 1;
    if (alone
        && tenant != null
        && tenant.work.now >= IDLES * tenant.work.usual
        && own.engine.now < IDLES * own.engine.usual) {
      return "its board runs kernels %.0f %% of the time, usually %.0f %%, for the same work"
          .formatted(own.engine.now * 100, own.engine.usual * 100);
    }
    return null;
  }
}
