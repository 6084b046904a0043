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
    for (ModelServerSample sample : snapshot.getServers()) {
      Server server = servers.edit(snapshot.getHeader().getTarget() + '|' + sample.getEngine());
      double preempted = sample.getPreemptions() - server.preemptions;
      if (!Double.isNaN(sample.getPreemptions())) {
        server.preemptions = sample.getPreemptions();
      }
      boolean reasoned = !Double.isNaN(sample.getRequestsWaitingForCapacity());
      double waiting =
          reasoned ? sample.getRequestsWaitingForCapacity() : sample.getRequestsWaiting();
      double used = sample.getKvCacheUsageRatio();
      if (Double.isNaN(waiting) && Double.isNaN(preempted)) {
        continue;
      }
      boolean bad = (waiting >= 1 && used >= FULL) || preempted >= 1;
      boolean well = !(waiting >= 1) || used < ROOM;
      Entity entity = entity(namespace, name, sample.getModel());
      if (bad) {
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
                    "%.0f requests wait%s, %.0f were preempted, the KV cache is %.0f %% full"
                        .formatted(
                            waiting,
                            reasoned ? " for capacity" : "",
                            Math.max(0, preempted),
                            used * 100),
                    reasoned ? "waitingForCapacity" : "waiting",
                    Double.toString(waiting),
                    "preemptions",
                    Double.toString(preempted)));
      } else if (well) {
        cluster.conditions().ok(EXHAUSTED, entity, at);
      }
    }
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
