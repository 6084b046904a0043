package dev.plumbline.bench.fleet;

import java.util.ArrayList;
import java.util.List;

/** What happens to every healthy fleet, and must not be taken for a fault. */
final class Benign {
  private final Fleet fleet;
  private final Truth truth;
  private final Draw draw;

  Benign(Fleet fleet, Truth truth, Draw draw) {
    this.fleet = fleet;
    this.truth = truth;
    this.draw = draw;
  }

  private double moment(double low, double high) {
    return fleet.end * draw.uniform(low, high);
  }

  /** A training job that has a board to itself, at its power cap. */
  void trainingAlone() {
    for (Site site : fleet.sites) {
      Node node = null;
      Board board = null;
      for (Node n : site.nodes) {
        for (Board b : n.boards) {
          if (b.servers.isEmpty() && b.instances.isEmpty() && !b.timeSliced) {
            node = n;
            board = b;
          }
        }
      }
      if (board == null || !draw.chance(.7)) {
        continue;
      }
      double from = moment(.05, .5);
      double to = Math.min(fleet.end - 60, from + draw.uniform(1500, 6000));
      String name = draw.pick(List.of("nightly-train", "weekly-eval", "distil"));
      Job job = new Job(fleet.seed, name, "team-lab", name + "-" + draw.hex(5), from, to);
      job.duty = draw.uniform(.9, 1);
      job.tensor = draw.uniform(.5, .85);
      job.dram = draw.uniform(.4, .8);
      job.frameBufferMib = board.product.memoryMib() * .8;
      job.pcieBytesPerSecond = draw.uniform(5e7, 6e8);
      job.cores = draw.uniform(.03, .1);
      Node host = node;
      Board its = board;
      fleet.loop.at(
          from,
          () -> {
            // a pod of the autoscaler's may have taken the board by then; the job waits another
            // night
            if (its.servers.isEmpty()) {
              site.launch(job, host, its, job.image());
            }
          });
    }
  }

  /** Boards that MIG splits may draw less than half of what they could. */
  void limitedPower() {
    for (Site site : fleet.sites) {
      for (Node node : site.nodes) {
        for (Board board : node.boards) {
          if (!board.instances.isEmpty()) {
            board.capWatts = board.product.capWatts() * draw.uniform(.36, .48);
          }
        }
      }
    }
  }

  /**
   * Pods that come to work beside others and take nothing of theirs: on another MIG instance, on a
   * board of their own with ordinary traffic, on cores that nobody wants.
   */
  void busyNeighbours() {
    for (Site site : fleet.sites) {
      for (Node node : site.nodes) {
        Job job =
            new Job(
                fleet.seed,
                "prepare",
                "team-lab",
                "prepare-" + draw.hex(5),
                moment(.35, .6),
                moment(.7, .95));
        job.cores = draw.uniform(.1, .35);
        Board split = null;
        for (Board board : node.boards) {
          split = board.instances.isEmpty() ? split : board;
        }
        if (split != null) {
          job.instance = Board.Instance.SMALL;
          job.duty = draw.uniform(.8, 1);
          job.tensor = draw.uniform(.2, .6);
          job.dram = draw.uniform(.6, .95);
          job.frameBufferMib = 20000;
        }
        Board board = split;
        fleet.loop.at(job.from, () -> site.launch(job, node, board, job.image()));
      }
    }
  }

  void flashCrowd() {
    double from = moment(.35, .6);
    double to = Math.min(fleet.end - 600, from + draw.uniform(1200, 3600));
    double times = draw.uniform(1.6, 3);
    for (Site site : fleet.sites) {
      Deployment d = site.deployments.get(0);
      fleet.loop.at(
          from, () -> d.extra("crowd", from, to, t -> (times - 1) * Math.min(1, (t - from) / 240)));
      truth.add(
          surge(
              d,
              from,
              to,
              "flash crowd, " + Texts.go(Math.rint(times * 10) / 10) + "x; the platform is sound"));
    }
  }

  /** Load that grows past what the replicas of now should carry, and the autoscaler's answer. */
  void autoscaling() {
    for (Site site : fleet.sites) {
      Deployment d = site.deployments.get(0);
      double from = moment(.2, .4);
      double to = moment(.6, .75);
      double times = draw.uniform(1.2, 2.2);
      fleet.loop.at(
          from,
          () ->
              d.extra("day", from, to, t -> times * Math.sin(Math.PI * (t - from) / (to - from))));
      truth.add(surge(d, from, to, "load the autoscaler answers"));
    }
  }

  private static Truth.Event surge(Deployment d, double from, double to, String note) {
    return new Truth.Event("load.surge", Truth.entity(d), from, to, note).optional().atMost("info");
  }

  /** A new image everywhere, one site after the other, as fast as the old one. */
  void plannedRollout() {
    String tag = "v0." + draw.between(12, 15) + ".0";
    String image = Objects.IMAGE + ":" + tag;
    String git = draw.hex(8);
    boolean all = draw.chance(.4);
    double at = moment(.25, .4);
    for (Site site : fleet.sites) {
      for (Deployment d : all ? site.deployments : List.of(site.deployments.get(0))) {
        String hash = new Draw(fleet.seed, "template/" + d.spec.name() + tag).hex(9);
        fleet.loop.at(
            at,
            () ->
                site.throughGit(
                    git,
                    "Deployment",
                    d.spec.name(),
                    () -> {
                      site.api.edit(
                          d.key,
                          site.spec.gitops() ? "argocd-controller" : "helm",
                          o -> Objects.container(o).put("image", image));
                      d.roll(d.revision.named(hash, image));
                    }));
        at += draw.uniform(120, 700);
      }
    }
  }

  /** One site goes first and is watched for an hour; the image is as fast as the old one. */
  void canary() {
    String tag = "v0." + draw.between(12, 15) + ".0-rc1";
    String image = Objects.IMAGE + ":" + tag;
    Site site = draw.pick(fleet.sites);
    Deployment d = draw.pick(site.deployments);
    double from = moment(.3, .5);
    String hash = draw.hex(9);
    String git = draw.hex(8);
    fleet.loop.at(
        from,
        () ->
            site.throughGit(
                git,
                "Deployment",
                d.spec.name(),
                () -> {
                  site.api.edit(
                      d.key,
                      site.spec.gitops() ? "argocd-controller" : "helm",
                      o -> Objects.container(o).put("image", image));
                  d.roll(d.revision.named(hash, image));
                }));
    truth.add(
        new Truth.Event(
                "drift.config",
                Truth.entity(
                    site,
                    "namespace",
                    d.namespace(),
                    "workload",
                    d.spec.name(),
                    "object",
                    d.key,
                    "field",
                    "spec.template.spec.containers[0].image"),
                from,
                fleet.end,
                "a canary on one site, declared in Git")
            .optional());
  }

  /** Drivers through the fleet: cordon, drain, reboot with the new one, uncordon. */
  void driverRollout() {
    String driver = draw.pick(List.of("580.105.08", "590.44.01"));
    double at = moment(.15, .25);
    for (Site site : fleet.sites) {
      double start = at;
      fleet.loop.at(
          start,
          () ->
              site.api.edit(
                  Objects.GPU_POLICY,
                  site.spec.gitops() ? "argocd-controller" : "helm",
                  o -> Json.map(o, "spec", "driver").put("version", driver)));
      at += 40;
      for (Node node : site.nodes) {
        double t = at;
        double down = draw.uniform(80, 150);
        fleet.loop.at(t, () -> upgrade(node, driver, down));
        truth.add(
            new Truth.Event(
                    "telemetry.stale",
                    Truth.entity(site, "node", node.name),
                    t,
                    t + down + 120,
                    "node reboots")
                .optional());
        at += down + draw.uniform(90, 160);
      }
    }
  }

  private void upgrade(Node node, String driver, double down) {
    Site site = node.site;
    String key = "v1/Node/" + node.name;
    label(node, "nvidia.com/gpu-driver-upgrade-state", "cordon-required");
    node.schedulable = false;
    site.api.touch(key, o -> Json.map(o, "spec").put("unschedulable", true));
    for (Server s : residents(node)) {
      s.deployment.evict(s);
    }
    fleet.loop.in(
        45,
        () ->
            reboot(
                node,
                down,
                () -> {
                  node.driver = driver;
                  node.schedulable = true;
                  fleet.loop.in(
                      4,
                      () ->
                          site.api.touch(
                              key,
                              o -> {
                                Objects.driverLabels(Json.map(o, "metadata", "labels"), driver);
                                Json.map(o, "metadata", "labels")
                                    .put("nvidia.com/gpu-driver-upgrade-state", "upgrade-done");
                                Json.map(o, "spec").remove("unschedulable");
                              }));
                }));
  }

  private static void label(Node node, String name, String value) {
    node.site.api.touch(
        "v1/Node/" + node.name, o -> Json.map(o, "metadata", "labels").put(name, value));
  }

  static List<Server> residents(Node node) {
    List<Server> out = new ArrayList<>();
    for (Board b : node.boards) {
      for (Server s : b.servers) {
        if (!out.contains(s)) {
          out.add(s);
        }
      }
    }
    return out;
  }

  /** The node is away for a while; what ran there starts again with it. */
  static void reboot(Node node, double seconds, Runnable atBoot) {
    Site site = node.site;
    String key = "v1/Node/" + node.name;
    node.up = false;
    site.fleet.loop.in(40, () -> ready(node, key, "Unknown", "NodeStatusUnknown"));
    for (Server s : residents(node)) {
      s.deployment.restart(s, "Error");
    }
    site.fleet.loop.in(
        seconds,
        () -> {
          node.up = true;
          node.bootedAt = site.fleet.loop.now();
          node.idleSeconds = 0;
          node.userSeconds = 0;
          node.systemSeconds = 0;
          node.waitSeconds = 0;
          node.ioSeconds = 0;
          for (Board b : node.boards) {
            b.xid = 0;
            b.thermalViolationNs = 0;
            b.powerViolationNs = 0;
          }
          atBoot.run();
          ready(node, key, "True", "KubeletReady");
        });
  }

  private static void ready(Node node, String key, String status, String reason) {
    node.site.api.touch(
        key,
        o -> {
          if (status.equals("Unknown") == node.up) {
            return;
          }
          var condition = Json.map(o, "status", "conditions", 0);
          condition.put("status", status);
          condition.put("reason", reason);
        });
  }

  void drain() {
    Site site = draw.pick(fleet.sites);
    Node node = draw.pick(site.nodes);
    double from = moment(.3, .5);
    double back = from + draw.uniform(1200, 3000);
    boolean away = draw.chance(.5);
    String key = "v1/Node/" + node.name;
    fleet.loop.at(
        from,
        () -> {
          node.schedulable = false;
          site.api.touch(key, o -> Json.map(o, "spec").put("unschedulable", true));
          for (Server s : residents(node)) {
            s.deployment.evict(s);
          }
        });
    if (away) {
      fleet.loop.at(
          from + 120,
          () -> {
            node.up = false;
            site.targetsOf(node).forEach(Target::gone);
            site.targets.removeIf(t -> t.name.equals(node.name));
            ready(node, key, "Unknown", "NodeStatusUnknown");
          });
      fleet.loop.at(
          back - 60,
          () -> {
            node.up = true;
            node.bootedAt = fleet.loop.now();
            ready(node, key, "True", "KubeletReady");
            site.watchNode(node);
          });
    }
    fleet.loop.at(
        back,
        () -> {
          node.schedulable = true;
          site.api.touch(key, o -> Json.map(o, "spec").remove("unschedulable"));
        });
  }

  /**
   * Memory that follows the day and the week, caches that take hours to fill, restarts at night.
   */
  void days() {
    for (Site site : fleet.sites) {
      for (Deployment d : site.deployments) {
        double follows = draw.chance(.7) ? draw.uniform(.1, 1.2) * 1e9 : 0;
        double slow = draw.chance(.5) ? draw.uniform(.5, 3) * 1e9 : 0;
        double seconds = draw.uniform(1, 8) * 3600;
        double nightly = draw.chance(.5) ? draw.uniform(0, 86400) : Double.POSITIVE_INFINITY;
        fleet.loop.at(
            0,
            () -> {
              for (Server s : d.servers) {
                s.dayBytes = follows;
                s.slowCacheBytes = slow;
                s.slowCacheSeconds = seconds;
              }
            });
        for (double at = nightly; at < fleet.end; at += 86400) {
          fleet.loop.at(at, () -> d.restart(d.servers.get(0), "Error"));
        }
      }
    }
  }

  /** Containers that restart once, here and there. */
  void counterResets() {
    for (Site site : fleet.sites) {
      for (Deployment d : site.deployments) {
        if (draw.chance(.7)) {
          int which = draw.below(10);
          double at = moment(.15, .9);
          fleet.loop.at(
              at,
              () -> {
                Server s = d.servers.get(which % d.servers.size());
                d.restart(s, "Error");
              });
        }
      }
    }
  }

  /** A minute of something, now and then: one scrape sees it. */
  void spikes() {
    for (int i = 0; i < 9; i++) {
      Site site = draw.pick(fleet.sites);
      Node node = draw.pick(site.nodes);
      double from = moment(.1, .95);
      Job blip =
          new Job(
              fleet.seed, "blip" + i, "kube-system", "blip-" + i, from, from + draw.uniform(6, 28));
      blip.cores = draw.uniform(1.2, 3);
      fleet.loop.at(from, () -> node.jobs.add(blip));
      fleet.loop.at(blip.to, () -> node.jobs.remove(blip));
    }
  }

  /** A policy is changed on all sites through Git. */
  void policyUpdate() {
    String git = draw.hex(8);
    double at = moment(.3, .45);
    for (Site site : fleet.sites) {
      double t = at;
      fleet.loop.at(
          t,
          () ->
              site.throughGit(
                  git,
                  "ClusterPolicy",
                  "require-probes",
                  () ->
                      site.api.edit(
                          Objects.KYVERNO + "require-probes",
                          site.spec.gitops() ? "argocd-controller" : "helm",
                          o ->
                              Json.map(o, "spec", "rules", 0, "validate")
                                  .put(
                                      "message", "probes are needed, see the platform handbook"))));
      at += draw.uniform(20, 400);
    }
  }

  /** The agent is replaced: a short gap, then everything anew. */
  void agentRestart() {
    for (Site site : fleet.sites) {
      double from = moment(.2, .8);
      double gap = draw.uniform(4, Math.min(60, fleet.shape.interval() * .9));
      fleet.loop.at(from, () -> site.agentSilent = true);
      fleet.loop.at(
          from + gap,
          () -> {
            site.agentSilent = false;
            site.introduce();
            site.api.list(false);
          });
    }
  }

  /** Labels and annotations that tools write all day. */
  void labelNoise() {
    for (Site site : fleet.sites) {
      for (Deployment d : site.deployments) {
        for (int i = 0; i < 4; i++) {
          double at = moment(.1, .95);
          int n = i;
          fleet.loop.at(
              at,
              () ->
                  site.api.touch(
                      d.key,
                      o -> {
                        var meta = Json.map(o, "metadata");
                        @SuppressWarnings("unchecked")
                        var notes =
                            (java.util.Map<String, Object>)
                                meta.computeIfAbsent(
                                    "annotations",
                                    k -> new java.util.LinkedHashMap<String, Object>());
                        notes.put(
                            "kubecost.example/last-seen", fleet.moments.kube(fleet.loop.now()));
                        if (n == 2) {
                          Json.map(o, "metadata", "labels")
                              .put("fleet.example/reviewed", "2026-q4");
                        }
                      }));
        }
      }
      for (Node node : site.nodes) {
        double at = moment(.1, .9);
        fleet.loop.at(
            at,
            () ->
                label(
                    node,
                    "nvidia.com/gfd.timestamp",
                    Long.toString((long) fleet.moments.epoch(fleet.loop.now()))));
      }
    }
  }

  /** A tenant leaves: its namespace goes, with all that is in it. */
  void offboarding() {
    Site site = draw.pick(fleet.sites);
    String ns = "team-trial";
    double at = moment(.4, .7);
    for (Site each : fleet.sites) {
      if (each == site || draw.chance(.4)) {
        fleet.loop.at(
            -200,
            () -> {
              each.api.create(Objects.namespace(each, ns, null));
              each.api.create(Objects.networkPolicy(each, ns, "only-from-gateway"));
              each.api.create(Objects.quota(each, ns));
            });
      }
    }
    fleet.loop.at(
        at,
        () -> {
          site.api.touch(
              "v1/Namespace/" + ns,
              o -> {
                Json.map(o, "metadata")
                    .put("deletionTimestamp", fleet.moments.kube(fleet.loop.now()));
                Json.map(o, "status").put("phase", "Terminating");
              });
          fleet.loop.in(2, () -> site.api.delete(Objects.NETWORK + ns + "/only-from-gateway"));
          fleet.loop.in(3, () -> site.api.delete("v1/ResourceQuota/" + ns + "/gpu-quota"));
          fleet.loop.in(6, () -> site.api.delete("v1/Namespace/" + ns));
        });
  }
}
