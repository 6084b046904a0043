package dev.plumbline.streams.resource;

import dev.plumbline.detectors.trend.Creep;
import dev.plumbline.schemas.event.ContainerSample;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.event.LatencySnapshot;
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
import dev.plumbline.streams.state.Codec;
import dev.plumbline.streams.state.State;
import dev.plumbline.streams.state.Table;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Memory that creeps up for hours and days: of model servers, containers and virtual machines, each
 * against its own past and against others of its workload, which share its load.
 */
public final class CreepWatcher implements Watcher {
  /** A trend is asked for only over so many hours: less is warm-up or a caching phase. */
  private static final int LEAST_HOURS = 10;

  /** Growth over the hours seen below which nobody minds. */
  private static final double LEAST_GROWTH = 0.15;

  /** Mann-Kendall: hardly an hour lower than an earlier one. */
  private static final double LEAST_TAU = 0.8;

  /** A member of a cohort that grows alone grows at least so many times faster than the others. */
  private static final double ALONE = 3;

  private static final Rule CREEP =
      new Rule(Kind.DRIFT_RESOURCE, "", Duration.ZERO, 2, Duration.ofHours(2), Duration.ofHours(2));

  /** Memory of one pod or machine, by one source. */
  private static final class Memory implements State {
    Entity entity = Entity.of();
    double startSeconds = Double.NaN;
    int hours;
    final Creep creep = new Creep();

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      Codec.map(out, entity.parts());
      out.writeDouble(startSeconds);
      out.writeInt(hours);
      creep.write(out);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      entity = new Entity(Codec.map(in));
      startSeconds = in.readDouble();
      hours = in.readInt();
      creep.read(in);
    }
  }

  private final Cluster cluster;
  private final Table<Memory> memories;

  public CreepWatcher(Cluster cluster) {
    this.cluster = cluster;
    memories = cluster.tables().table("resource.memory", Memory::new);
  }

  @Override
  public void see(LatencySnapshot snapshot) {
    Header header = snapshot.getHeader();
    String namespace = header.getLabels().get("namespace");
    String pod = header.getLabels().get("pod");
    if (namespace == null || pod == null || header.getGone()) {
      return;
    }
    judge(
        "process " + header.getTarget(),
        entity(namespace, pod),
        snapshot.getProcessStartSeconds(),
        snapshot.getResidentMemoryBytes(),
        header.getObservedAt().toEpochMilli());
  }

  @Override
  public void see(ResourceSnapshot snapshot) {
    long at = snapshot.getHeader().getObservedAt().toEpochMilli();
    for (ContainerSample container : snapshot.getContainers()) {
      judge(
          "container "
              + container.getNamespace()
              + '/'
              + container.getPod()
              + '/'
              + container.getContainer(),
          entity(container.getNamespace(), container.getPod()),
          Double.NaN,
          container.getMemoryWorkingSetBytes(),
          at);
    }
    for (VirtualMachineSample machine : snapshot.getVirtualMachines()) {
      judge(
          "machine " + machine.getNamespace() + '/' + machine.getName(),
          Entity.of(
              "cluster",
              cluster.uid(),
              "namespace",
              machine.getNamespace(),
              "workload",
              machine.getName()),
          Double.NaN,
          machine.getMemoryAvailableBytes() - machine.getMemoryUsableBytes(),
          at);
    }
  }

  @Override
  public void see(PolicySnapshot snapshot) {
    if (!snapshot.getHeader().getGone() || !snapshot.getKind().equals("Pod")) {
      return;
    }
    List<String> gone = new ArrayList<>();
    for (Map.Entry<String, Memory> entry : memories.all().entrySet()) {
      Entity entity = entry.getValue().entity;
      if (snapshot.getName().equals(entity.get("pod"))
          && snapshot.getNamespace().equals(entity.get("namespace"))) {
        gone.add(entry.getKey());
      }
    }
    gone.forEach(memories::remove);
  }

  private void judge(String key, Entity entity, double startSeconds, double bytes, long at) {
    if (!(bytes > 0)) {
      return;
    }
    Memory memory = memories.edit(key);
    memory.entity = entity;
    if (!Double.isNaN(startSeconds)) {
      if (!Double.isNaN(memory.startSeconds) && memory.startSeconds != startSeconds) {
        memory.creep.restart();
        memory.hours = 0;
        cluster.conditions().ok(CREEP, entity, at);
      }
      memory.startSeconds = startSeconds;
    }
    memory.creep.update(at, bytes);
    if (memory.creep.hours() == memory.hours && memory.creep.hours() < 48) {
      return;
    }
    // once an hour: the trend has a new point
    memory.hours = memory.creep.hours();
    if (memory.creep.hours() < LEAST_HOURS) {
      return;
    }
    boolean creeps =
        memory.creep.relativeGrowth() >= LEAST_GROWTH
            && memory.creep.tau() >= LEAST_TAU
            && growsAlone(key, memory);
    if (creeps) {
      cluster
          .conditions()
          .bad(
              CREEP,
              entity,
              at,
              Severity.warning,
              Proof.of(
                  memory.creep.level(),
                  memory.creep.level() / (1 + memory.creep.relativeGrowth()),
                  "By",
                  memory.creep.score(),
                  "memory of %s grew by %.0f %% in %d hours, %.0f MB an hour"
                      .formatted(
                          key,
                          memory.creep.relativeGrowth() * 100,
                          memory.creep.hours(),
                          memory.creep.slopePerHour() / 1e6),
                  "tau",
                  Double.toString(memory.creep.tau())));
    } else if (memory.creep.tau() < 0.5) {
      cluster.conditions().ok(CREEP, entity, at);
    }
  }

  /** Others of the workload, seen by the same source, don't grow as this one does. */
  private boolean growsAlone(String key, Memory memory) {
    String source = key.substring(0, key.indexOf(' '));
    for (Map.Entry<String, Memory> entry : memories.all().entrySet()) {
      Memory other = entry.getValue();
      boolean sibling =
          other != memory
              && entry.getKey().startsWith(source)
              && other.creep.hours() >= LEAST_HOURS
              && java.util.Objects.equals(
                  other.entity.get("workload"), memory.entity.get("workload"))
              && java.util.Objects.equals(
                  other.entity.get("namespace"), memory.entity.get("namespace"));
      if (sibling
          && other.creep.tau() >= LEAST_TAU
          && other.creep.relativeGrowth() * ALONE > memory.creep.relativeGrowth()) {
        // all of them leak: a fault of the release, told for each of them
        return other.creep.relativeGrowth() >= LEAST_GROWTH;
      }
    }
    return true;
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
