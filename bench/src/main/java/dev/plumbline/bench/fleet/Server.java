package dev.plumbline.bench.fleet;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * One replica of a model server with continuous batching, as vLLM does it: each step computes one
 * token of every running request and a chunk of waiting prompts up to the token budget; admission
 * is first come first served and needs KV blocks; out of blocks, the youngest is preempted and
 * computed again.
 *
 * <p>A step takes {@code max(fixed, perToken * tokens) / clock}, plus the KV cache read at memory
 * bandwidth, plus the host's part; a board that is time-sliced gives each process that wants it an
 * equal turn. Steps that differ in nothing are advanced together, never past an arrival.
 */
final class Server {
  private static final int BLOCK = 16;
  private static final int ALIKE = 24;

  /** Where a replica is in its life. */
  enum Phase {
    STARTING,
    READY,
    DRAINING,
    DEAD
  }

  final Deployment deployment;
  final WorkloadSpec spec;
  final String pod;
  final String podUid;
  final Node node;
  final List<Board> boards;
  final Board.Instance instance;
  final Deployment.Revision revision;
  final double createdAt;
  Phase phase = Phase.STARTING;
  double startedAt;
  int restarts;

  final Histogram ttft = new Histogram(Histogram.TTFT);
  final Histogram interToken = new Histogram(Histogram.ITL);
  final Histogram endToEnd = new Histogram(Histogram.REQUEST);
  final Histogram queued = new Histogram(Histogram.REQUEST);
  final Histogram prefill = new Histogram(Histogram.REQUEST);
  final Histogram decode = new Histogram(Histogram.REQUEST);
  final Histogram prompts;
  final Histogram outputs;
  double promptTokens;
  double generationTokens;
  double cachedTokens;
  long stopped;
  long cut;
  long preemptions;
  double cpuSeconds;

  // what a fault changes
  double leakBytesPerSecond;
  double leakFrom = Double.POSITIVE_INFINITY;
  double kvLost;

  // what is no fault: memory that follows the day, and a cache that takes hours to fill
  double dayBytes;
  double slowCacheBytes;
  double slowCacheSeconds = 1;

  SlowPath slowPath;

  private final Loop loop;
  private final long noise;
  private final Deque<Request> waiting = new ArrayDeque<>();
  private final Deque<Request> prefilling = new ArrayDeque<>();
  private final List<Request> running = new ArrayList<>();
  private final double hostSeconds;
  private final double baseBytes;
  private final double cacheBytes;
  private final double cacheSeconds;
  private final double kvCapacity;
  private double kvTokens;
  private long step;
  private long offered;
  private boolean stepping;
  private int chunk;
  private int steps;
  private double duration;
  private boolean blockedByMemory;
  private double coldUntil;

  Server(
      Deployment deployment,
      String pod,
      String podUid,
      List<Board> boards,
      Board.Instance instance,
      Deployment.Revision revision,
      double createdAt,
      long seed) {
    this.deployment = deployment;
    spec = deployment.spec;
    this.pod = pod;
    this.podUid = podUid;
    this.boards = List.copyOf(boards);
    this.instance = instance;
    this.revision = revision;
    this.createdAt = createdAt;
    node = boards.get(0).node;
    loop = deployment.site.fleet.loop;
    noise = Draw.hash(seed, "server/" + node.site.name + "/" + pod);
    Draw draw = new Draw(seed, "server-of/" + node.site.name + "/" + pod);
    hostSeconds = draw.uniform(.0016, .0028);
    baseBytes = draw.uniform(4.2e9, 5.2e9);
    cacheBytes = draw.uniform(.15e9, .6e9);
    cacheSeconds = draw.uniform(1500, 6000);
    prompts = new Histogram(Histogram.oneTwoFive(spec.maxModelLength()));
    outputs = new Histogram(Histogram.oneTwoFive(spec.maxModelLength()));
    for (Board board : this.boards) {
      board.servers.add(this);
    }
    startedAt = createdAt;
    kvCapacity = kvCapacity(spec, boards.get(0).product);
  }

  /** KV tokens that fit beside the weights. */
  static double kvCapacity(WorkloadSpec spec, Product product) {
    double gib = product.memoryMib() / 1024.0 * spec.boards();
    double part =
        switch (spec.sharing()) {
          case WHOLE -> .9;
          case TIME_SLICED -> .47;
          case MIG -> Board.Instance.LARGE.memory();
        };
    double free = Math.max(2, gib * part - spec.model().weightGib() - 2.5 * spec.boards());
    return Math.floor(free * (1L << 30) / spec.model().kvBytes() / BLOCK) * BLOCK;
  }

  long kvBlocks() {
    return (long) (kvCapacity / BLOCK);
  }

  double frameBufferMib() {
    double part =
        instance != null ? instance.memory() * .92 : boards.get(0).timeSliced ? .47 : .905;
    return boards.get(0).product.memoryMib() * part;
  }

  boolean stepping() {
    return stepping;
  }

  int inFlight() {
    return waiting.size() + prefilling.size() + running.size();
  }

  int runningRequests() {
    return running.size() + prefilling.size();
  }

  int waitingRequests() {
    return waiting.size();
  }

  boolean waitsForMemory() {
    return blockedByMemory && !waiting.isEmpty();
  }

  double kvUsage() {
    return Math.min(1, kvTokens / (kvCapacity * (1 - kvLost)));
  }

  double resident(double now) {
    double age = Math.max(0, now - startedAt);
    double cache = cacheBytes * (1 - Math.exp(-age / cacheSeconds));
    cache += slowCacheBytes * (1 - Math.exp(-age / slowCacheSeconds));
    cache += dayBytes * deployment.rhythm(now - 1200);
    double leaked = Math.max(0, now - Math.max(startedAt, leakFrom)) * leakBytesPerSecond;
    double wiggle = 12e6 * Draw.normalAt(noise, 1_000_000 + (long) (now / 30));
    return baseBytes + cache + leaked + wiggle + 4e5 * inFlight();
  }

  double workingSet(double now) {
    return resident(now) + 1.45e10 + 3e7 * Draw.normalAt(noise, 2_000_000 + (long) (now / 30));
  }

  void ready() {
    phase = Phase.READY;
    coldUntil = loop.now() + 40;
  }

  /** The process begins anew in the same pod: counters at zero, requests lost to their clients. */
  List<Request> crash() {
    List<Request> lost = new ArrayList<>(waiting);
    lost.addAll(prefilling);
    lost.addAll(running);
    waiting.clear();
    prefilling.clear();
    running.clear();
    kvTokens = 0;
    blockedByMemory = false;
    return lost;
  }

  void countersAtZero() {
    for (Histogram h :
        List.of(ttft, interToken, endToEnd, queued, prefill, decode, prompts, outputs)) {
      h.repeat(0);
    }
    promptTokens = 0;
    generationTokens = 0;
    cachedTokens = 0;
    stopped = 0;
    cut = 0;
    preemptions = 0;
    cpuSeconds = 0;
    startedAt = loop.now();
  }

  /** As if it had served like this for that many times as long. */
  void repeatHistory(long times) {
    for (Histogram h :
        List.of(ttft, interToken, endToEnd, queued, prefill, decode, prompts, outputs)) {
      h.repeat(times);
    }
    promptTokens *= times;
    generationTokens *= times;
    cachedTokens *= times;
    stopped *= times;
    cut *= times;
    cpuSeconds *= times;
  }

  void offer(Request request) {
    request.offered = loop.now();
    request.prefillLeft = request.prompt;
    double hit = spec.maxModelLength() > 0 ? revision.prefixHits() : 0;
    int cached = (int) (request.prompt * hit);
    request.prefillLeft -= cached;
    cachedTokens += cached;
    double wait = slow(false, offered++);
    if (wait > 0) {
      loop.in(wait, () -> take(request));
    } else {
      take(request);
    }
  }

  private void take(Request request) {
    if (phase == Phase.DEAD) {
      return;
    }
    waiting.addLast(request);
    if (!stepping) {
      begin();
    }
  }

  /**
   * What the n-th request or step has to wait on the slow path, if there is one and it takes it.
   */
  private double slow(boolean step, long n) {
    boolean is = slowPath != null && slowPath.ofSteps == step;
    return is ? slowPath.wait(Draw.at(noise, 3_000_000_000L + n), loop.now()) : 0;
  }

  private void begin() {
    admit();
    int decoding = running.size();
    int budget = Math.max(64, spec.tokenBudget() - decoding);
    chunk = 0;
    for (Request r : prefilling) {
      int part = Math.min(r.prefillLeft, budget - chunk);
      chunk += part;
      if (chunk >= budget) {
        break;
      }
    }
    if (decoding == 0 && chunk == 0) {
      stepping = false;
      return;
    }
    stepping = true;
    steps = 1;
    double now = loop.now();
    duration = stepSeconds(now, decoding, chunk);
    if (chunk == 0 && !boards.get(0).timeSliced && slowPath == null) {
      long first = Long.MAX_VALUE;
      for (Request r : running) {
        first = Math.min(first, r.finishesAtStep);
      }
      double room = kvCapacity * (1 - kvLost) - kvTokens;
      double untilArrival = deployment.nextArrival() - now;
      long most = Math.min(ALIKE, Math.min(first - step, (long) (room / decoding)));
      most = Math.min(most, (long) Math.ceil(untilArrival / duration));
      steps = (int) Math.max(1, most);
    }
    loop.in(duration * steps, this::complete);
  }

  private double stepSeconds(double now, int decoding, int chunk) {
    Model model = spec.model();
    Product product = boards.get(0).product;
    int width = boards.size();
    double part = instance == null ? 1 : instance.compute();
    double clock = 1;
    double link = 1;
    for (Board board : boards) {
      clock = Math.min(clock, board.speed());
      link = Math.max(link, board.linkSlowdown);
    }
    double fixed = model.fixedMs() / 1000 / product.bandwidth() / part / width;
    double perToken = model.msPerToken() / 1000 / product.compute() / part / width;
    double linear =
        Math.max(
            fixed / Math.pow(clock, .8),
            perToken * (decoding + chunk * revision.prefillSlowdown()) / clock);
    double attention =
        decoding == 0
            ? 0
            : kvTokens
                * model.kvBytes()
                / (Product.A100_BANDWIDTH * product.bandwidth() * part * width);
    double reduce = width > 1 ? (.0022 + 4e-6 * (decoding + chunk)) * link : 0;
    double kernels = (linear + attention + reduce) * revision.stepSlowdown() * node.slowdown;
    long second = (long) Math.floor(now) + 100_000;
    kernels *= Math.exp(.025 * Draw.normalAt(noise, second));
    if (now < coldUntil) {
      kernels *= 1.35;
    }
    int rivals = boards.get(0).rivals(this, now);
    double wall = kernels;
    if (rivals > 0) {
      double slice = .001 * -Math.log(1 - Draw.at(noise, (long) (now * 1e4)));
      wall = kernels * (1 + rivals) * 1.03 + slice;
    }
    double host = hostSeconds * node.hostFactor(now);
    if (Draw.at(noise, second * 7 + 3) < .0015) {
      host += .02 + .1 * Draw.at(noise, second * 7 + 4);
    }
    host += slow(true, step);
    double tensor = Math.min(kernels, perToken * (decoding + chunk));
    double dram = Math.min(kernels, fixed * .95 + attention);
    double bytes = 2e5 * (decoding + chunk);
    int n = chunk == 0 ? 1 : 1;
    for (Board board : boards) {
      pending(board, kernels * n, tensor, dram, bytes);
    }
    node.hostWorked(host);
    return wall + host;
  }

  private double pendingBusy;
  private double pendingTensor;
  private double pendingDram;
  private double pendingBytes;

  private void pending(Board board, double busy, double tensor, double dram, double bytes) {
    pendingBusy = busy;
    pendingTensor = tensor;
    pendingDram = dram;
    pendingBytes = bytes;
  }

  private void complete() {
    if (phase == Phase.DEAD) {
      stepping = false;
      return;
    }
    double now = loop.now();
    for (Board board : boards) {
      board.charge(
          instance,
          pendingBusy * steps,
          pendingTensor * steps,
          pendingDram * steps,
          pendingBytes * steps);
    }
    cpuSeconds += duration * steps * 1.1;
    int decoding = running.size();
    step += steps;
    if (decoding > 0) {
      interToken.add(duration, (long) decoding * steps);
      deployment.site.fleet.recorder.interToken(this, now, duration, decoding * steps);
      generationTokens += (double) decoding * steps;
      kvTokens += (double) decoding * steps;
    }
    finish(now);
    advancePrefill(now);
    relieve();
    begin();
  }

  private void finish(double now) {
    for (int i = running.size() - 1; i >= 0; i--) {
      Request r = running.get(i);
      if (r.finishesAtStep <= step) {
        running.remove(i);
        kvTokens -= r.prompt + r.output;
        if (r.cut) {
          cut++;
        } else {
          stopped++;
        }
        // as vLLM does: a request's parts are told when it is finished, its first token at once
        endToEnd.add(now - r.offered);
        queued.add(r.admitted - r.offered);
        prefill.add(r.firstToken - r.admitted);
        prompts.add(r.prompt);
        decode.add(now - r.firstToken);
        outputs.add(r.output);
      }
    }
    if (running.isEmpty() && prefilling.isEmpty()) {
      kvTokens = 0;
    }
  }

  private void advancePrefill(double now) {
    int left = chunk;
    while (left > 0 && !prefilling.isEmpty()) {
      Request r = prefilling.peekFirst();
      int part = Math.min(left, r.prefillLeft);
      r.prefillLeft -= part;
      left -= part;
      if (r.prefillLeft > 0) {
        break;
      }
      prefilling.pollFirst();
      if (r.firstToken < 0) {
        r.firstToken = now;
        ttft.add(now - r.offered);
        promptTokens += r.prompt;
        generationTokens++;
        r.generated = 1;
        deployment.site.fleet.recorder.firstToken(this, now, now - r.offered);
      }
      r.startedAtStep = step - (r.generated - 1);
      r.finishesAtStep = step + Math.max(0, r.output - r.generated);
      if (r.finishesAtStep <= step) {
        r.finishesAtStep = step + 1;
      }
      running.add(r);
      kvTokens += 1;
    }
  }

  /** Preempts the youngest until what runs fits. */
  private void relieve() {
    while (kvTokens > kvCapacity * (1 - kvLost) && running.size() > 1) {
      Request r = running.remove(running.size() - 1);
      r.generated = (int) (step - r.startedAtStep) + 1;
      kvTokens -= r.prompt + r.generated;
      r.prefillLeft = r.prompt + r.generated;
      preemptions++;
      waiting.addFirst(r);
      deployment.site.fleet.recorder.preempted(this, loop.now());
    }
  }

  private void admit() {
    blockedByMemory = false;
    while (!waiting.isEmpty()) {
      if (running.size() + prefilling.size() >= revision.maxSequences()) {
        return;
      }
      Request r = waiting.peekFirst();
      double need = r.prompt + r.generated;
      double room = kvCapacity * (1 - kvLost) * .99 - kvTokens;
      if (need > room && (!running.isEmpty() || !prefilling.isEmpty())) {
        blockedByMemory = true;
        return;
      }
      waiting.pollFirst();
      if (r.admitted < 0) {
        r.admitted = loop.now();
      }
      kvTokens += need;
      prefilling.addLast(r);
    }
  }
}
