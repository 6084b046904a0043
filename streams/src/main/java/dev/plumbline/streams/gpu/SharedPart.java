package dev.plumbline.streams.gpu;

import dev.plumbline.streams.gpu.BoardUse.Holder;
import dev.plumbline.streams.gpu.BoardUse.Part;
import dev.plumbline.streams.inventory.Pod;
import java.util.ArrayList;
import java.util.List;

/**
 * Compute and memory bandwidth of a board, or of one MIG instance, that several pods hold at once.
 *
 * <p>Time slices are given in turn and MPS runs the processes side by side: either way each takes
 * from all others. MIG instances have compute, caches, memory controllers and memory of their own
 * (NVIDIA, Multi-Instance GPU User Guide, "Partitioning"), so a neighbour on another instance of
 * the board is never accused here.
 *
 * <p>The exporter's profiling fields are of the whole part, whoever is named beside them. A pod's
 * own use is known where the exporter reports it per process, and a model server tells its own
 * work; of the others, who began is known, and who is left when all others are ruled out.
 */
final class SharedPart {
  /** With kernels running for this part of the time there is no more to rise to. */
  private static final double FULL = 0.9;

  /** A memory interface that is busy for this part of the time makes others wait. */
  private static final double MEMORY_BUSY = 0.6;

  private SharedPart() {}

  /** Who takes of the part that the victim holds; null for nobody. */
  static Suspicion look(Scene scene) {
    Part own = scene.part(scene.victim());
    Pod loudest = null;
    double most = 0;
    Pod busiest = null;
    double mostWork = 0;
    List<Pod> came = new ArrayList<>();
    List<Pod> silent = new ArrayList<>();
    for (Pod other : scene.others()) {
      Part theirs = scene.part(other);
      if (!isShared(scene, own, theirs)) {
        continue;
      }
      Level active = active(theirs, other);
      Tenant tenant = scene.tenant(other);
      if (active != null) {
        if (scene.rose(active) && active.growth() > most) {
          most = active.growth();
          loudest = other;
        }
      } else if (tenant != null && tenant.isServer()) {
        if (scene.rose(tenant.work) && tenant.work.growth() > mostWork) {
          mostWork = tenant.work.growth();
          busiest = other;
        }
      } else if (scene.began(other)) {
        came.add(other);
      } else if (theirs != null) {
        silent.add(other);
      }
    }
    if (loudest != null) {
      return ofProcess(loudest, scene.part(loudest));
    }
    Pod only = Scene.only(came);
    Part part = own != null || only == null ? own : scene.part(only);
    boolean newcomer = !came.isEmpty() && works(scene, part);
    if (busiest != null && !(newcomer && isTooLittle(scene, part, mostWork))) {
      return ofServer(busiest, scene.tenant(busiest), part);
    }
    if (newcomer) {
      return ofWhole(only, part, "it started on the same board just before");
    }
    Pod left = Scene.only(silent);
    Part whole = own != null || left == null ? own : scene.part(left);
    boolean rose = whole != null && (scene.rose(whole.engine) || scene.rose(whole.memory));
    if (!rose || silent.isEmpty() || scene.isVictimBusier()) {
      return null;
    }
    return ofWhole(
        left, whole, "it is the only one on the board whose work is not known by itself");
  }

  /** A pod's own use of the part; null when it is not reported per process. */
  private static Level active(Part part, Pod pod) {
    Holder holder = part == null ? null : part.holder(Scene.key(pod));
    return holder == null || !holder.active.isKnown() ? null : holder.active;
  }

  /**
   * True when what a server does more can't be why the part is so much busier: at the part's usual
   * cost of a token it explains less than that.
   */
  private static boolean isTooLittle(Scene scene, Part part, double growth) {
    if (part == null || !part.engine.isKnown()) {
      return false;
    }
    double usual = 0;
    for (Holder holder : part.holders) {
      Tenant tenant = scene.tenants().get(holder.pod);
      usual += tenant != null && tenant.isServer() ? tenant.work.usual : 0;
    }
    return growth * part.engine.usual < part.engine.growth() * usual;
  }

  private static boolean isShared(Scene scene, Part own, Part theirs) {
    if (own != null && theirs != null) {
      return own == theirs;
    }
    // an exporter that names one pod of a sliced board hides the others
    return scene.sliced() && (own == null || own.instance.isEmpty());
  }

  /** Whoever came is at work: the part is busier, or as busy as it can be. */
  private static boolean works(Scene scene, Part part) {
    if (part == null || !part.engine.isKnown() && !part.memory.isKnown()) {
      return true;
    }
    return scene.rose(part.engine) || scene.rose(part.memory) || part.engine.now >= FULL;
  }

  private static Suspicion ofProcess(Pod pod, Part part) {
    Level active = part.holder(Scene.key(pod)).active;
    return new Suspicion(
        resource(part),
        pod,
        Attribution.MEASURED,
        "its own kernels run %.0f %% of the time, usually %.0f %%%s"
            .formatted(active.now * 100, active.usual * 100, busy(part)));
  }

  private static Suspicion ofServer(Pod pod, Tenant tenant, Part part) {
    double times = tenant.work.usual > 0 ? tenant.work.now / tenant.work.usual : 0;
    return new Suspicion(
        resource(part),
        pod,
        Attribution.MEASURED,
        times > 0
            ? "it does %.1f times its usual work on the same board".formatted(times)
            : "it does %.0f tokens a second on the same board since it came"
                .formatted(tenant.work.now));
  }

  private static Suspicion ofWhole(Pod only, Part part, String reason) {
    String busy = part == null ? "" : busy(part);
    return only == null
        ? Suspicion.deviceWide(resource(part), "more than one may take of the board" + busy)
        : new Suspicion(resource(part), only, Attribution.APPORTIONED, reason + busy);
  }

  private static String busy(Part part) {
    StringBuilder text = new StringBuilder();
    if (part.engine.isKnown()) {
      text.append(
          "; kernels run %.0f %% of the time, usually %.0f %%"
              .formatted(part.engine.now * 100, part.engine.usual * 100));
    }
    if (part.memory.isKnown()) {
      text.append(
          "; its memory is busy %.0f %% of the time, usually %.0f %%"
              .formatted(part.memory.now * 100, part.memory.usual * 100));
    }
    return text.toString();
  }

  private static String resource(Part part) {
    boolean memory = part != null && part.memory.isUp() && part.memory.now >= MEMORY_BUSY;
    return memory ? "memory bandwidth" : "compute";
  }
}
