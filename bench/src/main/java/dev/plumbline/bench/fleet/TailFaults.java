package dev.plumbline.bench.fleet;

import java.util.List;

/** Latencies of which only the tail moves: the median stands. */
final class TailFaults {
  private TailFaults() {}

  /**
   * One in so many requests waits for a cache that does not answer, or one in so many steps stalls
   * on the host; at one replica or at all of a workload.
   */
  static void slowPath(Fault f) {
    Server one = f.draw.pick(f.servers(s -> s.spec.concurrency() >= .5));
    boolean ofSteps = f.draw.chance(.35);
    boolean everywhere = f.draw.chance(.4);
    double share = f.size.of(.025, .05, .08) * f.draw.uniform(.9, 1.2);
    double seconds = ofSteps ? f.size.of(.08, .15, .3) : f.size.of(.8, 2, 5);
    Truth.Event event =
        f.truth.add(
            new Truth.Event(
                "latency.swing",
                everywhere ? Truth.entity(one.deployment) : Truth.entity(one),
                f.from,
                f.to,
                "one in "
                    + Math.round(1 / share)
                    + (ofSteps ? " steps stalls for " : " requests waits for ")
                    + Texts.go(seconds)
                    + " s, the others take what they always took"));
    event.size = f.size.name().toLowerCase(java.util.Locale.ROOT);
    SlowPath path = new SlowPath(ofSteps, share, seconds, event);
    List<Server> victims = everywhere ? one.deployment.servers : List.of(one);
    f.fleet.loop.at(f.from, () -> victims.forEach(s -> s.slowPath = path));
    f.fleet.loop.at(f.to, () -> victims.forEach(s -> s.slowPath = null));
    f.episode(null, null, s -> everywhere ? s.deployment == one.deployment : s == one, List.of());
  }
}
