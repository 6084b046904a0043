package dev.plumbline.bench.fleet;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;

/** Model servers that fill up, leak or die. */
final class ServerFaults {
  private ServerFaults() {}

  static void kvExhaustion(Fault f) {
    Server victim = f.draw.pick(f.servers(s -> true));
    Deployment d = victim.deployment;
    boolean smaller = f.draw.chance(.4);
    double factor = f.size.of(2.5, 5, 9);
    Truth.Event main =
        new Truth.Event(
            "gpu.exhaustion",
            Truth.entity(victim),
            f.from,
            f.to,
            smaller
                ? "most KV blocks of the server are lost to it"
                : "longer prompts and answers, and more of them, fill the KV cache");
    main.detectableFrom = Double.POSITIVE_INFINITY;
    for (Server s : d.servers) {
      if (s != victim) {
        main.also(Truth.entity(s));
      }
    }
    f.truth.add(main);
    if (smaller) {
      double lost = 1 - f.size.of(.12, .07, .04);
      f.fleet.loop.at(f.from, () -> d.servers.forEach(s -> s.kvLost = lost));
      f.fleet.loop.at(f.to, () -> d.servers.forEach(s -> s.kvLost = 0));
    } else {
      f.fleet.loop.at(
          f.from,
          () -> {
            Arrivals more = d.extra("long", f.from, f.to, t -> factor / 3);
            more.outputFactor = factor;
            more.promptFactor = Math.sqrt(factor);
          });
      f.truth.add(
          new Truth.Event("load.surge", Truth.entity(d), f.from, f.to, "arrivals rise with it")
              .optional());
    }
    // it happens to all servers of the deployment: each one's full cache is its own cause
    List<Map<String, Object>> causes = new ArrayList<>();
    causes.add(Truth.cause("gpu.exhaustion", Truth.entity(victim)));
    d.servers.stream()
        .filter(s -> s != victim)
        .forEach(s -> causes.add(Truth.cause("gpu.exhaustion", Truth.entity(s))));
    for (Server s : victim.boards.get(0).servers) {
      if (s != victim && s.instance == null) {
        f.truth.add(
            new Truth.Event(
                    "gpu.contention",
                    Truth.entity(s),
                    f.from,
                    f.to,
                    "its neighbour works much more")
                .optional());
      }
    }
    Predicate<Server> touched =
        s -> s.deployment == d || s.boards.contains(victim.boards.get(0)) && s.instance == null;
    f.truth.episodes.add(new Truth.Episode(null, null, f.from, f.to, touched, causes));
  }

  /** The container dies again and again; each start is cold. */
  static void crashLoop(Fault f) {
    Server victim = f.draw.pick(f.servers(s -> !s.boards.get(0).timeSliced));
    Deployment d = victim.deployment;
    double gap = f.size.of(1500, 700, 380);
    String reason = f.draw.pick(List.of("OOMKilled", "Error"));
    for (double t = f.from; t < f.to; t += gap * f.draw.uniform(.8, 1.2)) {
      f.fleet.loop.at(
          t,
          () -> {
            if (reason.equals("OOMKilled")) {
              victim.node.oomKills++;
            }
            d.restart(victim, reason);
          });
    }
    f.truth.add(
        new Truth.Event(
                "telemetry.stale",
                Truth.entity(victim),
                f.from,
                f.to,
                "the server is starting most of the time")
            .optional());
    f.truth.add(
        new Truth.Event(
                "drift.resource",
                Truth.entity(victim),
                f.from,
                f.to,
                "its container is killed again and again")
            .optional());
    f.episode(null, null, s -> s.deployment == d, List.of());
  }

  static void memoryLeak(Fault f) {
    Server victim = f.draw.pick(f.servers(s -> true));
    double perHour = f.size.of(50e6, 120e6, 320e6) * f.draw.uniform(.8, 1.25);
    double start = f.fleet.end * f.draw.uniform(.15, .35);
    boolean restarts = f.draw.chance(.4);
    f.fleet.loop.at(
        start,
        () -> {
          victim.leakFrom = start;
          victim.leakBytesPerSecond = perHour / 3600;
        });
    if (restarts) {
      f.fleet.loop.at(
          start + (f.fleet.end - start) * f.draw.uniform(.5, .7),
          () -> victim.deployment.restart(victim, "Error"));
    }
    Truth.Event e =
        f.truth.add(
            new Truth.Event(
                "drift.resource",
                Truth.entity(victim),
                start,
                f.fleet.end,
                "resident memory grows "
                    + Math.round(perHour / 1e6)
                    + " MB an hour; the cohort's does not"));
    e.detectableFrom = start + 40e6 / perHour * 3600;
    e.size = f.size.name().toLowerCase(Locale.ROOT);
  }
}
