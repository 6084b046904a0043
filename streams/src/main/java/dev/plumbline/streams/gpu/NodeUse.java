package dev.plumbline.streams.gpu;

import dev.plumbline.schemas.event.ContainerSample;
import dev.plumbline.schemas.event.NodeSample;
import dev.plumbline.streams.inventory.Pod;
import dev.plumbline.streams.state.Codec;
import dev.plumbline.streams.state.State;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/** The processors of a node: how long work waits for them, and which pod takes how much. */
final class NodeUse implements State {
  /** Ratios of time: pressure and use below such a growth are a node's ordinary life. */
  private static final double LEAST_RATIO = 0.08;

  private static final double LEAST_CORES = 1;

  /** Lists in a row that don't name a pod before it is forgotten. */
  private static final int FORGOTTEN = 3;

  /** One pod's processors. */
  static final class PodCores {
    /** namespace/pod. */
    String pod = "";

    /** Cores used. */
    final Level cores = new Level();

    /** Part of its scheduling periods in which its own limit held it back; NaN without a limit. */
    double throttledRatio = Double.NaN;

    /** Part of the time in which some of it waited for a processor (PSI); NaN when not told. */
    double waitingRatio = Double.NaN;

    private double seconds = Double.NaN;
    private double periods = Double.NaN;
    private double throttled = Double.NaN;
    private double waiting = Double.NaN;
    private int unseen;

    // sums over the containers of the list being read
    private boolean listed;
    private double sumSeconds;
    private double sumPeriods;
    private double sumThrottled;
    private double sumWaiting;

    private void add(ContainerSample container) {
      listed = true;
      sumSeconds = BoardUse.sum(sumSeconds, container.getCpuSeconds());
      sumPeriods = BoardUse.sum(sumPeriods, container.getCpuPeriods());
      sumThrottled = BoardUse.sum(sumThrottled, container.getCpuThrottledPeriods());
      sumWaiting = BoardUse.sum(sumWaiting, container.getCpuPressureWaitingSeconds());
    }

    private void startList() {
      listed = false;
      sumSeconds = Double.NaN;
      sumPeriods = Double.NaN;
      sumThrottled = Double.NaN;
      sumWaiting = Double.NaN;
    }

    /** The list is read: sums become rates. A sum that fell began anew and has no rate. */
    private void endList(double elapsed, long time) {
      unseen = 0;
      cores.see((sumSeconds - seconds) / elapsed, time, LEAST_CORES);
      throttledRatio = rate(sumThrottled - throttled, sumPeriods - periods);
      waitingRatio = rate(sumWaiting - waiting, elapsed);
      seconds = sumSeconds;
      periods = sumPeriods;
      throttled = sumThrottled;
      waiting = sumWaiting;
    }

    private static double rate(double growth, double over) {
      return growth >= 0 && over > 0 ? growth / over : Double.NaN;
    }
  }

  /** UUIDs of its boards. */
  final TreeSet<String> boards = new TreeSet<>();

  /** Part of the time in which something waited for a processor (PSI). */
  final Level pressure = new Level();

  /** Part of the time in which processors worked. */
  final Level busy = new Level();

  final List<PodCores> pods = new ArrayList<>();

  private long at;
  private double waiting = Double.NaN;
  private double idle = Double.NaN;
  private double total = Double.NaN;
  private long listedAt;
  private int lists;

  /** True when the kernel keeps pressure information. */
  boolean tellsPressure() {
    return !Double.isNaN(waiting);
  }

  /** The node's own exporter. */
  void see(NodeSample sample, long time) {
    double elapsed = (time - at) / 1000.0;
    if (elapsed <= 0
        || Double.isNaN(sample.getCpuSecondsTotal())
            && Double.isNaN(sample.getCpuPressureWaitingSeconds())) {
      return;
    }
    pressure.see((sample.getCpuPressureWaitingSeconds() - waiting) / elapsed, time, LEAST_RATIO);
    double worked = sample.getCpuSecondsTotal() - total;
    busy.see(
        worked > 0 ? 1 - (sample.getCpuIdleSecondsTotal() - idle) / worked : Double.NaN,
        time,
        LEAST_RATIO);
    at = time;
    waiting = sample.getCpuPressureWaitingSeconds();
    idle = sample.getCpuIdleSecondsTotal();
    total = sample.getCpuSecondsTotal();
  }

  /** The kubelet's list of containers on the node. */
  void see(List<ContainerSample> containers, long time) {
    double elapsed = (time - listedAt) / 1000.0;
    if (elapsed <= 0) {
      return;
    }
    for (int i = 0; i < pods.size(); i++) {
      pods.get(i).startList();
    }
    int next = 0;
    for (int i = 0; i < containers.size(); i++) {
      ContainerSample container = containers.get(i);
      if (!Double.isNaN(container.getCpuSeconds())) {
        next = place(container, next);
        pods.get(next).add(container);
      }
    }
    for (int i = pods.size() - 1; i >= 0; i--) {
      PodCores pod = pods.get(i);
      if (pod.listed) {
        pod.endList(elapsed, time);
      } else if (++pod.unseen >= FORGOTTEN) {
        pods.remove(i);
      }
    }
    listedAt = time;
    lists = Math.min(lists + 1, Level.LEARNED);
  }

  /** Lists keep their order: the next container is of the same pod or of the one behind it. */
  private int place(ContainerSample container, int from) {
    for (int i = 0; i < pods.size(); i++) {
      int index = (from + i) % pods.size();
      if (Pod.isKey(pods.get(index).pod, container.getNamespace(), container.getPod())) {
        return index;
      }
    }
    PodCores pod = new PodCores();
    pod.pod = container.getNamespace() + '/' + container.getPod();
    pod.startList();
    if (lists >= Level.LEARNED) {
      // it was not in the last list: all that it used, it used since then
      pod.cores.begin(listedAt);
      pod.seconds = 0;
    }
    pods.add(pod);
    return pods.size() - 1;
  }

  /** The pod's processors, or null when the kubelet has not told of it. */
  PodCores pod(String key) {
    for (PodCores pod : pods) {
      if (pod.pod.equals(key)) {
        return pod;
      }
    }
    return null;
  }

  @Override
  public void write(DataOutput out) throws IOException {
    out.writeByte(1);
    Codec.texts(out, boards);
    pressure.write(out);
    busy.write(out);
    out.writeLong(at);
    out.writeDouble(waiting);
    out.writeDouble(idle);
    out.writeDouble(total);
    out.writeLong(listedAt);
    out.writeInt(lists);
    out.writeInt(pods.size());
    for (PodCores pod : pods) {
      Codec.text(out, pod.pod);
      pod.cores.write(out);
      out.writeDouble(pod.throttledRatio);
      out.writeDouble(pod.waitingRatio);
      out.writeDouble(pod.seconds);
      out.writeDouble(pod.periods);
      out.writeDouble(pod.throttled);
      out.writeDouble(pod.waiting);
      out.writeInt(pod.unseen);
    }
  }

  @Override
  public void read(DataInput in) throws IOException {
    State.version(in, 1);
    boards.addAll(Codec.texts(in));
    pressure.read(in);
    busy.read(in);
    at = in.readLong();
    waiting = in.readDouble();
    idle = in.readDouble();
    total = in.readDouble();
    listedAt = in.readLong();
    lists = in.readInt();
    for (int n = in.readInt(); n > 0; n--) {
      PodCores pod = new PodCores();
      pod.pod = Codec.text(in);
      pod.cores.read(in);
      pod.throttledRatio = in.readDouble();
      pod.waitingRatio = in.readDouble();
      pod.seconds = in.readDouble();
      pod.periods = in.readDouble();
      pod.throttled = in.readDouble();
      pod.waiting = in.readDouble();
      pod.unseen = in.readInt();
      pods.add(pod);
    }
  }
}
