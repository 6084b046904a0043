package dev.plumbline.streams.gpu;

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
import dev.plumbline.streams.state.State;
import dev.plumbline.streams.state.Table;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/**
 * Model servers whose KV cache is full: requests wait for capacity or are preempted. A queue alone
 * is load; a queue beside a full cache is exhaustion. A server that doesn't say why requests wait
 * is believed by its cache.
 */
public final class ExhaustionWatcher implements Watcher {
  /** vLLM preempts when no block is free; above this a batch has no room to grow. */
  private static final double FULL = 0.9;

  /** With a queue and a cache between this and full a server is neither well nor exhausted. */
  private static final double ROOM = 0.8;

  private static final Rule EXHAUSTED =
      Rule.measured(Kind.GPU_EXHAUSTION)
          .raise(Duration.ofSeconds(60), 3)
          .clear(Duration.ofMinutes(3));

  /** Preemptions counted so far. */
  private static final class Server implements State {
    double preemptions = Double.NaN;

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      out.writeDouble(preemptions);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      preemptions = in.readDouble();
    }
  }

  private final Cluster cluster;
  private final Table<Server> servers;

  public ExhaustionWatcher(Cluster cluster) {
    this.cluster = cluster;
    servers = cluster.tables().table("gpu.exhaustion", Server::new);
  }

  @Override
  public void see(LatencySnapshot snapshot) {
    String namespace = snapshot.getHeader().getLabels().get("namespace");
    String name = snapshot.getHeader().getLabels().get("pod");
    if (namespace == null || name == null) {
      return;
    }
    long at = snapshot.getHeader().getObservedAt().toEpochMilli();
    List<ModelServerSample> samples = snapshot.getServers();
    for (int i = 0; i < samples.size(); i++) {
      String model = samples.get(i).getModel();
      if (isFirst(samples, i)) {
        judge(snapshot, model, entity(namespace, name, model), at);
      }
    }
  }

  private static boolean isFirst(List<ModelServerSample> samples, int index) {
    for (int i = 0; i < index; i++) {
      if (samples.get(i).getModel().equals(samples.get(index).getModel())) {
        return false;
      }
    }
    return true;
  }

  /** A server with several engines is exhausted when one of them is, and well when all are. */
  private void judge(LatencySnapshot snapshot, String model, Entity entity, long at) {
    ModelServerSample worst = null;
    double mostPreempted = 0;
    boolean well = false;
    boolean unsure = false;
    for (ModelServerSample sample : snapshot.getServers()) {
      if (!sample.getModel().equals(model)) {
        continue;
      }
      double preempted = preempted(snapshot.getHeader().getTarget(), sample);
      double waiting = waiting(sample);
      if (Double.isNaN(waiting) && Double.isNaN(preempted)) {
        continue;
      }
      double used = sample.getKvCacheUsageRatio();
      if (waiting >= 1 && used >= FULL || preempted >= 1) {
        boolean worse = worst == null || waiting > waiting(worst);
        worst = worse ? sample : worst;
        mostPreempted = worse ? Math.max(0, preempted) : mostPreempted;
      } else if (!(waiting >= 1) || used < ROOM) {
        well = true;
      } else {
        unsure = true;
      }
    }
    if (worst != null) {
      tell(worst, mostPreempted, entity, at);
    } else if (well && !unsure) {
      cluster.conditions().ok(EXHAUSTED, entity, at);
    }
  }

  private double preempted(String target, ModelServerSample sample) {
    Server server = servers.edit(target + '|' + sample.getEngine());
    double preempted = sample.getPreemptions() - server.preemptions;
    if (!Double.isNaN(sample.getPreemptions())) {
      server.preemptions = sample.getPreemptions();
    }
    return preempted;
  }

  private static double waiting(ModelServerSample sample) {
    double reasoned = sample.getRequestsWaitingForCapacity();
    return Double.isNaN(reasoned) ? sample.getRequestsWaiting() : reasoned;
  }

  private void tell(ModelServerSample sample, double preempted, Entity entity, long at) {
    boolean reasoned = !Double.isNaN(sample.getRequestsWaitingForCapacity());
    double waiting = Double.isNaN(waiting(sample)) ? 0 : waiting(sample);
    double used = sample.getKvCacheUsageRatio();
    cluster
        .conditions()
        .bad(
            EXHAUSTED,
            entity,
            at,
            waiting >= 10 ? Severity.critical : Severity.warning,
            Proof.of(
                used,
                FULL,
                "ratio",
                Math.max(waiting, preempted),
                "%.0f requests wait%s, %.0f were preempted%s"
                    .formatted(
                        waiting,
                        reasoned ? " for capacity" : "",
                        preempted,
                        Double.isNaN(used)
                            ? ""
                            : ", the KV cache is %.0f %% full".formatted(used * 100)),
                reasoned ? "waitingForCapacity" : "waiting",
                Double.toString(waiting),
                "preemptions",
                Double.toString(preempted)));
  }

  private Entity entity(String namespace, String name, String model) {
    Pod pod = cluster.inventory().pod(namespace, name);
    return Entity.of(
        "cluster",
        cluster.uid(),
        "namespace",
        namespace,
        "workload",
        pod == null ? null : pod.workload,
        "pod",
        name,
        "model",
        model,
        "node",
        pod == null ? null : pod.node);
  }
}
