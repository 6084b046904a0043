package dev.plumbline.bench.fleet;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** Work that takes boards, cores or the bus from those who share them. */
final class ContentionFaults {
  private ContentionFaults() {}

  static void noisyNeighbour(Fault f) {
    List<Site> able = f.sites(s -> shared(s) != null && shared(s).servers.size() >= 2);
    if (able.isEmpty()) {
      batchNeighbour(f);
      return;
    }
    Board board = shared(f.draw.pick(able));
    Server victim = board.servers.get(f.draw.below(board.servers.size()));
    Server loud = board.servers.get(0) == victim ? board.servers.get(1) : board.servers.get(0);
    double times = f.size.of(4, 9, 20) * f.draw.uniform(.8, 1.3);
    f.fleet.loop.at(f.from, () -> loud.deployment.extra("loud", f.from, f.to, t -> times - 1));
    Map<String, Object> cause = Truth.entity(loud.deployment);
    Truth.Event main =
        new Truth.Event(
                "gpu.contention",
                Truth.entity(victim),
                f.from,
                f.to,
                "time-sliced board: "
                    + loud.spec.name()
                    + " takes "
                    + Texts.go(Math.rint(times * 10) / 10)
                    + "x its load")
            .cause("gpu.contention", cause);
    f.truth.add(main);
    f.truth.add(
        new Truth.Event("load.surge", cause, f.from, f.to, "the aggressor's own arrivals")
            .optional());
    f.episode(
        main,
        null,
        s -> s.boards.contains(board),
        Truth.cause("gpu.contention", Truth.entity(victim)),
        Truth.cause("gpu.contention", cause),
        Truth.cause("load.surge", cause));
  }

  /** A batch pod on a time-sliced board. */
  static void batchNeighbour(Fault f) {
    List<Site> able = f.sites(s -> shared(s) != null && !shared(s).servers.isEmpty());
    if (able.isEmpty()) {
      cpuStarvation(f);
      return;
    }
    Site site = f.draw.pick(able);
    Board board = shared(site);
    Job job = job(f, f.draw.pick(List.of("embed-backfill", "rerank-eval", "finetune-lora")));
    job.duty = f.size.of(.15, .45, .95);
    job.tensor = f.draw.uniform(.2, .7);
    job.dram = f.draw.uniform(.3, .8);
    job.frameBufferMib = 6000;
    job.pcieBytesPerSecond = f.draw.uniform(1e8, 4e9);
    job.cores = .04;
    f.fleet.loop.at(f.from, () -> site.launch(job, board.node, board, job.image()));
    contention(
        f,
        site,
        job,
        board.node,
        board.servers,
        s -> s.boards.contains(board),
        "a batch pod shares the time-sliced board, duty " + Texts.go(job.duty));
  }

  static void cpuStarvation(Fault f) {
    Node node = f.busyNode();
    Job job = job(f, f.draw.pick(List.of("tokenize", "dedup", "etl-export")));
    job.cores = f.size.of(.95, 1.35, 2.4) * f.draw.uniform(.95, 1.1);
    f.fleet.loop.at(f.from, () -> node.site.launch(job, node, null, job.image()));
    contention(
        f,
        node.site,
        job,
        node,
        f.servers(node),
        s -> s.node == node,
        "a batch pod wants "
            + Texts.go(Math.rint(job.cores * 100))
            + " % of the node's cores: the host's part of each step grows");
  }

  static void pcieSaturation(Fault f) {
    Node node = f.busyNode();
    Board free = null;
    for (Board b : node.boards) {
      if (b.servers.isEmpty() && b.instances.isEmpty()) {
        free = b;
      }
    }
    Job job = job(f, f.draw.pick(List.of("checkpoint-copy", "video-decode", "shuffle")));
    job.pcieLoad = f.size.of(.3, .8, 2.0) * f.draw.uniform(.9, 1.2);
    job.pcieBytesPerSecond = 2.4e10 * Math.min(1, .4 + .3 * job.pcieLoad);
    job.duty = .35;
    job.tensor = .1;
    job.dram = .3;
    job.frameBufferMib = 30000;
    job.cores = .12;
    Board board = free;
    f.fleet.loop.at(f.from, () -> node.site.launch(job, node, board, job.image()));
    contention(
        f,
        node.site,
        job,
        node,
        f.servers(node),
        s -> s.node == node,
        "a batch pod on another board saturates PCIe and host memory");
  }

  /** Something on the host comes and goes: steps are slow for a minute or two, then not. */
  static void oscillation(Fault f) {
    Node node = f.busyNode();
    Job cron =
        new Job(f.fleet.seed, "host", "kube-system", "host-" + node.name, f.from, f.to + 1200);
    cron.cores = f.size.of(1.2, 2.0, 3.2);
    cron.onSeconds = f.draw.uniform(70, 200);
    cron.offSeconds = cron.onSeconds * f.draw.uniform(.8, 1.6);
    f.fleet.loop.at(f.from, () -> node.jobs.add(cron));
    f.fleet.loop.at(cron.to, () -> node.jobs.remove(cron));
    for (Server victim : f.servers(node)) {
      Truth.Event latency =
          new Truth.Event(
              "latency.swing",
              Truth.entity(victim),
              f.from,
              cron.to,
              "a host process takes the cores for "
                  + Math.round(cron.onSeconds)
                  + " s of every "
                  + Math.round(cron.onSeconds + cron.offSeconds));
      f.truth.episodes.add(
          new Truth.Episode(null, latency, f.from, cron.to, s -> s == victim, List.of()));
    }
    Truth.Event shortage =
        new Truth.Event(
                "gpu.contention",
                Truth.entity(node.site, "node", node.name),
                f.from,
                cron.to,
                "the node's cores are short")
            .optional();
    f.servers(node).forEach(victim -> shortage.also(Truth.entity(victim)));
    f.truth.add(shortage);
    f.truth.add(
        new Truth.Event(
                "drift.resource",
                Truth.entity(node.site, "node", node.name),
                f.from,
                cron.to,
                "the node's cores are short")
            .optional());
  }

  static void contention(
      Fault f,
      Site site,
      Job job,
      Node node,
      List<Server> victims,
      Predicate<Server> scope,
      String note) {
    Map<String, Object> cause =
        Truth.entity(
            site,
            "namespace",
            job.namespace,
            "workload",
            job.name,
            "pod",
            job.pod,
            "node",
            node.name);
    Truth.Event main =
        new Truth.Event("gpu.contention", Truth.entity(victims.get(0)), f.from, f.to, note)
            .cause("gpu.contention", cause);
    List<Map<String, Object>> causes =
        new ArrayList<>(
            List.of(
                Truth.cause("gpu.contention", cause),
                Truth.cause("gpu.contention", Truth.entity(victims.get(0)))));
    for (Server other : victims.subList(1, victims.size())) {
      main.also(Truth.entity(other));
      causes.add(Truth.cause("gpu.contention", Truth.entity(other)));
    }
    main.also(Truth.entity(site, "node", node.name));
    f.truth.add(main);
    f.episode(main, null, scope, causes);
  }

  static Board shared(Site site) {
    for (Node node : site.nodes) {
      for (Board board : node.boards) {
        if (board.timeSliced) {
          return board;
        }
      }
    }
    return null;
  }

  static Job job(Fault f, String stem) {
    String name = stem + "-" + f.draw.between(100, 999);
    return new Job(f.fleet.seed, name, "team-lab", name + "-" + f.draw.hex(5), f.from, f.to);
  }
}
