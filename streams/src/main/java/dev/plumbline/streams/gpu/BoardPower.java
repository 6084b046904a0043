package dev.plumbline.streams.gpu;

import dev.plumbline.streams.gpu.BoardUse.Part;
import dev.plumbline.streams.inventory.Pod;

/**
 * Power of a board that MIG splits. Instances have compute and memory of their own, but one power
 * cap and one clock for all: an instance that begins to work hard can bring the whole board to its
 * cap and its clock down. What each instance does is measured by itself.
 */
final class BoardPower {
  /** The cap takes at least this part of the clock, or nobody feels it. */
  private static final double FELT = 0.07;

  private BoardPower() {}

  /** Who takes the power of the victim's instance; null for nobody. */
  static Suspicion look(Scene scene) {
    Part own = scene.part(scene.victim());
    if (own == null || own.instance.isEmpty()) {
      return null;
    }
    for (BoardUse board : scene.boards()) {
      if (board.parts.contains(own)) {
        return look(scene, board, own);
      }
    }
    return null;
  }

  private static Suspicion look(Scene scene, BoardUse board, Part own) {
    if (!scene.rose(board.capped) || board.capped.now < FELT) {
      return null;
    }
    Part loud = null;
    for (Part part : board.parts) {
      boolean grew = part != own && scene.rose(part.engine);
      if (grew && (loud == null || part.engine.growth() > loud.engine.growth())) {
        loud = part;
      }
    }
    if (loud == null || loud.engine.growth() <= own.engine.growth()) {
      return null;
    }
    String whole =
        "the power cap of board %s takes %.0f %% of its clock"
            .formatted(board.uuid, board.capped.now * 100);
    Pod taker = loud.holders.size() == 1 ? scene.other(loud.holders.get(0).pod) : null;
    if (taker == null && loud.holders.size() == 1) {
      // another pod of the victim's own workload
      return null;
    }
    return taker == null
        ? Suspicion.deviceWide("power", whole)
        : new Suspicion(
            "power",
            taker,
            Attribution.MEASURED,
            "its instance is busy %.0f %% of the time, usually %.0f %%, and %s"
                .formatted(loud.engine.now * 100, loud.engine.usual * 100, whole));
  }
}
