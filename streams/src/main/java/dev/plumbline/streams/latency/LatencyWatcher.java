package dev.plumbline.streams.latency;

import dev.plumbline.detectors.tail.Rise;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.event.Histogram;
import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.schemas.event.ModelServerSample;
import dev.plumbline.streams.findings.Entity;
import dev.plumbline.streams.findings.Kind;
import dev.plumbline.streams.findings.Rule;
import dev.plumbline.streams.inventory.Pod;
import dev.plumbline.streams.judge.Cluster;
import dev.plumbline.streams.judge.Watcher;
import dev.plumbline.streams.state.Index;
import dev.plumbline.streams.state.Table;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

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

  /** A process that began so lately warms up: it compiles, loads and has nothing cached. */
  private static final double WARM_UP_SECONDS = 90;

  /** What a departed replica learned is kept so long for its successor. */
  private static final Duration LEGACY = Duration.ofHours(6);

  public static final Rule SWING = Rule.measured(Kind.LATENCY_SWING).clear(Duration.ofMinutes(1));

  private final Cluster cluster;
  private final Table<Replica> replicas;

  /** Replicas by namespace/pod. */
  private final Index<Replica> byPod = new Index<>();

  private final Rise steps = new Rise();
  private final Rise firsts = new Rise();
  private final Sight stepSight = new Sight();
  private final Sight firstSight = new Sight();
  private final Groups groups;

  public LatencyWatcher(Cluster cluster) {
    this.cluster = cluster;
    replicas = cluster.tables().table("latency.replicas", Replica::new);
    groups = new Groups(cluster, SWING, replicas);
    replicas
        .all()
        .forEach(
            (key, replica) -> {
              replica.key = key;
              byPod.add(pod(replica), key, replica);
              list(replica);
            });
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
    for (String key : old) {
      Replica replica = replicas.get(key);
      byPod.remove(pod(replica), key);
      groups.forget(replica, key);
      cluster.slowdowns().remove(key);
      replicas.remove(key);
    }
    groups.tick(at - LEGACY.toMillis());
  }

  private static String pod(Replica replica) {
    return replica.namespace + '/' + replica.pod;
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
    Rise stepRise = rise(replica.step, step, this.steps);
    Rise firstRise = rise(replica.first, first, this.firsts);
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
    groups.hear(replica, at);
    stepSight.judged = false;
    firstSight.judged = false;
    boolean judged = false;
    if (steps >= LEAST_STEPS && stepSeconds > 0) {
      judged = replica.step.isLearned();
      double batch = Math.max(1, sample.getRequestsRunning());
      replica.step.judge(
          steps / elapsed,
          prefilled,
          stepSeconds / steps,
          weight,
          batch,
          stepRise,
          from,
          groups.hold(replica, Judged.STEP),
          stepSight);
      replica.decoded(steps / elapsed);
    }
    if (requests >= 1 && firstSeconds > 0) {
      judged |= replica.first.isLearned();
      double length = prompts / requests;
      double seconds = firstSeconds / requests;
      replica.first.judge(
          length,
          prefilled,
          seconds,
          requests,
          1,
          firstRise,
          from,
          groups.hold(replica, Judged.FIRST),
          firstSight);
    }
    groups.add(replica, stepSight, firstSight);
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
    list(replica);
  }

  /** Keeps the cluster's slowdowns. */
  private void list(Replica replica) {
    if (replica.isSlower() != replica.listed) {
      replica.listed = !replica.listed;
      if (replica.listed) {
        cluster.slowdowns().add(replica.key, replica);
      } else {
        cluster.slowdowns().remove(replica.key);
      }
    }
  }

  /** What was counted since the last scrape, or null when that can't be told. */
  private static Rise rise(Signal signal, Histogram histogram, Rise into) {
    boolean known =
        histogram != null
            && signal.buckets.advance(histogram.getBounds(), histogram.getCounts(), into);
    return known ? into : null;
  }

  private Replica replica(ModelServerSample sample, String namespace, String name) {
    Pod pod = cluster.inventory().pod(namespace, name);
    String workload = pod == null ? "" : pod.workload;
    String key =
        Groups.workload(namespace, workload, sample.getModel()) + name + sample.getEngine();
    Replica known = replicas.get(key);
    Replica replica = replicas.edit(key);
    if (known == null) {
      replica.key = key;
      replica.namespace = namespace;
      replica.workload = workload;
      replica.pod = name;
      replica.model = sample.getModel();
      replica.product =
          pod == null ? "" : cluster.inventory().nodeLabel(pod.node, "nvidia.com/gpu.product");
      inherit(replica, key);
      byPod.add(pod(replica), key, replica);
      groups.form(replica, key);
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

  /** Says what the two latencies of a replica are, unless its workload or model says so of all. */
  private void tell(Replica replica, long at) {
    Entity entity = entity(replica);
    replica.step.swing.settle();
    replica.first.swing.settle();
    Swing worst = Swing.worst(replica.step.swing, replica.first.swing);
    if (worst == null) {
      cluster.conditions().ok(SWING, entity, at);
    } else if (!groups.tellOf(replica)) {
      cluster
          .conditions()
          .bad(SWING, entity, worst.since(), at, worst.severity(), SwingEvidence.of(worst));
    }
  }

  private void inherit(Replica replica, String key) {
    String workload = key.substring(0, key.indexOf('|') + 1);
    Replica best = null;
    for (Replica other : replicas.beginningWith(workload).values()) {
      if (other != replica
          && other.product.equals(replica.product)
          && other.step.isLearned()
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
    for (String key : byPod.of(namespace + '/' + name).keySet()) {
      replicas.edit(key).gone = true;
    }
  }

  private Entity entity(Replica replica) {
    Pod pod = cluster.inventory().pod(replica.namespace, replica.pod);
    String node = pod == null || pod.node.isEmpty() ? null : pod.node;
    if (replica.entity == null || !Objects.equals(replica.entity.get("node"), node)) {
      replica.entity =
          Entity.of(
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
              node);
    }
    return replica.entity;
  }
}
