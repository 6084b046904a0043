package dev.plumbline.bench.fleet;

import java.util.List;

/** Boards that heat up, are held down, lose memory or fall off the bus. */
final class BoardFaults {
  private BoardFaults() {}

  static void thermal(Fault f) {
    Server victim = f.draw.pick(f.servers(s -> s.instance == null));
    Board board = victim.boards.get(0);
    double over = f.size.of(3, 9, 30) * f.draw.uniform(.9, 1.2);
    Truth.Event main =
        f.truth.add(
            new Truth.Event(
                "gpu.throttle",
                Truth.entity(board),
                f.from,
                f.to,
                "cooling fails: the board heats up and its clocks are held down"));
    f.fleet.loop.at(
        f.from,
        () -> {
          double rise = board.product.limitCelsius() + over - board.node.inletCelsius;
          double now = Math.max(8, board.temperature - board.node.inletCelsius);
          board.coolingLoss = rise / now;
          board.inletRise = over / 3;
        });
    f.fleet.loop.at(
        f.to,
        () -> {
          board.coolingLoss = 1;
          board.inletRise = 0;
        });
    f.episode(main, null, s -> s.boards.contains(board), main.asCause());
  }

  static void powerBrake(Fault f) {
    Node node = f.busyNode();
    Truth.Event main =
        f.truth.add(
            new Truth.Event(
                "gpu.throttle",
                Truth.entity(node.site, "node", node.name),
                f.from,
                f.to,
                "power brake asserted on the node: every board at half clocks"));
    for (Board board : node.boards) {
      main.also(Truth.entity(board));
    }
    brake(f, node, true, f.from);
    brake(f, node, false, f.to);
    f.episode(main, null, s -> s.node == node, main.asCause());
  }

  private static void brake(Fault f, Node node, boolean on, double at) {
    f.fleet.loop.at(at, () -> node.boards.forEach(b -> b.brake = on));
  }

  static void boardLoss(Fault f) {
    Server victim = f.draw.pick(f.servers(s -> s.instance == null && !s.boards.get(0).timeSliced));
    Board board = victim.boards.get(0);
    Node node = board.node;
    f.truth.add(
        new Truth.Event(
            "gpu.fault",
            Truth.entity(board),
            f.from,
            f.fleet.end,
            "XID 79, then the board is off the bus; its pod is replaced"));
    f.truth.add(
        new Truth.Event(
                "telemetry.stale",
                Truth.entity(victim),
                f.from,
                Math.min(f.fleet.end, f.from + 400),
                "the pod ends with its board")
            .optional());
    f.fleet.loop.at(f.from, () -> board.xid = 79);
    f.fleet.loop.at(
        f.from + f.draw.uniform(35, 90),
        () -> {
          board.lost = true;
          victim.deployment.remove(victim);
          victim.deployment.reconcile();
        });
    f.fleet.loop.at(f.from + f.draw.uniform(100, 160), () -> allocatable(node, 1));
    f.episode(
        null,
        null,
        s -> s.deployment == victim.deployment,
        Truth.cause("gpu.fault", Truth.entity(board)));
  }

  private static void allocatable(Node node, int less) {
    int left = node.boards.size() - less;
    node.site.api.touch(
        "v1/Node/" + node.name,
        o -> Json.map(o, "status", "allocatable").put("nvidia.com/gpu", Integer.toString(left)));
  }

  /** Memory errors that the board survives: a contained one kills the pod, rows are remapped. */
  static void memoryErrors(Fault f) {
    Server victim = f.draw.pick(f.servers(s -> true));
    Board board = victim.boards.get(0);
    boolean failed = f.draw.chance(.4);
    int xid = f.draw.pick(List.of(94, 63, 48, 64));
    f.truth.add(
        new Truth.Event(
            "gpu.fault",
            Truth.entity(board),
            f.from,
            f.fleet.end,
            "XID " + xid + ", rows remapped" + (failed ? ", and remapping fails" : "")));
    f.truth.add(
        new Truth.Event(
                "telemetry.stale",
                Truth.entity(victim),
                f.from,
                Math.min(f.fleet.end, f.from + 400),
                "its container restarts")
            .optional());
    f.fleet.loop.at(
        f.from,
        () -> {
          board.xid = xid;
          board.uncorrectableRows += f.draw.between(1, 3);
          board.remapFailures = failed ? 1 : 0;
          for (Server s : List.copyOf(board.servers)) {
            s.deployment.restart(s, "Error");
          }
        });
    f.episode(
        null, null, s -> s.boards.contains(board), Truth.cause("gpu.fault", Truth.entity(board)));
  }
}
