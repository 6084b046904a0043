package dev.plumbline.bench.fleet;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Mechanisms that break. Each picks its victim and its moment from its own stream, says what it is
 * and arms itself; in the twin run nothing is armed.
 */
final class Faults {
  /** How hard it hits. */
  enum Size {
    SUBTLE,
    MEDIUM,
    GROSS;

    double of(double subtle, double medium, double gross) {
      return this == SUBTLE ? subtle : this == MEDIUM ? medium : gross;
    }

    static Size drawn(Draw draw) {
      double u = draw.uniform();
      return u < .2 ? SUBTLE : u < .6 ? MEDIUM : GROSS;
    }
  }

  private final Fleet fleet;
  private final Truth truth;
  private final Draw draw;
  private final Size size;
  private final double from;
  private final double to;

  Faults(Fleet fleet, Truth truth, Draw draw) {
    this.fleet = fleet;
    this.truth = truth;
    this.draw = draw;
    size = Size.drawn(draw);
    from = fleet.end * draw.uniform(.36, .62);
    double length = Math.max(1100, Math.min(fleet.end * draw.uniform(.15, .3), 5400));
    to = Math.min(fleet.end - 300, from + length);
  }

  /** Another fault in the same run, with a size and a moment of its own. */
  Faults another() {
    return new Faults(fleet, truth, draw);
  }

  // --------------------------------------------------------------------------------------
  // contention

  void noisyNeighbour() {
    List<Site> able = sites(s -> shared(s) != null && shared(s).servers.size() >= 2);
    if (able.isEmpty()) {
      batchNeighbour();
      return;
    }
    Board board = shared(draw.pick(able));
    Server victim = board.servers.get(draw.below(board.servers.size()));
    Server loud = board.servers.get(0) == victim ? board.servers.get(1) : board.servers.get(0);
    double times = size.of(4, 9, 20) * draw.uniform(.8, 1.3);
    fleet.loop.at(from, () -> loud.deployment.extra("loud", from, to, t -> times - 1));
    Map<String, Object> cause = Truth.entity(loud.deployment);
    Truth.Event main =
        new Truth.Event(
                "gpu.contention",
                Truth.entity(victim),
                from,
                to,
                "time-sliced board: "
                    + loud.spec.name()
                    + " takes "
                    + Texts.go(Math.rint(times * 10) / 10)
                    + "x its load")
            .cause("gpu.contention", cause);
    truth.add(main);
    truth.add(
        new Truth.Event("load.surge", cause, from, to, "the aggressor's own arrivals").optional());
    episode(
        main,
        null,
        s -> s.boards.contains(board),
        cause("gpu.contention", Truth.entity(victim)),
        cause("gpu.contention", cause),
        cause("load.surge", cause));
  }

  /** A batch pod on a time-sliced board. */
  void batchNeighbour() {
    List<Site> able = sites(s -> shared(s) != null && !shared(s).servers.isEmpty());
    if (able.isEmpty()) {
      cpuStarvation();
      return;
    }
    Site site = draw.pick(able);
    Board board = shared(site);
    Job job = job(site, draw.pick(List.of("embed-backfill", "rerank-eval", "finetune-lora")));
    job.duty = size.of(.15, .45, .95);
    job.tensor = draw.uniform(.2, .7);
    job.dram = draw.uniform(.3, .8);
    job.frameBufferMib = 6000;
    job.pcieBytesPerSecond = draw.uniform(1e8, 4e9);
    job.cores = .04;
    fleet.loop.at(from, () -> site.launch(job, board.node, board, image(job)));
    contention(
        site,
        job,
        board.node,
        board.servers,
        s -> s.boards.contains(board),
        "a batch pod shares the time-sliced board, duty " + Texts.go(job.duty));
  }

  void cpuStarvation() {
    Node node = busyNode();
    Job job = job(node.site, draw.pick(List.of("tokenize", "dedup", "etl-export")));
    job.cores = size.of(.95, 1.35, 2.4) * draw.uniform(.95, 1.1);
    fleet.loop.at(from, () -> node.site.launch(job, node, null, image(job)));
    contention(
        node.site,
        job,
        node,
        servers(node),
        s -> s.node == node,
        "a batch pod wants "
            + Texts.go(Math.rint(job.cores * 100))
            + " % of the node's cores: the host's part of each step grows");
  }

  void pcieSaturation() {
    Node node = busyNode();
    Board free = null;
    for (Board b : node.boards) {
      if (b.servers.isEmpty() && b.instances.isEmpty()) {
        free = b;
      }
    }
    Job job = job(node.site, draw.pick(List.of("checkpoint-copy", "video-decode", "shuffle")));
    job.pcieLoad = size.of(.3, .8, 2.0) * draw.uniform(.9, 1.2);
    job.pcieBytesPerSecond = 2.4e10 * Math.min(1, .4 + .3 * job.pcieLoad);
    job.duty = .35;
    job.tensor = .1;
    job.dram = .3;
    job.frameBufferMib = 30000;
    job.cores = .12;
    Board board = free;
    fleet.loop.at(from, () -> node.site.launch(job, node, board, image(job)));
    contention(
        node.site,
        job,
        node,
        servers(node),
        s -> s.node == node,
        "a batch pod on another board saturates PCIe and host memory");
  }

  private void contention(
      Site site, Job job, Node node, List<Server> victims, Predicate<Server> scope, String note) {
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
        new Truth.Event("gpu.contention", Truth.entity(victims.get(0)), from, to, note)
            .cause("gpu.contention", cause);
    List<Map<String, Object>> causes =
        new ArrayList<>(
            List.of(
                cause("gpu.contention", cause),
                cause("gpu.contention", Truth.entity(victims.get(0)))));
    for (Server other : victims.subList(1, victims.size())) {
      main.also(Truth.entity(other));
      causes.add(cause("gpu.contention", Truth.entity(other)));
    }
    main.also(Truth.entity(site, "node", node.name));
    truth.add(main);
    episode(main, null, scope, causes);
  }

  // ------------------------------------------------------------------------------------ boards

  void thermal() {
    Server victim = pick(servers(s -> s.instance == null));
    Board board = victim.boards.get(0);
    double over = size.of(3, 9, 30) * draw.uniform(.9, 1.2);
    Truth.Event main =
        truth.add(
            new Truth.Event(
                "gpu.throttle",
                Truth.entity(board),
                from,
                to,
                "cooling fails: the board heats up and its clocks are held down"));
    fleet.loop.at(
        from,
        () -> {
          double rise = board.product.limitCelsius() + over - board.node.inletCelsius;
          double now = Math.max(8, board.temperature - board.node.inletCelsius);
          board.coolingLoss = rise / now;
          board.inletRise = over / 3;
        });
    fleet.loop.at(
        to,
        () -> {
          board.coolingLoss = 1;
          board.inletRise = 0;
        });
    episode(main, null, s -> s.boards.contains(board), main.asCause());
  }

  void powerBrake() {
    Node node = busyNode();
    Truth.Event main =
        truth.add(
            new Truth.Event(
                "gpu.throttle",
                Truth.entity(node.site, "node", node.name),
                from,
                to,
                "power brake asserted on the node: every board at half clocks"));
    for (Board board : node.boards) {
      main.also(Truth.entity(board));
    }
    brake(node, true, from);
    brake(node, false, to);
    episode(main, null, s -> s.node == node, main.asCause());
  }

  private void brake(Node node, boolean on, double at) {
    fleet.loop.at(at, () -> node.boards.forEach(b -> b.brake = on));
  }

  void boardLoss() {
    Server victim = pick(servers(s -> s.instance == null && !s.boards.get(0).timeSliced));
    Board board = victim.boards.get(0);
    Node node = board.node;
    truth.add(
        new Truth.Event(
            "gpu.fault",
            Truth.entity(board),
            from,
            fleet.end,
            "XID 79, then the board is off the bus; its pod is replaced"));
    truth.add(
        new Truth.Event(
                "telemetry.stale",
                Truth.entity(victim),
                from,
                Math.min(fleet.end, from + 400),
                "the pod ends with its board")
            .optional());
    fleet.loop.at(from, () -> board.xid = 79);
    fleet.loop.at(
        from + draw.uniform(35, 90),
        () -> {
          board.lost = true;
          victim.deployment.remove(victim);
          victim.deployment.reconcile();
        });
    fleet.loop.at(from + draw.uniform(100, 160), () -> allocatable(node, 1));
    episode(
        null,
        null,
        s -> s.deployment == victim.deployment,
        cause("gpu.fault", Truth.entity(board)));
  }

  private void allocatable(Node node, int less) {
    int left = node.boards.size() - less;
    node.site.api.touch(
        "v1/Node/" + node.name,
        o -> Json.map(o, "status", "allocatable").put("nvidia.com/gpu", Integer.toString(left)));
  }

  /** Memory errors that the board survives: a contained one kills the pod, rows are remapped. */
  void memoryErrors() {
    Server victim = pick(servers(s -> true));
    Board board = victim.boards.get(0);
    boolean failed = draw.chance(.4);
    int xid = draw.pick(List.of(94, 63, 48, 64));
    truth.add(
        new Truth.Event(
            "gpu.fault",
            Truth.entity(board),
            from,
            fleet.end,
            "XID " + xid + ", rows remapped" + (failed ? ", and remapping fails" : "")));
    truth.add(
        new Truth.Event(
                "telemetry.stale",
                Truth.entity(victim),
                from,
                Math.min(fleet.end, from + 400),
                "its container restarts")
            .optional());
    fleet.loop.at(
        from,
        () -> {
          board.xid = xid;
          board.uncorrectableRows += draw.between(1, 3);
          board.remapFailures = failed ? 1 : 0;
          for (Server s : List.copyOf(board.servers)) {
            s.deployment.restart(s, "Error");
          }
        });
    episode(null, null, s -> s.boards.contains(board), cause("gpu.fault", Truth.entity(board)));
  }

  // ---------------------------------------------------------------------------------- model
  // servers

  void kvExhaustion() {
    Server victim = pick(servers(s -> true));
    Deployment d = victim.deployment;
    boolean smaller = draw.chance(.4);
    double factor = size.of(2.5, 5, 9);
    Truth.Event main =
        new Truth.Event(
            "gpu.exhaustion",
            Truth.entity(victim),
            from,
            to,
            smaller
                ? "most KV blocks of the server are lost to it"
                : "longer prompts and answers, and more of them, fill the KV cache");
    main.detectableFrom = Double.POSITIVE_INFINITY;
    for (Server s : d.servers) {
      if (s != victim) {
        main.also(Truth.entity(s));
      }
    }
    truth.add(main);
    if (smaller) {
      double lost = 1 - size.of(.12, .07, .04);
      fleet.loop.at(from, () -> d.servers.forEach(s -> s.kvLost = lost));
      fleet.loop.at(to, () -> d.servers.forEach(s -> s.kvLost = 0));
    } else {
      fleet.loop.at(
          from,
          () -> {
            Arrivals more = d.extra("long", from, to, t -> factor / 3);
            more.outputFactor = factor;
            more.promptFactor = Math.sqrt(factor);
          });
      truth.add(
          new Truth.Event("load.surge", Truth.entity(d), from, to, "arrivals rise with it")
              .optional());
    }
    Map<String, Object> cause = cause("gpu.exhaustion", Truth.entity(victim));
    for (Server s : victim.boards.get(0).servers) {
      if (s != victim && s.instance == null) {
        truth.add(
            new Truth.Event(
                    "gpu.contention", Truth.entity(s), from, to, "its neighbour works much more")
                .optional());
      }
    }
    Predicate<Server> touched =
        s -> s.deployment == d || s.boards.contains(victim.boards.get(0)) && s.instance == null;
    truth.episodes.add(new Truth.Episode(null, null, from, to, touched, List.of(cause)));
  }

  /** An image that is slower where it was rolled out: in every step, or in prompts only. */
  void imageRegression(boolean prefillOnly) {
    Deployment d = pickDeployment(x -> x.servers.size() > 0);
    double step = prefillOnly ? 1 : size.of(1.12, 1.32, 1.9) * draw.uniform(.97, 1.05);
    double prefill = prefillOnly ? size.of(1.35, 2.2, 5) * draw.uniform(.95, 1.1) : 1;
    String tag = "v0." + draw.between(12, 14) + "." + draw.between(1, 5);
    String image = Objects.IMAGE + ":" + tag;
    String hash = new Draw(fleet.seed, "template/" + d.spec.name() + tag).hex(9);
    String git = draw.hex(8);
    fleet.loop.at(
        from,
        () ->
            d.site.throughGit(
                git,
                "Deployment",
                d.spec.name(),
                () -> {
                  d.site.api.edit(
                      d.key,
                      d.site.spec.gitops() ? "argocd-controller" : "helm",
                      o -> container(o).put("image", image));
                  d.roll(d.revision.named(hash, image).slower(step, prefill));
                }));
    Map<String, Object> object = field(d, "spec.template.spec.containers[0].image");
    truth.add(
        new Truth.Event(
                "drift.config",
                object,
                from,
                fleet.end,
                "the image differs from its cohort on other sites")
            .optional());
    Truth.Event latency =
        new Truth.Event(
                "latency.swing",
                Truth.entity(d),
                from,
                fleet.end,
                "image "
                    + tag
                    + (prefillOnly
                        ? " computes prompts "
                            + Texts.go(Math.rint(prefill * 100) / 100)
                            + "x as long"
                        : " makes steps " + Texts.go(Math.rint(step * 100) / 100) + "x slower"))
            .cause("drift.config", object);
    truth.episodes.add(
        new Truth.Episode(
            null, latency, from, fleet.end, s -> s.deployment == d, List.of(latency.cause)));
  }

  /** The number of sequences a server takes at once is cut: requests queue. */
  void batchLimit() {
    Deployment d = pickDeployment(x -> x.spec.sharing() == WorkloadSpec.Sharing.WHOLE);
    double inFlight = d.spec.concurrency() * fleet.shape.load() * d.site.spec.load();
    int limit = (int) Math.max(1, Math.round(inFlight * size.of(1.6, 1.15, .9)));
    boolean byHand = draw.chance(.5);
    edit(
        d,
        byHand,
        "spec.template.spec.containers[0].args",
        "--max-num-seqs is " + limit,
        o -> argument(o, "--max-num-seqs", Integer.toString(limit)),
        r -> r.limited(limit),
        true);
  }

  /** Something on the host comes and goes: steps are slow for a minute or two, then not. */
  void oscillation() {
    Node node = busyNode();
    Job cron = new Job(fleet.seed, "host", "kube-system", "host-" + node.name, from, to + 1200);
    cron.cores = size.of(1.2, 2.0, 3.2);
    cron.onSeconds = draw.uniform(70, 200);
    cron.offSeconds = cron.onSeconds * draw.uniform(.8, 1.6);
    fleet.loop.at(from, () -> node.jobs.add(cron));
    fleet.loop.at(cron.to, () -> node.jobs.remove(cron));
    for (Server victim : servers(node)) {
      Truth.Event latency =
          new Truth.Event(
              "latency.swing",
              Truth.entity(victim),
              from,
              cron.to,
              "a host process takes the cores for "
                  + Math.round(cron.onSeconds)
                  + " s of every "
                  + Math.round(cron.onSeconds + cron.offSeconds));
      truth.episodes.add(
          new Truth.Episode(null, latency, from, cron.to, s -> s == victim, List.of()));
    }
    truth.add(
        new Truth.Event(
                "gpu.contention",
                Truth.entity(node.site, "node", node.name),
                from,
                cron.to,
                "the node's cores are short")
            .optional());
    truth.add(
        new Truth.Event(
                "drift.resource",
                Truth.entity(node.site, "node", node.name),
                from,
                cron.to,
                "the node's cores are short")
            .optional());
  }

  /** The container dies again and again; each start is cold. */
  void crashLoop() {
    Server victim = pick(servers(s -> !s.boards.get(0).timeSliced));
    Deployment d = victim.deployment;
    double gap = size.of(1500, 700, 380);
    String reason = draw.pick(List.of("OOMKilled", "Error"));
    for (double t = from; t < to; t += gap * draw.uniform(.8, 1.2)) {
      fleet.loop.at(
          t,
          () -> {
            if (reason.equals("OOMKilled")) {
              victim.node.oomKills++;
            }
            d.restart(victim, reason);
          });
    }
    truth.add(
        new Truth.Event(
                "telemetry.stale",
                Truth.entity(victim),
                from,
                to,
                "the server is starting most of the time")
            .optional());
    truth.add(
        new Truth.Event(
                "drift.resource",
                Truth.entity(victim),
                from,
                to,
                "its container is killed again and again")
            .optional());
    episode(null, null, s -> s.deployment == d, List.of());
  }

  void memoryLeak() {
    Server victim = pick(servers(s -> true));
    double perHour = size.of(50e6, 120e6, 320e6) * draw.uniform(.8, 1.25);
    double start = fleet.end * draw.uniform(.15, .35);
    boolean restarts = draw.chance(.4);
    fleet.loop.at(
        start,
        () -> {
          victim.leakFrom = start;
          victim.leakBytesPerSecond = perHour / 3600;
        });
    if (restarts) {
      fleet.loop.at(
          start + (fleet.end - start) * draw.uniform(.5, .7),
          () -> victim.deployment.restart(victim, "Error"));
    }
    Truth.Event e =
        truth.add(
            new Truth.Event(
                "drift.resource",
                Truth.entity(victim),
                start,
                fleet.end,
                "resident memory grows "
                    + Math.round(perHour / 1e6)
                    + " MB an hour; the cohort's does not"));
    e.detectableFrom = start + 40e6 / perHour * 3600;
    e.size = size.name().toLowerCase(java.util.Locale.ROOT);
  }

  // ------------------------------------------------------------------------------------
  // configuration

  void outOfBand() {
    Deployment d = pickDeployment(x -> true);
    int which = draw.below(4);
    if (which == 0) {
      edit(
          d,
          true,
          "spec.template.spec.containers[0].env[1].value",
          "an environment variable",
          o -> Json.map(container(o), "env", 1).put("value", "64"),
          r -> r,
          false);
    } else if (which == 1) {
      edit(
          d,
          true,
          "spec.template.spec.containers[0].resources.limits",
          "limits",
          o -> {
            Json.map(container(o), "resources", "limits").put("memory", "48Gi");
            Json.map(container(o), "resources", "limits").put("cpu", "6");
          },
          r -> r,
          false);
    } else if (which == 2) {
      edit(
          d,
          true,
          "spec.template.spec.containers[0].args",
          "an argument",
          o -> argument(o, "--max-model-len", "8192"),
          r -> r,
          false);
    } else {
      String image = Objects.IMAGE + ":v0.11.0-hotfix" + draw.between(1, 9);
      edit(
          d,
          true,
          "spec.template.spec.containers[0].image",
          "the image",
          o -> container(o).put("image", image),
          r -> r.named(r.hash(), image),
          false);
    }
  }

  /** Changes a Deployment by hand or through Git, and rolls its pods. */
  private void edit(
      Deployment d,
      boolean byHand,
      String path,
      String what,
      Consumer<Map<String, Object>> change,
      java.util.function.UnaryOperator<Deployment.Revision> effect,
      boolean harmful) {
    String hash = draw.hex(9);
    String manager =
        byHand
            ? draw.pick(List.of("kubectl-edit", "kubectl-patch", "Mozilla"))
            : d.site.spec.gitops() ? "argocd-controller" : "helm";
    String git = draw.hex(8);
    double noticed = draw.uniform(60, 200);
    Runnable act =
        () -> {
          d.site.api.edit(d.key, manager, change);
          Deployment.Revision r = effect.apply(d.revision);
          d.roll(r.named(hash, r.image()));
          if (byHand) {
            d.site.outOfSync("Deployment", d.spec.name(), noticed);
          }
        };
    fleet.loop.at(
        from,
        () -> {
          if (byHand) {
            act.run();
          } else {
            d.site.throughGit(git, "Deployment", d.spec.name(), act);
          }
        });
    Map<String, Object> object = field(d, path);
    Truth.Event drift =
        new Truth.Event(
            "drift.config",
            object,
            from,
            fleet.end,
            what
                + " of the live Deployment changed "
                + (byHand ? "by hand (" + manager + "), not in Git" : "on one site only"));
    gitops(drift, d.site);
    drift.optional = !byHand;
    truth.add(drift);
    if (harmful) {
      Truth.Event latency =
          new Truth.Event("latency.swing", Truth.entity(d), from, fleet.end, what)
              .cause("drift.config", object);
      truth.episodes.add(
          new Truth.Episode(
              null, latency, from, fleet.end, s -> s.deployment == d, List.of(latency.cause)));
    } else {
      episode(null, null, s -> s.deployment == d, List.of(cause("drift.config", object)));
    }
  }

  private void gitops(Truth.Event e, Site site) {
    if (site.spec.gitops()) {
      e.also(
          Truth.entity(
              site, "object", "argoproj.io/v1alpha1/Application/argocd/" + site.application()));
    }
  }

  void policyDeleted() {
    Site site = draw.pick(fleet.sites);
    List<String> rails = new ArrayList<>(site.api.keys(Objects.NETWORK));
    rails.addAll(site.api.keys(Objects.KYVERNO));
    rails.addAll(site.api.keys(Objects.GATEKEEPER));
    rails.addAll(site.api.keys("v1/ResourceQuota/"));
    String key = draw.pick(rails);
    String[] parts = key.split("/");
    double noticed = draw.uniform(60, 200);
    fleet.loop.at(
        from,
        () -> {
          site.api.delete(key);
          site.outOfSync(parts[2], parts[parts.length - 1], noticed);
        });
    Truth.Event e =
        new Truth.Event(
            "drift.policy",
            Truth.entity(site, "object", key),
            from,
            fleet.end,
            "guard rail deleted out of band on one site; the others keep it");
    gitops(e, site);
    truth.add(e);
  }

  void policyWeakened() {
    Site site = draw.pick(fleet.sites);
    String manager = draw.pick(List.of("kubectl-patch", "kubectl-edit", "k9s"));
    int which = draw.below(5);
    String key;
    String path;
    Consumer<Map<String, Object>> change;
    if (which == 0) {
      key = draw.pick(site.api.keys(Objects.KYVERNO));
      path = "spec.validationFailureAction";
      change = o -> Json.map(o, "spec").put("validationFailureAction", "Audit");
    } else if (which == 1) {
      key = draw.pick(site.api.keys(Objects.GATEKEEPER));
      path = "spec.enforcementAction";
      String to = draw.pick(List.of("dryrun", "warn"));
      change = o -> Json.map(o, "spec").put("enforcementAction", to);
    } else if (which == 2) {
      key = draw.pick(site.api.keys(Objects.NETWORK));
      path = "spec.ingress";
      change = o -> Json.array(o, "spec", "ingress").add(Json.of());
    } else if (which == 3) {
      key = draw.pick(site.api.keys(Objects.KYVERNO));
      path = "spec.rules[0].exclude";
      change =
          o ->
              Json.map(o, "spec", "rules", 0)
                  .put(
                      "exclude",
                      Json.of(
                          "any",
                          Json.list(
                              Json.of("resources", Json.of("namespaces", Json.list("team-*"))))));
    } else {
      key = "v1/ResourceQuota/team-lab/gpu-quota";
      path = "spec.hard";
      change = o -> Json.map(o, "spec", "hard").put("requests.nvidia.com/gpu", "64");
    }
    String[] parts = key.split("/");
    double noticed = draw.uniform(60, 200);
    boolean seenByGit = draw.chance(.5);
    fleet.loop.at(
        from,
        () -> {
          site.api.edit(key, manager, change);
          if (seenByGit) {
            site.outOfSync(parts[2], parts[parts.length - 1], noticed);
          }
        });
    Truth.Event e =
        new Truth.Event(
            "drift.policy",
            Truth.entity(site, "object", key, "field", path),
            from,
            fleet.end,
            "guard rail weakened out of band (" + manager + ")");
    gitops(e, site);
    truth.add(e);
  }

  /** A quota is cut by hand: what runs goes on, what restarts may not come back. */
  void quotaCut() {
    Site site = draw.pick(fleet.sites);
    String key = "v1/ResourceQuota/team-lab/gpu-quota";
    String to = Integer.toString(draw.between(1, 3));
    fleet.loop.at(
        from,
        () ->
            site.api.edit(
                key,
                "kubectl-edit",
                o -> Json.map(o, "spec", "hard").put("requests.nvidia.com/gpu", to)));
    Truth.Event e =
        new Truth.Event(
            "drift.config",
            Truth.entity(site, "object", key, "field", "spec.hard.requests.nvidia.com/gpu"),
            from,
            fleet.end,
            "quota cut from 8 to " + to + " by hand");
    truth.add(e);
    truth.add(
        new Truth.Event(
                "drift.policy", e.entity, from, fleet.end, "the same, as a guard rail that changed")
            .optional());
  }

  void newViolation() {
    Deployment d = pickDeployment(x -> true);
    Site site = d.site;
    if (draw.chance(.6)) {
      String key =
          site.api.keys("wgpolicyk8s.io/v1alpha2/PolicyReport/" + d.namespace() + "/").get(0);
      for (String k :
          site.api.keys("wgpolicyk8s.io/v1alpha2/PolicyReport/" + d.namespace() + "/")) {
        if (d.spec.name().equals(Json.map(site.api.get(k), "scope").get("name"))) {
          key = k;
        }
      }
      String report = key;
      List<String> candidates = new ArrayList<>(site.policies());
      candidates.remove("require-probes");
      String policy = draw.pick(candidates);
      fleet.loop.at(
          from,
          () ->
              site.api.touch(
                  report, o -> Objects.results(site, o, List.of(policy), fleet.loop.now())));
      truth.add(
          new Truth.Event(
                  "drift.policy",
                  Truth.entity(
                      site,
                      "object",
                      report,
                      "namespace",
                      d.namespace(),
                      "workload",
                      d.spec.name()),
                  from,
                  fleet.end,
                  "a new violation of " + policy)
              .also(Truth.entity(site, "object", Objects.KYVERNO + policy))
              .also(Truth.entity(site, "object", d.key)));
    } else {
      String key = draw.pick(site.api.keys(Objects.GATEKEEPER));
      int n = draw.between(1, 40);
      fleet.loop.at(
          from,
          () ->
              site.api.touch(
                  key,
                  o -> {
                    List<Object> rows = new ArrayList<>();
                    for (int i = 0; i < Math.min(20, n); i++) {
                      rows.add(
                          Json.of(
                              "group",
                              "",
                              "version",
                              "v1",
                              "kind",
                              "Pod",
                              "name",
                              d.spec.name() + "-debug-" + i,
                              "namespace",
                              d.namespace(),
                              "message",
                              "not allowed",
                              "enforcementAction",
                              "deny"));
                    }
                    Map<String, Object> status = Json.map(o, "status");
                    status.put("auditTimestamp", fleet.moments.kube(fleet.loop.now()));
                    status.put("totalViolations", n);
                    status.put("violations", rows);
                  }));
      Truth.Event audit =
          truth.add(
              new Truth.Event(
                  "drift.policy",
                  Truth.entity(site, "object", key),
                  from,
                  fleet.end,
                  n + " new violations in the audit"));
      for (int i = 0; i < Math.min(20, n); i++) {
        String pod = "v1/Pod/" + d.namespace() + "/" + d.spec.name() + "-debug-" + i;
        audit.also(Truth.entity(site, "namespace", d.namespace(), "object", pod));
      }
    }
  }

  void residencyPod() {
    Site site = pick(sites(s -> !s.spec.jurisdiction().equals("eu")));
    String name = draw.pick(List.of("claims-search", "hr-assist", "contract-index"));
    String set = name + "-" + draw.hex(9);
    String pod = set + "-" + draw.suffix();
    String ns = "team-risk-eu";
    Node node = draw.pick(site.nodes);
    boolean stays = draw.chance(.5);
    double until = stays ? fleet.end : to;
    fleet.loop.at(from - 600, () -> site.api.create(Objects.namespace(site, ns, "eu")));
    fleet.loop.at(
        from,
        () ->
            site.api.create(
                Objects.plainPod(
                    site,
                    ns,
                    pod,
                    node.name,
                    Objects.IMAGE + ":v0.11.0",
                    "ReplicaSet",
                    set,
                    Json.of("app", name),
                    Json.of("cpu", "4"),
                    fleet.loop.now())));
    if (!stays) {
      fleet.loop.at(to, () -> site.api.delete("v1/Pod/" + ns + "/" + pod));
    }
    truth.add(
        new Truth.Event(
            "drift.residency",
            Truth.entity(
                site,
                "namespace",
                ns,
                "workload",
                name,
                "pod",
                pod,
                "node",
                node.name,
                "object",
                "v1/Pod/" + ns + "/" + pod),
            from,
            until,
            "the namespace allows eu only; the site is in " + site.spec.jurisdiction()));
  }

  void residencyDatabase() {
    Site site = pick(sites(s -> !s.spec.jurisdiction().equals("eu")));
    String ns = "databases-eu";
    String name = draw.pick(List.of("pg-patients", "pg-accounts")) + "-standby";
    fleet.loop.at(from - 400, () -> site.api.create(Objects.namespace(site, ns, "eu")));
    fleet.loop.at(
        from,
        () -> {
          Map<String, Object> o = Objects.postgres(site, ns, name, 1);
          Json.map(o, "spec")
              .put(
                  "replica",
                  Json.of(
                      "enabled",
                      true,
                      "source",
                      "primary-eu",
                      "primary",
                      "primary-eu",
                      "self",
                      name));
          site.api.create(o);
        });
    fleet.loop.at(
        from + 30,
        () ->
            site.api.create(
                Objects.plainPod(
                    site,
                    ns,
                    name + "-1",
                    site.nodes.get(0).name,
                    Objects.REGISTRY + "/postgresql:17.6",
                    "Cluster",
                    name,
                    Json.of("cnpg.io/cluster", name),
                    Json.of("cpu", "8"),
                    fleet.loop.now())));
    truth.add(
        new Truth.Event(
                "drift.residency",
                Truth.entity(
                    site,
                    "namespace",
                    ns,
                    "workload",
                    name,
                    "object",
                    Objects.POSTGRES + ns + "/" + name),
                from,
                fleet.end,
                "a standby of an eu-only database in " + site.spec.jurisdiction())
            .also(
                Truth.entity(
                    site,
                    "namespace",
                    ns,
                    "pod",
                    name + "-1",
                    "object",
                    "v1/Pod/" + ns + "/" + name + "-1")));
  }

  void driverDrift() {
    Node node = busyNode();
    Site site = node.site;
    String driver = draw.pick(List.of("575.57.08", "570.148.08", "580.65.06"));
    boolean kernelToo = draw.chance(.3);
    double slower = draw.chance(.35) ? 1 : size.of(1.1, 1.25, 1.5);
    double down = draw.uniform(120, 260);
    fleet.loop.at(
        from,
        () ->
            Benign.reboot(
                node,
                down,
                () -> {
                  node.driver = driver;
                  node.slowdown = slower;
                  if (kernelToo) {
                    node.kernel = "5.14.0-503.40.1.el9_5.x86_64";
                  }
                  site.fleet.loop.in(
                      5,
                      () ->
                          site.api.touch(
                              "v1/Node/" + node.name,
                              o -> {
                                Objects.driverLabels(Json.map(o, "metadata", "labels"), driver);
                                Json.map(o, "status", "nodeInfo").put("kernelVersion", node.kernel);
                              }));
                }));
    truth.add(
        new Truth.Event(
                "telemetry.stale",
                Truth.entity(site, "node", node.name),
                from,
                from + down,
                "node reboots")
            .optional());
    for (Server s : servers(node)) {
      truth.add(
          new Truth.Event(
                  "telemetry.stale",
                  Truth.entity(s),
                  from,
                  Math.min(fleet.end, from + down + 500),
                  "its node reboots")
              .optional());
    }
    double back = from + down + 5;
    Map<String, Object> object =
        Truth.entity(
            site,
            "node",
            node.name,
            "object",
            "v1/Node/" + node.name,
            "field",
            "nvidia.com/cuda.driver-version.full");
    Truth.Event drift =
        truth.add(
            new Truth.Event(
                "drift.config",
                object,
                back,
                fleet.end,
                "the node came back with another driver than the fleet"));
    if (kernelToo) {
      drift.also(
          Truth.entity(
              site,
              "node",
              node.name,
              "object",
              "v1/Node/" + node.name,
              "field",
              "status.nodeInfo.kernelVersion"));
    }
    truth.episodes.add(
        new Truth.Episode(
            null, null, back, fleet.end, s -> s.node == node, List.of(drift.asCause())));
  }

  void databaseDrift() {
    Site site = draw.pick(fleet.sites);
    Database db = site.database;
    int which = draw.below(4);
    String path;
    Consumer<Map<String, Object>> change;
    Runnable effect = () -> {};
    String manager = "kubectl-edit";
    if (which == 0) {
      path = "spec.postgresql.parameters.work_mem";
      change = o -> Json.map(o, "spec", "postgresql", "parameters").put("work_mem", "256MB");
      effect = () -> db.settings.put("work_mem", 262144.0);
    } else if (which == 1) {
      path = "spec.postgresql.parameters.max_connections";
      change = o -> Json.map(o, "spec", "postgresql", "parameters").put("max_connections", "120");
      effect = () -> db.settings.put("max_connections", 120.0);
    } else if (which == 2) {
      path = "spec.imageName";
      change = o -> Json.map(o, "spec").put("imageName", Objects.REGISTRY + "/postgresql:17.2");
      effect = () -> db.version = "17.2";
    } else {
      path = "spec.postgresql.extensions";
      change =
          o ->
              Json.map(o, "spec", "postgresql", "extensions", 0, "image")
                  .put("reference", Objects.REGISTRY + "/pgvector:0.7.4");
      effect = () -> db.vector = "0.7.4";
    }
    Runnable then = effect;
    fleet.loop.at(from, () -> site.api.edit(db.key, manager, change));
    fleet.loop.at(from + draw.uniform(20, 120), then);
    Truth.Event e =
        truth.add(
            new Truth.Event(
                "drift.config",
                Truth.entity(
                    site,
                    "object",
                    db.key,
                    "field",
                    path,
                    "namespace",
                    "databases",
                    "workload",
                    db.name),
                from,
                fleet.end,
                "one site's Postgres differs from the sites that should match"));
    gitops(e, site);
  }

  void machineDrift() {
    Site site = draw.pick(fleet.sites);
    String vmi = Objects.VMI + site.machine;
    String vm = Objects.VM + site.machine;
    int which = draw.below(3);
    Truth.Event e;
    if (which == 0) {
      fleet.loop.at(
          from,
          () -> {
            site.launcherOutdated = "true";
            site.api.touch(
                vmi,
                o -> {
                  Json.map(o, "metadata", "labels").put("kubevirt.io/outdatedLauncherImage", "");
                  Json.map(o, "status")
                      .put("launcherContainerImageVersion", Objects.launcher("v1.7.0"));
                });
          });
      e =
          new Truth.Event(
              "drift.config",
              Truth.entity(
                  site,
                  "object",
                  vmi,
                  "field",
                  "metadata.labels[kubevirt.io/outdatedLauncherImage]",
                  "namespace",
                  "vm-workloads",
                  "workload",
                  site.machine),
              from,
              fleet.end,
              "the VM still runs on an outdated launcher");
    } else if (which == 1) {
      fleet.loop.at(
          from,
          () -> {
            site.api.edit(
                vm,
                "virtctl",
                o ->
                    Json.map(o, "spec", "template", "spec", "domain", "memory")
                        .put("guest", "64Gi"));
            fleet.loop.in(
                2,
                () ->
                    site.api.touch(
                        vm,
                        o ->
                            Json.array(o, "status", "conditions")
                                .add(Json.of("type", "RestartRequired", "status", "True"))));
          });
      e =
          new Truth.Event(
              "drift.config",
              Truth.entity(
                  site,
                  "object",
                  vm,
                  "field",
                  "spec.template.spec.domain.memory.guest",
                  "namespace",
                  "vm-workloads",
                  "workload",
                  site.machine),
              from,
              fleet.end,
              "memory edited by hand, not live: restart required");
      gitops(e, site);
    } else {
      fleet.loop.at(
          from,
          () ->
              site.api.edit(
                  vm,
                  "kubectl-edit",
                  o ->
                      Json.map(o, "spec", "template", "spec", "domain", "machine")
                          .put("type", "pc-q35-rhel9.2.0")));
      e =
          new Truth.Event(
              "drift.config",
              Truth.entity(
                  site,
                  "object",
                  vm,
                  "field",
                  "spec.template.spec.domain.machine.type",
                  "namespace",
                  "vm-workloads",
                  "workload",
                  site.machine),
              from,
              fleet.end,
              "machine type differs from the other sites");
      gitops(e, site);
    }
    e.also(Truth.entity(site, "object", vm, "namespace", "vm-workloads"))
        .also(Truth.entity(site, "object", vmi, "namespace", "vm-workloads"));
    truth.add(e);
  }

  // ------------------------------------------------------------------------------------- telemetry

  void agentSilence() {
    Site site = draw.pick(fleet.sites);
    double end =
        Math.min(
            fleet.end - 200, from + Math.max(7 * fleet.shape.interval(), draw.uniform(700, 2400)));
    boolean restarted = draw.chance(.5);
    fleet.loop.at(from, () -> site.agentSilent = true);
    fleet.loop.at(
        end,
        () -> {
          site.agentSilent = false;
          if (restarted) {
            site.introduce();
          }
          site.api.list(!restarted);
        });
    truth.add(
        new Truth.Event(
            "telemetry.stale", Truth.entity(site), from, end, "the agent says nothing at all"));
  }

  void targetFailing() {
    Site site = draw.pick(fleet.sites);
    String error =
        draw.pick(
            List.of(
                "server returned HTTP status 500 Internal Server Error",
                "dial tcp: i/o timeout",
                "connection refused"));
    boolean server = draw.chance(.6);
    Target target;
    Map<String, Object> entity;
    double end =
        Math.min(
            fleet.end - 100, from + Math.max(8 * fleet.shape.interval(), draw.uniform(900, 2700)));
    if (server) {
      Server s = pick(servers(x -> x.node.site == site));
      target = s.deployment.target(s);
      entity =
          Truth.entity(
              site, "namespace", s.spec.namespace(), "workload", s.spec.name(), "pod", s.pod);
    } else {
      Node node = draw.pick(site.nodes);
      target = site.targetsOf(node).get(draw.below(2));
      entity = Truth.entity(site, "node", node.name);
      end = Math.min(fleet.end - 100, Math.max(end, from + 16 * fleet.shape.interval()));
    }
    fleet.loop.at(from, () -> target.fail(error));
    fleet.loop.at(end, () -> target.fail(null));
    truth.add(
        new Truth.Event(
            "telemetry.stale",
            entity,
            from,
            end,
            "one target's scrapes fail (" + target.source + ") while the rest reports"));
  }

  void clockSkew() {
    Site site = draw.pick(fleet.sites);
    int which = draw.below(3);
    double by = size.of(20, 65, 400) * (draw.chance(.5) ? 1 : -1) * draw.uniform(.9, 1.1);
    by = Math.abs(by) > 110 && which != 2 ? Math.signum(by) * 110 : by;
    double skew = by;
    Truth.Event e;
    if (which == 0) {
      fleet.loop.at(
          from,
          () -> {
            site.agentAhead = skew;
            site.nodes.get(0).clockSynchronised = false;
          });
      fleet.loop.at(
          to,
          () -> {
            site.agentAhead = 0;
            site.nodes.get(0).clockSynchronised = true;
          });
      e =
          new Truth.Event(
                  "telemetry.skew",
                  Truth.entity(site, "node", site.nodes.get(0).name),
                  from,
                  to,
                  "the agent's clock steps by " + Math.round(skew) + " s")
              .also(Truth.entity(site));
    } else if (which == 1) {
      double rate = skew / (to - from);
      fleet.loop.at(
          from,
          () -> {
            site.agentDriftFrom = from;
            site.agentDrift = rate;
            site.nodes.get(0).clockSynchronised = false;
          });
      fleet.loop.at(
          to,
          () -> {
            site.agentDriftFrom = Double.POSITIVE_INFINITY;
            site.nodes.get(0).clockSynchronised = true;
          });
      e =
          new Truth.Event(
                  "telemetry.skew",
                  Truth.entity(site, "node", site.nodes.get(0).name),
                  from,
                  to,
                  "the agent's clock drifts to " + Math.round(skew) + " s")
              .also(Truth.entity(site));
      e.detectableFrom = from + (to - from) * Math.min(1, 5 / Math.abs(skew));
    } else {
      Node node = site.nodes.get(draw.between(1, site.nodes.size() - 1));
      fleet.loop.at(
          from,
          () -> {
            node.ahead = skew;
            node.clockSynchronised = false;
          });
      fleet.loop.at(
          to,
          () -> {
            node.ahead = 0;
            node.clockSynchronised = true;
          });
      e =
          new Truth.Event(
              "telemetry.skew",
              Truth.entity(site, "node", node.name),
              from,
              to,
              "one node's clock steps by " + Math.round(skew) + " s");
    }
    e.size = size.name().toLowerCase(java.util.Locale.ROOT);
    truth.add(e);
  }

  // ---------------------------------------------------------------------------------------
  // choosing

  private static Map<String, Object> cause(String kind, Map<String, Object> entity) {
    return Json.of("kind", kind, "entity", entity);
  }

  @SafeVarargs
  private void episode(
      Truth.Event main,
      Truth.Event latency,
      Predicate<Server> scope,
      Map<String, Object>... causes) {
    episode(main, latency, scope, List.of(causes));
  }

  private void episode(
      Truth.Event main,
      Truth.Event latency,
      Predicate<Server> scope,
      List<Map<String, Object>> causes) {
    truth.episodes.add(
        new Truth.Episode(main, latency, from, main == null ? to : main.to, scope, causes));
  }

  private Map<String, Object> field(Deployment d, String path) {
    return Truth.entity(
        d.site,
        "namespace",
        d.namespace(),
        "workload",
        d.spec.name(),
        "object",
        d.key,
        "field",
        path);
  }

  static Map<String, Object> container(Map<String, Object> deployment) {
    return Json.map(deployment, "spec", "template", "spec", "containers", 0);
  }

  static void argument(Map<String, Object> deployment, String name, String value) {
    List<Object> args = Json.array(container(deployment), "args");
    args.set(args.indexOf(name) + 1, value);
  }

  private Job job(Site site, String stem) {
    String name = stem + "-" + draw.between(100, 999);
    return new Job(fleet.seed, name, "team-lab", name + "-" + draw.hex(5), from, to);
  }

  static String image(Job job) {
    return Objects.REGISTRY + "/batch/" + job.name.replaceAll("-\\d+$", "") + ":3.0.2";
  }

  private static Board shared(Site site) {
    for (Node node : site.nodes) {
      for (Board board : node.boards) {
        if (board.timeSliced) {
          return board;
        }
      }
    }
    return null;
  }

  private List<Site> sites(Predicate<Site> where) {
    return fleet.sites.stream().filter(where).toList();
  }

  private List<Server> servers(Predicate<Server> where) {
    List<Server> out = new ArrayList<>();
    for (Site site : fleet.sites) {
      for (Deployment d : site.deployments) {
        for (Server s : d.servers) {
          if (where.test(s)) {
            out.add(s);
          }
        }
      }
    }
    return out;
  }

  private List<Server> servers(Node node) {
    return servers(s -> s.node == node);
  }

  private Node busyNode() {
    return pick(servers(s -> s.spec.concurrency() >= .5)).node;
  }

  private Deployment pickDeployment(Predicate<Deployment> where) {
    List<Deployment> out = new ArrayList<>();
    for (Site site : fleet.sites) {
      for (Deployment d : site.deployments) {
        if (where.test(d)) {
          out.add(d);
        }
      }
    }
    return draw.pick(out);
  }

  private <T> T pick(List<T> of) {
    return draw.pick(of);
  }
}
