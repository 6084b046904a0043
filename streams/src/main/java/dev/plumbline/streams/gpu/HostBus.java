package dev.plumbline.streams.gpu;

import dev.plumbline.streams.gpu.BoardUse.Holder;
import dev.plumbline.streams.gpu.BoardUse.Part;
import dev.plumbline.streams.inventory.Pod;
import java.util.ArrayList;
import java.util.List;

/**
 * PCIe: boards have a link each, but share switches, root ports and the host's memory behind them.
 * A neighbour that moves data at a good part of what a link carries slows every copy of the others.
 * The traffic is measured per board; a board with one holder tells whose it is.
 */
final class HostBus {
  /** Bytes a second: a fifth of a link of PCIe 4.0 x16, one way. */
  private static final double BUSY = 6e9;

  private static final String PCIE = "PCIe";

  private HostBus() {}

  /** Who fills the bus; null for nobody. */
  static Suspicion look(Scene scene) {
    BoardUse loud = null;
    for (BoardUse board : scene.boards()) {
      boolean fills = scene.rose(board.bytes) && board.bytes.now >= BUSY;
      if (fills && (loud == null || board.bytes.growth() > loud.bytes.growth())) {
        loud = board;
      }
    }
    if (loud == null) {
      return null;
    }
    String whole =
        "%.1f GB/s over PCIe to board %s, usually %.1f"
            .formatted(loud.bytes.now / 1e9, loud.uuid, loud.bytes.usual / 1e9);
    List<Pod> holders = new ArrayList<>();
    List<Pod> came = new ArrayList<>();
    int named = 0;
    for (Part part : loud.parts) {
      for (Holder holder : part.holders) {
        named++;
        Pod other = scene.other(holder.pod);
        if (other != null) {
          holders.add(other);
          if (scene.began(other)) {
            came.add(other);
          }
        }
      }
    }
    if (named > 0 && holders.isEmpty()) {
      // the victim's own traffic, or its workload's
      return null;
    }
    Pod only = Scene.only(holders);
    if (only != null && named == 1) {
      return new Suspicion(PCIE, only, Attribution.MEASURED, "it moves " + whole);
    }
    return Scene.only(came) == null
        ? Suspicion.deviceWide(PCIE, "somebody moves " + whole)
        : new Suspicion(
            PCIE,
            Scene.only(came),
            Attribution.APPORTIONED,
            "it started on that board just before; " + whole);
  }
}
