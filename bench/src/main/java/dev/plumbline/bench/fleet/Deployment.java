package dev.plumbline.bench.fleet;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A workload at a site: its pods, the gateway before them, and the controllers that replace pods.
 */
final class Deployment {
  /**
   * What a pod template makes of a server.
   *
   * @param stepSlowdown factor on the kernels of every step
   * @param prefillSlowdown factor on the cost of a prompt's tokens
   * @param prefixHits part of a prompt that the prefix cache answers
   */
  record Revision(
      String hash,
      String image,
      double stepSlowdown,
      double prefillSlowdown,
      int maxSequences,
      double prefixHits) {
    Revision slower(double step, double prefill) {
      return new Revision(hash, image, step, prefill, maxSequences, prefixHits);
    }

    Revision named(String newHash, String newImage) {
      return new Revision(
          newHash, newImage, stepSlowdown, prefillSlowdown, maxSequences, prefixHits);
    }

    Revision limited(int sequences) {
      return new Revision(hash, image, stepSlowdown, prefillSlowdown, sequences, prefixHits);
    }
  }

  private static final double PATIENCE_SECONDS = 20;

  final Site site;
  final WorkloadSpec spec;
  final String key;
  final List<Server> servers = new ArrayList<>();
  final double rate;
  Revision revision;
  int replicas;
  boolean autoscaled;

  /** How long a pod takes to load its model, seconds. */
  double loadSeconds;

  private final Map<Server, Target> targets = new LinkedHashMap<>();
  private final List<Arrivals> streams = new ArrayList<>();
  private final Deque<Request> held = new ArrayDeque<>();
  private final Draw names;
  private double offset;
  private int pendingPods;
  private int turn;
  private double wantedSince = -1;
  private double calmSince = -1;
  private long created;

  Deployment(Site site, WorkloadSpec spec) {
    this.site = site;
    this.spec = spec;
    key = "apps/v1/Deployment/" + spec.namespace() + "/" + spec.name();
    names = new Draw(site.fleet.seed, "pods/" + site.name + "/" + spec.name());
    revision =
        new Revision(
            new Draw(site.fleet.seed, "template/" + spec.name()).hex(9),
            Objects.IMAGE + ":v0.11.0",
            1,
            1,
            spec.maxSequences(),
            .15);
    replicas = spec.replicas();
    autoscaled = spec.autoscaled();
    loadSeconds = 20 + spec.model().weightGib() * 1.2;
    rate = meanRate() * site.spec.load() * site.fleet.shape.load();
  }

  /** Requests a second of all replicas at the mean load. */
  private double meanRate() {
    Product product = site.spec.product();
    Model model = spec.model();
    double part = spec.sharing() == WorkloadSpec.Sharing.MIG ? Board.Instance.LARGE.compute() : 1;
    double decode = model.fixedMs() / 1000 / product.bandwidth() / part / spec.boards() + .003;
    double prefill =
        spec.meanPrompt() * model.msPerToken() / 1000 / product.compute() / part / spec.boards();
    // each prompt delays the others once; no more than 70 % of a replica may go to prompts
    double perRequest = spec.meanOutput() * decode * 1.25 + prefill;
    // long-tailed lengths need room: at the mean, a quarter of the KV blocks
    double spread = Math.exp(spec.promptSigma() * spec.promptSigma() / 2);
    double fits =
        .35 / spread * Server.kvCapacity(spec, product) / (spec.meanPrompt() + spec.meanOutput());
    double inFlight = Math.min(spec.concurrency(), fits);
    double wanted = inFlight / (perRequest + inFlight * prefill);
    return Math.min(wanted, .45 / prefill) * spec.replicas();
  }

  String namespace() {
    return spec.namespace();
  }

  void start(double from, double until) {
    offset = names.uniform(-1.5, 1.5);
    streams.add(
        new Arrivals(
            site.fleet.loop,
            new Draw(site.fleet.seed, "arrivals/" + site.name + "/" + spec.name()),
            spec,
            t -> rate * rhythm(t),
            from,
            until,
            this::route));
  }

  /** Working hours against night, and a quieter weekend. */
  double rhythm(double t) {
    double local = t + offset * 3600;
    double hour = site.fleet.moments.hour(local);
    double day = Math.cos((hour - 14.5) / 24 * 2 * Math.PI);
    double week = site.fleet.moments.isWeekend(local) ? 1 - .6 * spec.rhythm() : 1;
    return Math.max(.05, week * (1 + spec.rhythm() * day));
  }

  /** More requests on top, of a stream of their own so that the others stay as they are. */
  Arrivals extra(
      String purpose, double from, double to, java.util.function.DoubleUnaryOperator factor) {
    Arrivals stream =
        new Arrivals(
            site.fleet.loop,
            new Draw(site.fleet.seed, "extra/" + purpose + "/" + site.name + "/" + spec.name()),
            spec,
            t -> rate * factor.applyAsDouble(t),
            from,
            to,
            this::route);
    streams.add(stream);
    return stream;
  }

  Arrivals stream() {
    return streams.get(0);
  }

  double nextArrival() {
    double next = Double.POSITIVE_INFINITY;
    for (Arrivals stream : streams) {
      next = Math.min(next, stream.nextAt());
    }
    return next;
  }

  private void route(Request request) {
    Server best = null;
    int n = servers.size();
    turn++;
    for (int i = 0; i < n; i++) {
      Server server = servers.get((i + turn) % n);
      if (server.phase == Server.Phase.READY
          && (best == null || server.inFlight() < best.inFlight())) {
        best = server;
      }
    }
    if (best == null) {
      held.add(request);
    } else {
      best.offer(request);
    }
  }

  private void release() {
    double now = site.fleet.loop.now();
    while (!held.isEmpty() && ready() > 0) {
      Request request = held.poll();
      // the gateway answers 503 after a while; it does not hoard
      if (now - request.arrived < PATIENCE_SECONDS) {
        route(request.again(now));
      }
    }
  }

  int ready() {
    int n = 0;
    for (Server server : servers) {
      if (server.phase == Server.Phase.READY) {
        n++;
      }
    }
    return n;
  }

  private int alive() {
    int n = pendingPods;
    for (Server server : servers) {
      if (server.phase == Server.Phase.READY || server.phase == Server.Phase.STARTING) {
        n++;
      }
    }
    return n;
  }

  /** Pods that have run for a while when the tape begins. */
  void settle(double age) {
    for (int i = 0; i < replicas; i++) {
      Site.Slot slot = site.slotFor(spec);
      if (slot == null) {
        replicas = Math.max(1, i);
        break;
      }
      Server server = server(slot, site.fleet.loop.now());
      server.startedAt = -age * names.uniform(.6, 1.4);
      server.phase = Server.Phase.READY;
      track(server);
    }
  }

  boolean placed() {
    return !servers.isEmpty();
  }

  private Server server(Site.Slot slot, double createdAt) {
    created++;
    Draw draw =
        new Draw(
            site.fleet.seed,
            "pod/" + site.name + "/" + spec.name() + "/" + revision.hash() + "/" + created);
    String pod = spec.name() + "-" + revision.hash() + "-" + draw.suffix();
    Server server =
        new Server(
            this,
            pod,
            draw.uuid(),
            slot.boards(),
            slot.instance(),
            revision,
            createdAt,
            site.fleet.seed);
    servers.add(server);
    return server;
  }

  private void track(Server server) {
    Map<String, String> labels = new LinkedHashMap<>();
    labels.put("node", server.node.name);
    labels.put("namespace", spec.namespace());
    labels.put("pod", server.pod);
    labels.put("workload", spec.name());
    labels.put("model", spec.model().name());
    labels.put("tenant", spec.tenant());
    Supplier<String> failure =
        () ->
            !server.node.up
                ? "dial tcp: i/o timeout"
                : server.phase == Server.Phase.STARTING ? "connection refused" : null;
    Target[] self = new Target[1];
    self[0] =
        new Target(
            site,
            "vllm",
            spec.namespace() + "/" + server.pod,
            labels,
            site.fleet.shape.interval(),
            () -> Texts.vllm(server, self[0]),
            failure);
    targets.put(server, self[0]);
  }

  Target target(Server server) {
    return targets.get(server);
  }

  /** Brings up pods until there are as many as wanted. */
  void reconcile() {
    while (alive() < replicas) {
      addPod(() -> {});
    }
    status();
  }

  private void addPod(Runnable whenReady) {
    pendingPods++;
    tryPlace(whenReady);
  }

  private void tryPlace(Runnable whenReady) {
    Loop loop = site.fleet.loop;
    Site.Slot slot = site.slotFor(spec);
    if (slot == null) {
      loop.in(15, () -> tryPlace(whenReady));
      return;
    }
    pendingPods--;
    Server server = server(slot, loop.now());
    site.api.create(Objects.pod(server, "Pending", false));
    loop.in(names.uniform(4, 18), () -> run(server, whenReady));
  }

  private void run(Server server, Runnable whenReady) {
    if (server.phase == Server.Phase.DEAD) {
      return;
    }
    server.startedAt = site.fleet.loop.now();
    site.api.touch(Objects.podKey(server), o -> Objects.podStatus(o, server, "Running", false));
    track(server);
    site.fleet.loop.in(
        loadSeconds * names.uniform(.85, 1.3),
        () -> {
          if (server.phase != Server.Phase.STARTING) {
            return;
          }
          server.ready();
          site.api.touch(
              Objects.podKey(server), o -> Objects.podStatus(o, server, "Running", true));
          status();
          release();
          whenReady.run();
        });
  }

  /** Takes a pod out: no new requests, half a minute for the old ones, then it is gone. */
  void terminate(Server server, Runnable then) {
    if (server.phase == Server.Phase.DEAD || server.phase == Server.Phase.DRAINING) {
      return;
    }
    server.phase = Server.Phase.DRAINING;
    status();
    site.fleet.loop.in(
        names.uniform(12, 32),
        () -> {
          remove(server);
          then.run();
        });
  }

  /** The pod ends here and now. */
  void remove(Server server) {
    if (server.phase == Server.Phase.DEAD) {
      return;
    }
    server.phase = Server.Phase.DEAD;
    servers.remove(server);
    for (Board board : server.boards) {
      board.servers.remove(server);
    }
    for (Request request : server.crash()) {
      route(request.again(site.fleet.loop.now()));
    }
    site.api.delete(Objects.podKey(server));
    Target target = targets.remove(server);
    if (target != null) {
      site.fleet.loop.in(names.uniform(.5, 4), target::gone);
    }
    status();
  }

  /** The container dies and the kubelet starts it again in the same pod. */
  void restart(Server server, String reason) {
    if (server.phase != Server.Phase.READY) {
      return;
    }
    server.phase = Server.Phase.STARTING;
    server.restarts++;
    List<Request> lost = server.crash();
    server.countersAtZero();
    for (Request request : lost) {
      route(request.again(site.fleet.loop.now()));
    }
    site.api.touch(
        Objects.podKey(server),
        o -> {
          Objects.podStatus(o, server, "Running", false);
          Objects.terminated(o, server, reason, site.fleet.moments.kube(site.fleet.loop.now()));
        });
    status();
    site.fleet.loop.in(
        loadSeconds * names.uniform(.5, .8),
        () -> {
          if (server.phase != Server.Phase.STARTING) {
            return;
          }
          server.ready();
          site.api.touch(
              Objects.podKey(server), o -> Objects.podStatus(o, server, "Running", true));
          status();
          release();
        });
  }

  /** Replaces all pods one by one by pods of the revision. */
  void roll(Revision next) {
    revision = next;
    List<Server> old = new ArrayList<>(servers);
    rollNext(old);
  }

  private void rollNext(List<Server> old) {
    old.removeIf(s -> s.phase == Server.Phase.DEAD);
    if (old.isEmpty()) {
      status();
      return;
    }
    Server victim = old.remove(0);
    Runnable onward = () -> site.fleet.loop.in(names.uniform(3, 12), () -> rollNext(old));
    if (site.slotFor(spec) != null) {
      addPod(() -> terminate(victim, onward));
    } else {
      terminate(victim, () -> addPod(onward));
    }
    status();
  }

  /** Moves a pod elsewhere, as a drain does. */
  void evict(Server server) {
    terminate(server, this::reconcile);
  }

  void scale(int to) {
    if (to == replicas) {
      return;
    }
    int from = replicas;
    replicas = to;
    site.api.edit(key, "kube-controller-manager", o -> Json.map(o, "spec").put("replicas", to));
    if (to > from) {
      reconcile();
    } else {
      for (int i = 0; i < from - to; i++) {
        Server youngest = null;
        for (Server s : servers) {
          if (s.phase == Server.Phase.READY
              && (youngest == null || s.createdAt > youngest.createdAt)) {
            youngest = s;
          }
        }
        if (youngest != null) {
          terminate(youngest, () -> {});
        }
      }
    }
  }

  /** The horizontal autoscaler's look, every 15 s: mean requests in flight against its target. */
  void autoscale(double target, int most) {
    double sum = 0;
    int n = 0;
    for (Server s : servers) {
      if (s.phase == Server.Phase.READY) {
        sum += s.inFlight();
        n++;
      }
    }
    if (n == 0) {
      return;
    }
    double now = site.fleet.loop.now();
    int wanted = (int) Math.max(spec.replicas(), Math.min(most, Math.ceil(sum / target)));
    if (wanted > replicas) {
      wantedSince = wantedSince < 0 ? now : wantedSince;
      calmSince = -1;
      if (now - wantedSince >= 45) {
        hpa(Math.min(wanted, replicas + 2));
        wantedSince = -1;
      }
    } else if (wanted < replicas) {
      wantedSince = -1;
      calmSince = calmSince < 0 ? now : calmSince;
      if (now - calmSince >= 300) {
        hpa(replicas - 1);
        calmSince = -1;
      }
    } else {
      wantedSince = -1;
      calmSince = -1;
    }
  }

  private void hpa(int to) {
    scale(to);
    site.api.touch(
        "autoscaling/v2/HorizontalPodAutoscaler/" + spec.namespace() + "/" + spec.name(),
        o -> {
          Map<String, Object> status = Json.map(o, "status");
          status.put("currentReplicas", to);
          status.put("desiredReplicas", to);
          status.put("lastScaleTime", site.fleet.moments.kube(site.fleet.loop.now()));
        });
  }

  void status() {
    site.api.touch(
        key,
        o -> {
          Map<String, Object> status = Json.map(o, "status");
          int updated = 0;
          int all = 0;
          for (Server s : servers) {
            if (s.phase != Server.Phase.DRAINING) {
              all++;
              updated += s.revision == revision ? 1 : 0;
            }
          }
          status.put("replicas", all + pendingPods);
          status.put("readyReplicas", ready());
          status.put("availableReplicas", ready());
          status.put("updatedReplicas", updated + pendingPods);
        });
  }
}
