package dev.plumbline.streams.load;

import dev.plumbline.schemas.event.Header;
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
 * Replicas that are asked for far more than usual: said as info, so that a crowd explains itself.
 */
public final class SurgeWatcher implements Watcher {
  /** So many times the usual tokens is a surge: daily rhythm stays below a doubling per hour. */
  private static final double SURGE = 2.5;

  /** Below so many prompt tokens a second a multiple means nothing. */
  private static final double LEAST_TOKENS = 50;

  /** Scrapes to learn from. */
  private static final int LEAST_LEARNED = 20;

  private static final Rule RULE =
      Rule.measured(Kind.LOAD_SURGE).raise(Duration.ofSeconds(60), 3).clear(Duration.ofMinutes(5));

  /** Demand of one engine. */
  private static final class Demand implements State {
    long at;
    double tokens = Double.NaN;
    double usual = Double.NaN;
    int learned;

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      out.writeLong(at);
      out.writeDouble(tokens);
      out.writeDouble(usual);
      out.writeInt(learned);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      at = in.readLong();
      tokens = in.readDouble();
      usual = in.readDouble();
      learned = in.readInt();
    }
  }

  private final Cluster cluster;
  private final Table<Demand> demands;

  public SurgeWatcher(Cluster cluster) {
    this.cluster = cluster;
    demands = cluster.tables().table("load.demand", Demand::new);
  }

  @Override
  public void see(LatencySnapshot snapshot) {
    Header header = snapshot.getHeader();
    String namespace = header.getLabels().get("namespace");
    String pod = header.getLabels().get("pod");
    if (namespace == null || pod == null) {
      return;
    }
    long at = header.getObservedAt().toEpochMilli();
    for (ModelServerSample server : snapshot.getServers()) {
      judge(
          demands.edit(header.getTarget() + '|' + server.getEngine()), server, namespace, pod, at);
    }
  }

  private void judge(
      Demand demand, ModelServerSample server, String namespace, String pod, long at) {
    double tokens = server.getPromptTokens();
    double rate = (tokens - demand.tokens) / ((at - demand.at) / 1000.0);
    boolean usable = at > demand.at && tokens >= demand.tokens;
    if (!Double.isNaN(tokens)) {
      demand.tokens = tokens;
      demand.at = at;
    }
    if (!usable) {
      return;
    }
    boolean known = demand.learned >= LEAST_LEARNED;
    boolean surge = known && rate >= LEAST_TOKENS && rate >= SURGE * demand.usual;
    Entity entity = entity(namespace, pod, server.getModel());
    if (surge) {
      cluster
          .conditions()
          .bad(
              RULE,
              entity,
              at,
              Severity.info,
              Proof.of(
                  rate,
                  demand.usual,
                  "{token}/s",
                  rate / demand.usual,
                  "%.0f prompt tokens/s, %.1f times the usual"
                      .formatted(rate, rate / demand.usual)));
    } else if (known) {
      cluster.conditions().ok(RULE, entity, at);
    }
    double share = surge ? 0.005 : Math.max(0.03, 1.0 / (demand.learned + 1));
    demand.usual = Double.isNaN(demand.usual) ? rate : demand.usual + share * (rate - demand.usual);
    demand.learned++;
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
        "model",
        model,
        "pod",
        name);
  }
}
