package dev.plumbline.streams.latency;

import dev.plumbline.schemas.event.Evidence;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.event.Histogram;
import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.schemas.event.ModelServerSample;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.streams.findings.Entity;
import dev.plumbline.streams.findings.Kind;
import dev.plumbline.streams.findings.Proof;
import dev.plumbline.streams.findings.Rule;
import dev.plumbline.streams.inventory.Pod;
import dev.plumbline.streams.judge.Cluster;
import dev.plumbline.streams.judge.Watcher;
import dev.plumbline.streams.state.Table;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Model servers that answer more slowly than their load explains: the time of a decode step, and
 * the time to the first token.
 *
 * <p>Each is the sum over the count of its histogram between two scrapes: exact whatever the
 * buckets are, and the same after they changed. What is usual is learned per replica: a step's time
 * as a function of the tokens generated and prefilled per second, the time to the first token as
 * one of the prompt's length and the tokens prefilled per second; so a crowd or longer prompts are
 * no slowdown, and a load beyond all that was learned is not judged. A scrape counts by how many
 * requests it rests on, and evidence is summed up over scrapes ({@link
 * dev.plumbline.detectors.load.Shift}). A new replica inherits what its siblings learned on the
 * same GPU product, so the first replica of a slower image is judged by what the workload did
 * before.
 */
public final class LatencyWatcher implements Watcher {
  /** Steps in a scrape below which its mean says nothing. */
  private static final double LEAST_STEPS = 30;

  /** Scrapes to learn from before anything is judged. */
  private static final int LEAST_LEARNED = 20;

  /** Requests that a shift rests on at least: fewer are an anecdote. */
  private static final double LEAST_REQUESTS = 10;

  /** Scrapes that a shift rests on at least. */
  private static final int LEAST_SCRAPES = 3;

  /** At the highest load known a wait for the first token beyond this multiple is a queue. */
  private static final double QUEUED = 2.5;

  /** Beyond this an answer takes twice as long as it did. */
  private static final double SEVERE_EXCESS = 1.0;

  /** A process that began so lately warms up: it compiles, loads and has nothing cached. */
  private static final double WARM_UP_SECONDS = 90;

  /** What is asked of a latency before anybody is told. */
  private enum Judged {
    /** Users see a stream that is a fifth slower; less is the noise of batching. */
    STEP("inter_token", "a token", 0.2, 0.0012),
    /** A wait for the first token varies more, and is felt from some tens of milliseconds on. */
    FIRST("ttft", "the first token", 0.3, 0.02);

    final String signal;
    final String said;
    final double leastExcess;
    final double leastSeconds;

    Judged(String signal, String said, double leastExcess, double leastSeconds) {
      this.signal = signal;
      this.said = said;
      this.leastExcess = leastExcess;
      this.leastSeconds = leastSeconds;
    }
  }

  /** What a departed replica learned is kept so long for its successor. */
  private static final Duration LEGACY = Duration.ofHours(6);

  public static final Rule SWING = Rule.measured(Kind.LATENCY_SWING).clear(Duration.ofMinutes(1));

  private final Cluster cluster;
  private final Table<Replica> replicas;

  public LatencyWatcher(Cluster cluster) {
    this.cluster = cluster;
    replicas = cluster.tables().table("latency.replicas", Replica::new);
  }

  @Override
  public void see(LatencySnapshot snapshot) {
    Header header = snapshot.getHeader();
    String namespace = header.getLabels().get("namespace");
    String name = header.getLabels().get("pod");
    if (namespace == null || name == null) {
      return;
    }
    long at = header.getObservedAt().toEpochMilli();
    if (header.getGone()) {
      depart(namespace, name);
      return;
    }
    for (ModelServerSample sample : snapshot.getServers()) {
      Histogram step = histogram(sample, "inter_token");
      Histogram first = histogram(sample, "ttft");
      if (step != null || first != null) {
        judge(snapshot, sample, step, first, namespace, name, at);
      }
    }
  }

  private static Histogram histogram(ModelServerSample sample, String signal) {
    for (Histogram histogram : sample.getHistograms()) {
      if (histogram.getSignal().equals(signal)) {
        return histogram;
      }
    }
    return null;
  }

  @Override
  public void tick(long at) {
    if (Math.floorMod(at, 600_000) != 0) {
      return;
    }
    List<String> old = new ArrayList<>();
    for (Map.Entry<String, Replica> entry : replicas.all().entrySet()) {
      if (at - entry.getValue().at > LEGACY.toMillis()) {
        old.add(entry.getKey());
      }
    }
    old.forEach(replicas::remove);
  }

  private void judge(
      LatencySnapshot snapshot,
      ModelServerSample sample,
      Histogram step,
      Histogram first,
      String namespace,
      String name,
      long at) {
    Replica replica = replica(sample, namespace, name);
    replica.gone = false;
    boolean same =
        replica.startSeconds == snapshot.getProcessStartSeconds()
            || Double.isNaN(snapshot.getProcessStartSeconds());
    double age = at / 1000.0 - snapshot.getProcessStartSeconds();
    // a start in the future is a clock that runs ahead, and says nothing of warming up
    boolean warm = !(age >= 0 && age < WARM_UP_SECONDS);
    long from = replica.at;
    double elapsed = (at - from) / 1000.0;
    double prompts = sample.getPromptTokens() - replica.promptTokens;
    double steps = count(step) - replica.step.count;
    double stepSeconds = sum(step) - replica.step.sum;
    double requests = count(first) - replica.first.count;
    double firstSeconds = sum(first) - replica.first.sum;
    replica.at = at;
    replica.startSeconds = snapshot.getProcessStartSeconds();
    replica.promptTokens = sample.getPromptTokens();
    replica.step.count = count(step);
    replica.step.sum = sum(step);
    replica.first.count = count(first);
    replica.first.sum = sum(first);
    // a reset, a first scrape or a scrape out of order has no difference worth anything
    if (!same || !warm || !(prompts >= 0) || elapsed <= 0) {
      return;
    }
    double prefilled = prompts / elapsed;
    double weight = Double.isNaN(requests) ? steps / LEAST_STEPS : requests;
    if (stepSeconds >= 0) {
      replica.decoded(stepSeconds, elapsed);
    }
    boolean judged = false;
    if (steps >= LEAST_STEPS && stepSeconds > 0) {
      judged = replica.step.expected.count() >= LEAST_LEARNED;
      judge(
          Judged.STEP, replica.step, steps / elapsed, prefilled, stepSeconds / steps, weight, from);
    }
    if (requests >= 1 && firstSeconds > 0) {
      judged |= replica.first.expected.count() >= LEAST_LEARNED;
      double length = prompts / requests;
      double seconds = firstSeconds / requests;
      judge(Judged.FIRST, replica.first, length, prefilled, seconds, requests, from);
    }
    if (judged) {
      Pod pod = cluster.inventory().pod(namespace, name);
      cluster
          .peers()
          .judged(
              namespace,
              replica.workload,
              name,
              pod == null ? "" : pod.node,
              replica.model,
              replica.product,
              replica.sequences,
              replica.startSeconds,
              at);
    }
    tell(replica, at);
  }

  private Replica replica(ModelServerSample sample, String namespace, String name) {
    Pod pod = cluster.inventory().pod(namespace, name);
    String workload = pod == null ? "" : pod.workload;
    String key =
        namespace + '/' + workload + '/' + sample.getModel() + '|' + name + sample.getEngine();
    Replica known = replicas.get(key);
    Replica replica = replicas.edit(key);
    if (known == null) {
      replica.namespace = namespace;
      replica.workload = workload;
      replica.pod = name;
      replica.model = sample.getModel();
      replica.product =
          pod == null ? "" : cluster.inventory().nodeLabel(pod.node, "nvidia.com/gpu.product");
      inherit(replica, key);
    }
    return replica;
  }

  private static double count(Histogram histogram) {
    return histogram == null
        ? Double.NaN
        : histogram.getCounts().get(histogram.getCounts().size() - 1);
  }

  private static double sum(Histogram histogram) {
    return histogram == null ? Double.NaN : histogram.getSum();
  }

  private static void judge(
      Judged judged,
      Signal signal,
      double first,
      double second,
      double seconds,
      double requests,
      long from) {
    signal.seconds = seconds;
    boolean open = signal.shift.isOpen();
    if (signal.expected.count() < LEAST_LEARNED) {
      signal.learn(first, second, seconds, requests);
      return;
    }
    double expected = signal.expected.expected(first, second);
    signal.expectedSeconds = expected;
    if (!signal.expected.knows(first, second) || !(expected > 0)) {
      if (!open) {
        // more load than ever: learned from, not judged
        signal.learn(first, second, seconds, requests);
      }
      return;
    }
    boolean peak = signal.expected.isPeak(first, second);
    if (peak && judged == Judged.FIRST && seconds > QUEUED * expected) {
      // at the highest load known a wait of many times the usual is a queue that the load explains
      return;
    }
    double excess = Math.log(seconds / expected);
    double deviation = (peak ? 2 : 1) * signal.deviation(first, second, requests);
    signal.shift.update(from, excess / deviation, excess, requests);
    boolean much = signal.shift.excess() >= judged.leastExcess;
    boolean felt = expected * signal.shift.excess() >= judged.leastSeconds;
    boolean enough =
        signal.shift.count() >= LEAST_SCRAPES && signal.shift.weight() >= LEAST_REQUESTS;
    if (!open && signal.shift.isReached() && much && felt && enough) {
      signal.shift.open();
    } else if (!open && !(signal.shift.isSuspected() && much)) {
      signal.learn(first, second, seconds, requests);
    }
  }

  /** Says what the two latencies of a replica together are. */
  private void tell(Replica replica, long at) {
    Entity entity = entity(replica);
    boolean step = isShifted(replica.step);
    boolean first = isShifted(replica.first);
    if (step || first) {
      Signal signal = step ? replica.step : replica.first;
      cluster
          .conditions()
          .bad(
              SWING,
              entity,
              signal.shift.since(),
              at,
              signal.shift.excess() >= SEVERE_EXCESS ? Severity.critical : Severity.warning,
              evidence(step ? Judged.STEP : Judged.FIRST, signal));
    } else {
      cluster.conditions().ok(SWING, entity, at);
    }
  }

  private static boolean isShifted(Signal signal) {
    if (signal.shift.isOver()) {
      signal.shift.reset();
    }
    return signal.shift.isOpen();
  }

  private static Evidence evidence(Judged judged, Signal signal) {
    double excess = signal.shift.excess();
    return Proof.of(
        signal.seconds,
        signal.expectedSeconds,
        "s",
        signal.shift.score(),
        "%s takes %.1f ms; at this load it took %.1f ms before; %+.0f %% over %d scrapes"
            .formatted(
                judged.said,
                signal.seconds * 1000,
                signal.expectedSeconds * 1000,
                excess * 100,
                signal.shift.count()),
        "signal",
        judged.signal,
        "form",
        signal.shift.oscillates() ? "oscillation" : "level",
        "excess",
        "%.3f".formatted(excess),
        "requests",
        "%.0f".formatted(signal.shift.weight()));
  }

  private void inherit(Replica replica, String key) {
    String workload = key.substring(0, key.indexOf('|') + 1);
    Replica best = null;
    for (Replica other : replicas.beginningWith(workload).values()) {
      if (other != replica
          && other.product.equals(replica.product)
          && other.step.expected.count() >= LEAST_LEARNED
          && (best == null || other.at > best.at)) {
        best = other;
      }
    }
    if (best != null) {
      replica.step.inherit(best.step);
      replica.first.inherit(best.first);
    }
  }

  private void depart(String namespace, String name) {
    cluster.peers().gone(namespace, name);
    for (Map.Entry<String, Replica> entry : replicas.all().entrySet()) {
      if (entry.getValue().namespace.equals(namespace) && entry.getValue().pod.equals(name)) {
        replicas.edit(entry.getKey()).gone = true;
      }
    }
  }

  private Entity entity(Replica replica) {
    Pod pod = cluster.inventory().pod(replica.namespace, replica.pod);
    return Entity.of(
        "cluster",
        cluster.uid(),
        "namespace",
        replica.namespace,
        "workload",
        replica.workload,
        "model",
        replica.model,
        "pod",
        replica.pod,
        "node",
        pod == null ? null : pod.node);
  }
}
