package dev.plumbline.streams.resource;

import dev.plumbline.detectors.trend.Creep;
import dev.plumbline.detectors.trend.Creep.Trend;
import dev.plumbline.detectors.trend.Peers;
import dev.plumbline.schemas.event.ContainerSample;
import dev.plumbline.schemas.event.Evidence;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.schemas.event.ModelServerSample;
import dev.plumbline.schemas.event.PolicySnapshot;
import dev.plumbline.schemas.event.ResourceSnapshot;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.schemas.event.VirtualMachineSample;
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
 * Memory that creeps up for hours and days: of model servers, containers and virtual machines, each
 * against its own past, its load, and the others of its workload ({@link Creep}).
 */
public final class CreepWatcher implements Watcher {
  private static final Rule CREEP =
      new Rule(Kind.DRIFT_RESOURCE, "", Duration.ZERO, 2, Duration.ofHours(2), Duration.ofHours(2));

  /** Memory of one pod or machine, by one source. */
  private static final class Memory implements State {
    double startSeconds = Double.NaN;
    double limitBytes = Double.NaN;
    boolean told;
    final Creep creep = new Creep();

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(2);
      out.writeDouble(startSeconds);
      out.writeDouble(limitBytes);
      out.writeBoolean(told);
      creep.write(out);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 2);
      startSeconds = in.readDouble();
      limitBytes = in.readDouble();
      told = in.readBoolean();
      creep.read(in);
    }
  }

  /** All of one workload, by one source. */
  private static final class Cohort implements State {
    final Peers peers = new Peers();

    @Override
    public void write(DataOutput out) throws IOException {
      peers.write(out);
    }

    @Override
    public void read(DataInput in) throws IOException {
      peers.read(in);
    }
  }

  private final Cluster cluster;
  private final Table<Memory> memories;
  private final Table<Cohort> cohorts;

  public CreepWatcher(Cluster cluster) {
    this.cluster = cluster;
    memories = cluster.tables().table("resource.memory", Memory::new);
    cohorts = cluster.tables().table("resource.memory.cohort", Cohort::new);
  }

  @Override
  public void see(LatencySnapshot snapshot) {
    Header header = snapshot.getHeader();
    String namespace = header.getLabels().get("namespace");
    String pod = header.getLabels().get("pod");
    if (namespace == null
        || pod == null
        || header.getGone()
        || !(snapshot.getResidentMemoryBytes() > 0)) {
      return;
    }
    String key = "process " + namespace + '/' + pod + '/' + header.getTarget();
    Memory memory = memories.edit(key);
    double start = snapshot.getProcessStartSeconds();
    if (!Double.isNaN(start)) {
      if (!Double.isNaN(memory.startSeconds) && memory.startSeconds != start) {
        memory.creep.restart();
      }
      memory.startSeconds = start;
    }
    double tokens = 0;
    for (ModelServerSample server : snapshot.getServers()) {
      tokens += server.getPromptTokens() + server.getGenerationTokens();
    }
    long at = header.getObservedAt().toEpochMilli();
    if (memory.creep.update(at, snapshot.getResidentMemoryBytes(), tokens)) {
      judge("process", memory, entity(namespace, pod), "process of " + pod, at);
    }
  }

  @Override
  public void see(ResourceSnapshot snapshot) {
    long at = snapshot.getHeader().getObservedAt().toEpochMilli();
    for (ContainerSample container : snapshot.getContainers()) {
      see(container, at);
    }
    for (VirtualMachineSample machine : snapshot.getVirtualMachines()) {
      double used = machine.getMemoryAvailableBytes() - machine.getMemoryUsableBytes();
      if (used > 0) {
        Memory memory =
            memories.edit("machine " + machine.getNamespace() + '/' + machine.getName());
        if (memory.creep.update(at, used, machine.getCpuSeconds())) {
          Entity entity =
              Entity.of(
                  "cluster",
                  cluster.uid(),
                  "namespace",
                  machine.getNamespace(),
                  "workload",
                  machine.getName());
          judge("machine", memory, entity, "machine " + machine.getName(), at);
        }
      }
    }
  }

  private void see(ContainerSample container, long at) {
    double bytes = container.getMemoryWorkingSetBytes();
    double limit = container.getMemoryLimitBytes();
    if (!(bytes > 0) && !(limit > 0)) {
      return;
    }
    String key =
        "container "
            + container.getNamespace()
            + '/'
            + container.getPod()
            + '/'
            + container.getContainer();
    if (!(bytes > 0) && memories.get(key) == null) {
      return;
    }
    Memory memory = memories.edit(key);
    memory.limitBytes = limit > 0 ? limit : memory.limitBytes;
    if (memory.creep.update(at, bytes, container.getCpuSeconds())) {
      judge(
          "container " + container.getContainer(),
          memory,
          entity(container.getNamespace(), container.getPod()),
          "container " + container.getContainer() + " of " + container.getPod(),
          at);
    }
  }

  @Override
  public void see(PolicySnapshot snapshot) {
    if (!snapshot.getHeader().getGone() || !snapshot.getKind().equals("Pod")) {
      return;
    }
    String pod = snapshot.getNamespace() + '/' + snapshot.getName() + '/';
    for (String source : List.of("process ", "container ")) {
      List.copyOf(memories.beginningWith(source + pod).keySet()).forEach(memories::remove);
    }
  }

  /** Half an hour was summed up. */
  private void judge(String source, Memory memory, Entity entity, String name, long at) {
    Creep creep = memory.creep;
    Peers peers = null;
    if (entity.get("workload") != null) {
      String cohort = source + ' ' + entity.get("namespace") + '/' + entity.get("workload");
      peers = cohorts.edit(cohort).peers;
      peers.add(creep);
    }
    Trend trend = creep.judge(peers);
    if (trend == null && !creep.isSawtooth()) {
      if (memory.told && creep.isSteady()) {
        cluster.conditions().ok(CREEP, entity, at);
        memory.told = cluster.conditions().isOpen(CREEP, entity);
      }
      return;
    }
    // two sources may see one leak: who told it first tells its end
    memory.told |= !cluster.conditions().isOpen(CREEP, entity);
    cluster
        .conditions()
        .bad(
            CREEP,
            entity,
            at,
            Severity.warning,
            trend == null
                ? Proof.of(
                    creep.level(),
                    Double.NaN,
                    "By",
                    creep.runs(),
                    "memory of %s grew until it restarted, %d times in a row"
                        .formatted(name, creep.runs()))
                : proof(memory, trend, name));
  }

  private static Evidence proof(Memory memory, Trend trend, String name) {
    double level = memory.creep.level();
    double before = level / (1 + trend.growth());
    double perHour = (level - before) / trend.hours();
    double toLimit = (memory.limitBytes - level) / perHour;
    boolean near = toLimit >= 0 && toLimit < 30 * 24;
    return Proof.of(
        level,
        before,
        "By",
        trend.score(),
        "memory of %s grew by %.0f %% in %.0f hours, %.0f MB an hour%s%s"
            .formatted(
                name,
                trend.growth() * 100,
                trend.hours(),
                perHour / 1e6,
                near ? ", and reaches its limit in %.0f hours".formatted(toLimit) : "",
                trend.runs() > 0 ? ", as it did before the last restart" : ""),
        "tau",
        Double.toString(trend.tau()),
        "bytesPerHour",
        Double.toString(perHour),
        "hoursToLimit",
        near ? Double.toString(toLimit) : null,
        "runsBefore",
        trend.runs() > 0 ? Integer.toString(trend.runs()) : null);
  }

  private Entity entity(String namespace, String name) {
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
        "node",
        pod == null ? null : pod.node);
  }
}
