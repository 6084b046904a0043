package dev.plumbline.bench.fleet;

import java.util.ArrayList;
import java.util.List;

/** A running simulation: sites on one clock. */
final class Fleet {
  private static final double WARM_UP = 300;
  private static final double TICK = 5;

  final Shape shape;
  final long seed;
  final double end;
  final Moments moments;
  final Loop loop = new Loop(-WARM_UP);
  final Recorder recorder;
  final Tape tape;
  final List<Site> sites = new ArrayList<>();

  /**
   * @param tape where to tell the story, or null for a twin that nobody hears
   */
  Fleet(Shape shape, long seed, Moments moments, Tape tape) {
    this.shape = shape;
    this.seed = seed;
    this.moments = moments;
    this.tape = tape;
    end = shape.hours() * 3600;
    recorder = new Recorder(end);
    for (Shape.SiteSpec spec : shape.sites()) {
      sites.add(new Site(this, spec));
    }
    for (Site site : sites) {
      site.nodes.get(0).hostsAgent = true;
      site.build(WARM_UP);
      loop.at(
          -2,
          () -> {
            site.listed = true;
            site.introduce();
          });
      loop.at(-1, () -> site.api.list(false));
      controllers(site);
    }
    loop.at(-.5, this::giveHistory);
    long noise = Draw.hash(seed, "tick");
    loop.every(-WARM_UP + TICK, TICK, () -> tick(noise));
  }

  static Moments moments(long seed, double startHour) {
    long day = 1793577600L + 86400L * Math.floorMod(Draw.hash(seed, "day"), 25);
    return new Moments(day + Math.round(startHour * 3600 / 60) * 60);
  }

  private void tick(long noise) {
    double now = loop.now();
    int i = 0;
    for (Site site : sites) {
      for (Node node : site.nodes) {
        node.tick(now, TICK, Draw.normalAt(noise, (long) (now / TICK) * 64 + 100_000 + i++));
      }
    }
    recorder.look(this, now);
  }

  private void giveHistory() {
    for (Site site : sites) {
      for (Deployment d : site.deployments) {
        for (Server s : d.servers) {
          s.repeatHistory((long) Math.max(1, -s.startedAt / WARM_UP));
        }
      }
    }
  }

  private void controllers(Site site) {
    Draw draw = new Draw(seed, "controllers/" + site.name);
    for (Deployment d : site.deployments) {
      if (d.autoscaled) {
        loop.every(
            draw.uniform(0, 15),
            15,
            () -> {
              if (d.autoscaled) {
                d.autoscale(Site.hpaTarget(d), d.spec.replicas() + 4);
              }
            });
      }
      // Kyverno's background scan renews the reports every hour
      loop.every(
          draw.uniform(60, 3600),
          3600,
          () -> {
            for (String key :
                site.api.keys("wgpolicyk8s.io/v1alpha2/PolicyReport/" + d.namespace() + "/")) {
              site.api.touch(key, o -> renew(o, loop.now()));
            }
          });
    }
    for (String key : site.api.keys(Objects.GATEKEEPER)) {
      loop.every(
          draw.uniform(30, 900),
          900,
          () ->
              site.api.touch(
                  key, o -> Json.map(o, "status").put("auditTimestamp", moments.kube(loop.now()))));
    }
  }

  private void renew(java.util.Map<String, Object> report, double now) {
    for (Object r : Json.array(report, "results")) {
      @SuppressWarnings("unchecked")
      java.util.Map<String, Object> row = (java.util.Map<String, Object>) r;
      row.put("timestamp", Json.of("seconds", (long) moments.epoch(now), "nanos", 0));
    }
  }

  void run() {
    loop.runUntil(end);
  }

  int entities() {
    int n = 0;
    for (Site site : sites) {
      n += 1 + 2;
      for (Node node : site.nodes) {
        n += 1 + node.boards.size();
      }
      for (Deployment d : site.deployments) {
        n += 1 + d.servers.size();
      }
    }
    return n;
  }
}
