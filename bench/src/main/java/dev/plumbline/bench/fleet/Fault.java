package dev.plumbline.bench.fleet;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * One thing that goes wrong: when, how hard, and where it is told. A mechanism (the classes named
 * {@code ...Faults}) picks its victim with it, says what it is and arms itself; in the twin run
 * nothing is armed.
 *
 * <p>Every choice comes from {@link #draw}, in an order that the tapes of a seed depend on.
 */
final class Fault {
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

  final Fleet fleet;
  final Truth truth;
  final Draw draw;
  final Size size;

  /** Seconds of the run. */
  final double from;

  final double to;

  Fault(Fleet fleet, Truth truth, Draw draw) {
    this.fleet = fleet;
    this.truth = truth;
    this.draw = draw;
    size = Size.drawn(draw);
    from = fleet.end * draw.uniform(.36, .62);
    double length = Math.max(1100, Math.min(fleet.end * draw.uniform(.15, .3), 5400));
    to = Math.min(fleet.end - 300, from + length);
  }

  /** Another fault in the same run, with a size and a moment of its own. */
  Fault another() {
    return new Fault(fleet, truth, draw);
  }

  /** What may follow from {@code main} in the servers of {@code scope}, and what may be blamed. */
  @SafeVarargs
  final void episode(
      Truth.Event main,
      Truth.Event latency,
      Predicate<Server> scope,
      Map<String, Object>... causes) {
    episode(main, latency, scope, List.of(causes));
  }

  void episode(
      Truth.Event main,
      Truth.Event latency,
      Predicate<Server> scope,
      List<Map<String, Object>> causes) {
    truth.episodes.add(
        new Truth.Episode(main, latency, from, main == null ? to : main.to, scope, causes));
  }

  /** Where Git is the source, the Application that goes out of sync may be named for it. */
  static void gitops(Truth.Event e, Site site) {
    if (site.spec.gitops()) {
      e.also(
          Truth.entity(
              site, "object", "argoproj.io/v1alpha1/Application/argocd/" + site.application()));
    }
  }

  List<Site> sites(Predicate<Site> where) {
    return fleet.sites.stream().filter(where).toList();
  }

  List<Server> servers(Predicate<Server> where) {
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

  List<Server> servers(Node node) {
    return servers(s -> s.node == node);
  }

  Node busyNode() {
    return draw.pick(servers(s -> s.spec.concurrency() >= .5)).node;
  }

  Deployment deployment(Predicate<Deployment> where) {
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
}
