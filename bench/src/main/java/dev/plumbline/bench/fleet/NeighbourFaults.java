package dev.plumbline.bench.fleet;

import java.util.ArrayList;
import java.util.List;

/**
 * Neighbours that were there all along and grow: nothing starts when the victims become slow, so
 * only what is measured tells who takes it. And the reverse, a job that starts and has nothing to
 * do with it.
 */
final class NeighbourFaults {
  private NeighbourFaults() {}

  /** A pod that used to want little takes the node's cores. */
  static void cpuGrowth(Fault f) {
    Node node = f.busyNode();
    Job job = resident(f, node, null, f.draw.pick(List.of("log-shipper", "antivirus", "backup")));
    job.cores = f.draw.uniform(.01, .05);
    double wanted = f.size.of(.97, 1.3, 2.2) * f.draw.uniform(.95, 1.1);
    f.fleet.loop.at(f.from, () -> job.cores = wanted);
    ContentionFaults.contention(
        f,
        node.site,
        job,
        node,
        f.servers(node),
        s -> s.node == node,
        "a pod of the node grows to "
            + Texts.go(Math.rint(wanted * 100))
            + " % of its cores: the host's part of each step grows");
  }

  /** A pod that has always shared a sliced board begins to stream through its memory. */
  static void memoryBandwidth(Fault f) {
    List<Site> able =
        f.sites(
            s ->
                ContentionFaults.shared(s) != null
                    && !ContentionFaults.shared(s).servers.isEmpty());
    if (able.isEmpty()) {
      cpuGrowth(f);
      return;
    }
    Board board = ContentionFaults.shared(f.draw.pick(able));
    Job job = resident(f, board.node, board, f.draw.pick(List.of("features", "graph", "vectors")));
    job.duty = .02;
    job.tensor = .05;
    job.dram = .2;
    job.frameBufferMib = 6000;
    job.pcieBytesPerSecond = 1e7;
    job.cores = .02;
    double duty = f.size.of(.2, .5, .95);
    double dram = f.draw.uniform(.75, .98);
    f.fleet.loop.at(
        f.from,
        () -> {
          job.duty = duty;
          job.dram = dram;
        });
    ContentionFaults.contention(
        f,
        board.node.site,
        job,
        board.node,
        board.servers,
        s -> s.boards.contains(board),
        "a pod that shares the board streams through its memory, duty " + Texts.go(duty));
  }

  /** A pod on a board of its own begins to move data at the rate of the bus. */
  static void pcieGrowth(Fault f) {
    List<Board> free = new ArrayList<>();
    for (Site site : f.fleet.sites) {
      for (Node node : site.nodes) {
        for (Board board : node.boards) {
          boolean whole = board.instances.isEmpty() && !board.timeSliced;
          if (whole && board.servers.isEmpty() && !f.servers(node).isEmpty()) {
            free.add(board);
          }
        }
      }
    }
    if (free.isEmpty()) {
      cpuGrowth(f);
      return;
    }
    Board board = f.draw.pick(free);
    Job job =
        resident(f, board.node, board, f.draw.pick(List.of("trainer", "renderer", "folding")));
    job.duty = .5;
    job.tensor = .4;
    job.dram = .4;
    job.frameBufferMib = 30000;
    job.pcieBytesPerSecond = f.draw.uniform(5e7, 6e8);
    job.cores = .05;
    double load = f.size.of(.3, .8, 2.0) * f.draw.uniform(.9, 1.2);
    f.fleet.loop.at(
        f.from,
        () -> {
          job.pcieLoad = load;
          job.pcieBytesPerSecond = 2.4e10 * Math.min(1, .4 + .3 * load);
        });
    ContentionFaults.contention(
        f,
        board.node.site,
        job,
        board.node,
        f.servers(board.node),
        s -> s.node == board.node,
        "a pod on another board writes checkpoints over PCIe without end");
  }

  /** A pod on the other instance of a split board brings the board to its power cap. */
  static void boardPower(Fault f) {
    List<Server> able = f.servers(s -> s.instance == Board.Instance.LARGE);
    if (able.isEmpty()) {
      cpuGrowth(f);
      return;
    }
    Server victim = f.draw.pick(able);
    Board board = victim.boards.get(0);
    Job job = resident(f, board.node, board, f.draw.pick(List.of("notebook", "batch-eval")));
    job.instance = Board.Instance.SMALL;
    job.duty = .02;
    job.tensor = .1;
    job.dram = .1;
    job.frameBufferMib = 20000;
    job.cores = .02;
    double tensor = f.size.of(.6, .8, .98);
    f.fleet.loop.at(
        f.from,
        () -> {
          job.duty = 1;
          job.tensor = tensor;
          job.dram = .7;
        });
    ContentionFaults.contention(
        f,
        board.node.site,
        job,
        board.node,
        List.of(victim),
        s -> s == victim,
        "a pod on the other instance takes the power of the board: one clock for both");
  }

  /** An image is slower, and on every node a job starts that takes nothing of anybody. */
  static void imageBesideJobs(Fault f) {
    DeploymentFaults.imageRegression(f, false);
    for (Site site : f.fleet.sites) {
      for (Node node : site.nodes) {
        Job job = ContentionFaults.job(f, "nightly");
        job.cores = f.draw.uniform(.05, .2);
        double at = f.from + f.draw.uniform(-60, 240);
        f.fleet.loop.at(at, () -> site.launch(job, node, null, job.image()));
      }
    }
  }

  /** A pod that is there when the tape begins, and until the fault ends. */
  private static Job resident(Fault f, Node node, Board board, String stem) {
    Job job = ContentionFaults.job(f, stem);
    f.fleet.loop.at(1, () -> node.site.launch(job, node, board, job.image()));
    return job;
  }
}
