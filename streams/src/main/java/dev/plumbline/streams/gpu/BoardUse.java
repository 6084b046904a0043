package dev.plumbline.streams.gpu;

import dev.plumbline.schemas.event.GpuHolder;
import dev.plumbline.schemas.event.GpuSample;
import dev.plumbline.streams.inventory.Pod;
import dev.plumbline.streams.state.Codec;
import dev.plumbline.streams.state.State;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What a board does and for whom: as a whole where everything on it is shared, per instance where
 * MIG splits it.
 */
final class BoardUse implements State {
  /** Ratios: a growth below this is within what a server's own batches do. */
  private static final double LEAST_ACTIVE = 0.15;

  /** Bytes a second: an eighth of what a link of PCIe 4.0 x16 carries one way (31.5 GB/s). */
  private static final double LEAST_BYTES = 4e9;

  /** An exporter that names no holder in one scrape has not lost them all. */
  private static final int FORGOTTEN = 3;

  /** A board or an instance that others outlive by so long is not there any more. */
  static final long GONE = Duration.ofMinutes(10).toMillis();

  /** Bits of the clock event reasons (nvml.h). */
  private static final int IDLE = 0x1;

  private static final int POWER_CAP = 0x4;

  /** A pod that holds a part or a share of it. */
  static final class Holder {
    /** namespace/pod. */
    String pod = "";

    /** Ratio of time in which its own kernels ran; unknown unless reported per process. */
    final Level active = new Level();

    /** The last scrape that did not name it, event time; 0 when it may have been there always. */
    private long came;
  }

  /** All that shares compute and memory: a whole board, or one MIG GPU instance. */
  static final class Part {
    /** MIG GPU instance; empty for a whole board. */
    String instance = "";

    /** As far as the exporter names them. */
    final List<Holder> holders = new ArrayList<>();

    /** Ratio of time in which kernels ran. */
    final Level engine = new Level();

    /** Ratio of time in which the memory interface was busy. */
    final Level memory = new Level();

    private int nameless;
    private int shown;
    private long before;
    private long at;

    /** The pod as a holder, or null when the exporter doesn't name it. */
    Holder holder(String pod) {
      for (Holder holder : holders) {
        if (holder.pod.equals(pod)) {
          return holder;
        }
      }
      return null;
    }

    private void hold(List<GpuHolder> named, double whole, long time) {
      if (named.isEmpty()) {
        if (++nameless >= FORGOTTEN) {
          holders.clear();
        }
        return;
      }
      nameless = 0;
      for (int i = holders.size() - 1; i >= 0; i--) {
        if (!isNamed(holders.get(i), named)) {
          holders.remove(i);
        }
      }
      boolean apart = isApart(named, whole);
      for (int i = 0; i < named.size(); i++) {
        Holder holder = place(named.get(i));
        if (apart && named.get(i).getUtilizationRatio() >= 0) {
          if (holder.came > 0 && !holder.active.isKnown()) {
            holder.active.begin(holder.came);
          }
          holder.active.see(named.get(i).getUtilizationRatio(), time, LEAST_ACTIVE);
        }
      }
    }

    /**
     * True when each holder's use is its own. Exporters before per-process rows repeat the whole
     * board's value for each holder.
     */
    private static boolean isApart(List<GpuHolder> named, double whole) {
      for (int i = 0; i < named.size(); i++) {
        double own = named.get(i).getUtilizationRatio();
        if (named.size() > 1 && own >= 0 && own != whole) {
          return true;
        }
      }
      return false;
    }

    private static boolean isNamed(Holder holder, List<GpuHolder> named) {
      for (int i = 0; i < named.size(); i++) {
        if (Pod.isKey(holder.pod, named.get(i).getNamespace(), named.get(i).getPod())) {
          return true;
        }
      }
      return false;
    }

    private Holder place(GpuHolder named) {
      for (int i = 0; i < holders.size(); i++) {
        if (Pod.isKey(holders.get(i).pod, named.getNamespace(), named.getPod())) {
          return holders.get(i);
        }
      }
      Holder holder = new Holder();
      holder.pod = named.getNamespace() + '/' + named.getPod();
      holder.came = shown >= Level.LEARNED ? before : 0;
      holders.add(holder);
      return holder;
    }
  }

  String uuid = "";
  String node = "";
  final List<Part> parts = new ArrayList<>();

  /** Bytes a second over the board's own link, both ways. */
  final Level bytes = new Level();

  /** Clock while it works with all the power it wants, MHz; NaN until seen. */
  double usualClockMhz = Double.NaN;

  /** Clock now, MHz; NaN while it idles. */
  double clockMhz = Double.NaN;

  /** Part of the usual clock that the power cap takes. */
  final Level capped = new Level();

  private long at;

  /** When it was last shown, event time in milliseconds. */
  long at() {
    return at;
  }

  /** A sample of the board or of one of its instances. */
  void see(GpuSample gpu, long time) {
    Part part = part(gpu.getMigInstance() == null ? "" : gpu.getMigInstance());
    part.before = part.at;
    part.at = time;
    part.hold(gpu.getHolders(), gpu.getUtilizationRatio(), time);
    part.shown = Math.min(part.shown + 1, Level.LEARNED);
    double active = gpu.getGraphicsEngineActiveRatio();
    part.engine.see(Double.isNaN(active) ? gpu.getUtilizationRatio() : active, time, LEAST_ACTIVE);
    part.memory.see(gpu.getDramActiveRatio(), time, LEAST_ACTIVE);
    if (time <= at) {
      // the instances of a board repeat the board's own values
      return;
    }
    at = time;
    for (int i = parts.size() - 1; i >= 0; i--) {
      if (time - parts.get(i).at > GONE) {
        parts.remove(i);
      }
    }
    bytes.see(
        sum(gpu.getPcieTransmitBytesPerSecond(), gpu.getPcieReceiveBytesPerSecond()),
        time,
        LEAST_BYTES);
    clock(gpu, time);
  }

  private void clock(GpuSample gpu, long time) {
    double mhz = gpu.getSmClockMhz();
    double reasons = gpu.getClockEventReasons();
    if (!(mhz > 0) || Double.isNaN(reasons) || ((int) reasons & IDLE) != 0) {
      clockMhz = Double.NaN;
      return;
    }
    clockMhz = mhz;
    boolean cap = ((int) reasons & POWER_CAP) != 0;
    if (!cap && (Double.isNaN(usualClockMhz) || mhz > usualClockMhz)) {
      usualClockMhz = mhz;
    }
    capped.see(cap ? Math.max(0, 1 - mhz / usualClockMhz) : 0, time, 0.05);
  }

  private Part part(String instance) {
    for (int i = 0; i < parts.size(); i++) {
      if (parts.get(i).instance.equals(instance)) {
        return parts.get(i);
      }
    }
    Part part = new Part();
    part.instance = instance;
    // a board that is split anew, or whole again, is another one
    parts.removeIf(former -> former.instance.isEmpty() != instance.isEmpty());
    parts.add(part);
    return part;
  }

  static double sum(double one, double other) {
    return Double.isNaN(one) ? other : Double.isNaN(other) ? one : one + other;
  }

  @Override
  public void write(DataOutput out) throws IOException {
    out.writeByte(1);
    Codec.text(out, uuid);
    Codec.text(out, node);
    out.writeInt(parts.size());
    for (Part part : parts) {
      Codec.text(out, part.instance);
      out.writeInt(part.holders.size());
      for (Holder holder : part.holders) {
        Codec.text(out, holder.pod);
        holder.active.write(out);
        out.writeLong(holder.came);
      }
      part.engine.write(out);
      part.memory.write(out);
      out.writeInt(part.nameless);
      out.writeInt(part.shown);
      out.writeLong(part.before);
      out.writeLong(part.at);
    }
    bytes.write(out);
    out.writeDouble(usualClockMhz);
    out.writeDouble(clockMhz);
    capped.write(out);
    out.writeLong(at);
  }

  @Override
  public void read(DataInput in) throws IOException {
    State.version(in, 1);
    uuid = Codec.text(in);
    node = Codec.text(in);
    for (int n = in.readInt(); n > 0; n--) {
      Part part = new Part();
      part.instance = Codec.text(in);
      for (int held = in.readInt(); held > 0; held--) {
        Holder holder = new Holder();
        holder.pod = Codec.text(in);
        holder.active.read(in);
        holder.came = in.readLong();
        part.holders.add(holder);
      }
      part.engine.read(in);
      part.memory.read(in);
      part.nameless = in.readInt();
      part.shown = in.readInt();
      part.before = in.readLong();
      part.at = in.readLong();
      parts.add(part);
    }
    bytes.read(in);
    usualClockMhz = in.readDouble();
    clockMhz = in.readDouble();
    capped.read(in);
    at = in.readLong();
  }
}
