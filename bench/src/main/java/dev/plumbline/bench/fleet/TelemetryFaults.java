package dev.plumbline.bench.fleet;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** An agent, a target or a clock that no longer tells the truth. */
final class TelemetryFaults {
  private TelemetryFaults() {}

  static void agentSilence(Fault f) {
    Site site = f.draw.pick(f.fleet.sites);
    double end =
        Math.min(
            f.fleet.end - 200,
            f.from + Math.max(7 * f.fleet.shape.interval(), f.draw.uniform(700, 2400)));
    boolean restarted = f.draw.chance(.5);
    f.fleet.loop.at(f.from, () -> site.agentSilent = true);
    f.fleet.loop.at(
        end,
        () -> {
          site.agentSilent = false;
          if (restarted) {
            site.introduce();
          }
          site.api.list(!restarted);
        });
    f.truth.add(
        new Truth.Event(
            "telemetry.stale", Truth.entity(site), f.from, end, "the agent says nothing at all"));
  }

  static void targetFailing(Fault f) {
    Site site = f.draw.pick(f.fleet.sites);
    String error =
        f.draw.pick(
            List.of(
                "server returned HTTP status 500 Internal Server Error",
                "dial tcp: i/o timeout",
                "connection refused"));
    boolean server = f.draw.chance(.6);
    Target target;
    Map<String, Object> entity;
    double end =
        Math.min(
            f.fleet.end - 100,
            f.from + Math.max(8 * f.fleet.shape.interval(), f.draw.uniform(900, 2700)));
    if (server) {
      Server s = f.draw.pick(f.servers(x -> x.node.site == site));
      target = s.deployment.target(s);
      entity =
          Truth.entity(
              site, "namespace", s.spec.namespace(), "workload", s.spec.name(), "pod", s.pod);
    } else {
      Node node = f.draw.pick(site.nodes);
      target = site.targetsOf(node).get(f.draw.below(2));
      entity = Truth.entity(site, "node", node.name);
      end = Math.min(f.fleet.end - 100, Math.max(end, f.from + 16 * f.fleet.shape.interval()));
    }
    f.fleet.loop.at(f.from, () -> target.fail(error));
    f.fleet.loop.at(end, () -> target.fail(null));
    f.truth.add(
        new Truth.Event(
            "telemetry.stale",
            entity,
            f.from,
            end,
            "one target's scrapes fail (" + target.source + ") while the rest reports"));
  }

  static void clockSkew(Fault f) {
    Site site = f.draw.pick(f.fleet.sites);
    int which = f.draw.below(3);
    double by = f.size.of(20, 65, 400) * (f.draw.chance(.5) ? 1 : -1) * f.draw.uniform(.9, 1.1);
    by = Math.abs(by) > 110 && which != 2 ? Math.signum(by) * 110 : by;
    double skew = by;
    Truth.Event e;
    if (which == 0) {
      f.fleet.loop.at(
          f.from,
          () -> {
            site.agentAhead = skew;
            site.nodes.get(0).clockSynchronised = false;
          });
      f.fleet.loop.at(
          f.to,
          () -> {
            site.agentAhead = 0;
            site.nodes.get(0).clockSynchronised = true;
          });
      e =
          new Truth.Event(
                  "telemetry.skew",
                  Truth.entity(site, "node", site.nodes.get(0).name),
                  f.from,
                  f.to,
                  "the agent's clock steps by " + Math.round(skew) + " s")
              .also(Truth.entity(site));
    } else if (which == 1) {
      double rate = skew / (f.to - f.from);
      f.fleet.loop.at(
          f.from,
          () -> {
            site.agentDriftFrom = f.from;
            site.agentDrift = rate;
            site.nodes.get(0).clockSynchronised = false;
          });
      f.fleet.loop.at(
          f.to,
          () -> {
            site.agentDriftFrom = Double.POSITIVE_INFINITY;
            site.nodes.get(0).clockSynchronised = true;
          });
      e =
          new Truth.Event(
                  "telemetry.skew",
                  Truth.entity(site, "node", site.nodes.get(0).name),
                  f.from,
                  f.to,
                  "the agent's clock drifts to " + Math.round(skew) + " s")
              .also(Truth.entity(site));
      e.detectableFrom = f.from + (f.to - f.from) * Math.min(1, 5 / Math.abs(skew));
    } else {
      Node node = site.nodes.get(f.draw.between(1, site.nodes.size() - 1));
      f.fleet.loop.at(
          f.from,
          () -> {
            node.ahead = skew;
            node.clockSynchronised = false;
          });
      f.fleet.loop.at(
          f.to,
          () -> {
            node.ahead = 0;
            node.clockSynchronised = true;
          });
      e =
          new Truth.Event(
              "telemetry.skew",
              Truth.entity(site, "node", node.name),
              f.from,
              f.to,
              "one node's clock steps by " + Math.round(skew) + " s");
    }
    e.size = f.size.name().toLowerCase(Locale.ROOT);
    f.truth.add(e);
  }
}
