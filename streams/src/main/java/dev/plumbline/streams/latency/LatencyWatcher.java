package dev.plumbline.streams.latency;

import dev.plumbline.detectors.load.LoadModel;
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
 * Model servers whose decode steps take longer than their load explains.
 *
 * <p>A step's time is the sum over the count of the inter-token histogram between two scrapes:
 * exact whatever the buckets are. What is usual is learned per replica as a function of the tokens
 * it generates and the tokens it prefills, so a crowd is not a slowdown; a load beyond all that was
 * learned is not judged. A new replica inherits what its siblings learned on the same GPU product,
 * so the first replica of a slower image is judged by what the workload did before.
 */
public final class LatencyWatcher implements Watcher {
  /** Steps in a scrape below which its mean says too little. */
  private static final double LEAST_STEPS = 150;

  /** Scrapes to learn from before anything is judged. */
  private static final int LEAST_LEARNED = 20;

  /** Users feel a stream that is a quarter slower; less is the noise of batching. */
  private static final double LEAST_EXCESS = 0.25;

  /** Beyond this a stream is twice as slow as it was. */
  private static final double SEVERE_EXCESS = 1.0;

  /** And so many usual deviations. */
  private static final double LEAST_DEVIATIONS = 4;

  /** Below this excess a replica is well again. */
  private static final double WELL = 0.12;

  /** A slowdown below this is not felt, seconds per token. */
  private static final double LEAST_SECONDS = 0.0015;

  /** What a departed replica learned is kept so long for its successor. */
  private static final Duration LEGACY = Duration.ofHours(6);

  public static final Rule SWING = Rule.measured(Kind.LATENCY_SWING).clear(Duration.ofMinutes(4));

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
      for (Histogram histogram : sample.getHistograms()) {
        if (histogram.getSignal().equals("inter_token")) {
          judge(snapshot, sample, histogram, namespace, name, at);
        }
      }
    }
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
      Histogram histogram,
      String namespace,
      String name,
      long at) {
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
    replica.gone = false;
    double count = histogram.getCounts().get(histogram.getCounts().size() - 1);
    double steps = count - replica.steps;
    double seconds = histogram.getSum() - replica.stepSeconds;
    double prompts = sample.getPromptTokens() - replica.promptTokens;
    double elapsed = (at - replica.at) / 1000.0;
    boolean same =
        replica.startSeconds == snapshot.getProcessStartSeconds()
            || Double.isNaN(snapshot.getProcessStartSeconds());
    replica.at = at;
    replica.startSeconds = snapshot.getProcessStartSeconds();
    replica.steps = count;
    replica.stepSeconds = histogram.getSum();
    replica.promptTokens = sample.getPromptTokens();
    // a reset, a first scrape or a scrape out of order has no difference worth anything
    if (!same || !(steps >= 0) || !(seconds >= 0) || !(prompts >= 0) || elapsed <= 0) {
      return;
    }
    work(replica, (steps + prompts / 10) / elapsed);
    if (steps >= LEAST_STEPS) {
      step(replica, steps / elapsed, prompts / elapsed, seconds / steps, at);
    }
  }

  private void step(Replica replica, double generated, double prefilled, double seconds, long at) {
    LoadModel model = replica.expected;
    Entity entity = entity(replica);
    boolean open = cluster.conditions().isOpen(SWING, entity);
    if (model.count() < LEAST_LEARNED) {
      model.learn(generated, prefilled, seconds * 1000);
      return;
    }
    if (!model.knows(generated, prefilled)) {
      if (!open) {
        // more load than ever: learned from, not judged
        model.learn(generated, prefilled, seconds * 1000);
      }
      return;
    }
    double expected = model.expected(generated, prefilled) / 1000;
    double excess = model.excess(generated, prefilled, seconds * 1000);
    replica.judged(excess);
    double limit = Math.max(LEAST_EXCESS, LEAST_DEVIATIONS * model.deviation());
    boolean slow = replica.least() >= 0.8 * limit && replica.middle() >= limit;
    boolean felt = seconds - expected >= LEAST_SECONDS;
    if (slow && felt || open && excess > limit) {
      cluster
          .conditions()
          .bad(
              SWING,
              entity,
              at,
              replica.middle() >= SEVERE_EXCESS ? Severity.critical : Severity.warning,
              evidence(replica, seconds, expected, generated));
    } else if (excess < Math.max(WELL, 2 * model.deviation())) {
      cluster.conditions().ok(SWING, entity, at);
    }
    if (!open && excess < limit) {
      model.learn(generated, prefilled, seconds * 1000);
    }
  }

  private static Evidence evidence(
      Replica replica, double seconds, double expected, double generated) {
    return Proof.of(
        seconds,
        expected,
        "s",
        replica.middle() / replica.expected.deviation(),
        "a token takes %.1f ms; at this load (%.0f tokens/s) it took %.1f ms before"
            .formatted(seconds * 1000, generated, expected * 1000),
        "signal",
        "inter_token",
        "form",
        "level");
  }

  /** What the replica does now and what it usually does; the neighbours of a victim are asked. */
  private static void work(Replica replica, double work) {
    replica.work = Double.isNaN(replica.work) ? work : replica.work + 0.5 * (work - replica.work);
    replica.usualWork =
        Double.isNaN(replica.usualWork)
            ? work
            : replica.usualWork + 0.02 * (work - replica.usualWork);
  }

  private void inherit(Replica replica, String key) {
    String workload = key.substring(0, key.indexOf('|') + 1);
    Replica best = null;
    for (Map.Entry<String, Replica> entry : replicas.all().entrySet()) {
      Replica other = entry.getValue();
      if (other != replica
          && entry.getKey().startsWith(workload)
          && other.product.equals(replica.product)
          && other.expected.count() >= LEAST_LEARNED
          && (best == null || other.at > best.at)) {
        best = other;
      }
    }
    if (best != null) {
      replica.expected = best.expected.copy();
      replica.usualWork = best.usualWork;
    }
  }

  private void depart(String namespace, String name) {
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
