package dev.plumbline.streams.gpu;

import dev.plumbline.schemas.event.GpuSample;
import dev.plumbline.schemas.event.ResourceSnapshot;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.streams.findings.Entity;
import dev.plumbline.streams.findings.Kind;
import dev.plumbline.streams.findings.Proof;
import dev.plumbline.streams.findings.Rule;
import dev.plumbline.streams.judge.Cluster;
import dev.plumbline.streams.judge.Watcher;
import dev.plumbline.streams.state.State;
import dev.plumbline.streams.state.Table;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.time.Duration;

/**
 * Boards whose clocks are held down by heat, by the power brake or by the hardware. Idle clocks and
 * the power cap of a board at full load are no fault.
 *
 * <p>Bits of the clock event reasons: NVIDIA's nvml.h.
 */
public final class ThrottleWatcher implements Watcher {
  private static final int HW_SLOWDOWN = 0x8;
  private static final int SW_THERMAL = 0x20;
  private static final int HW_THERMAL = 0x40;
  private static final int POWER_BRAKE = 0x80;
  private static final int HELD_DOWN = HW_SLOWDOWN | SW_THERMAL | HW_THERMAL | POWER_BRAKE;

  /**
   * Held down by heat for this part of the time between two scrapes, where bits are not exported.
   */
  private static final double THERMAL_RATIO = 0.1;

  private static final Rule THROTTLE =
      Rule.measured(Kind.GPU_THROTTLE).raise(Duration.ZERO, 2).clear(Duration.ofMinutes(3));

  /** What is remembered of a board. */
  private static final class Board implements State {
    long at;
    double thermalSeconds = Double.NaN;
    double usualClockMhz = Double.NaN;

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      out.writeLong(at);
      out.writeDouble(thermalSeconds);
      out.writeDouble(usualClockMhz);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      at = in.readLong();
      thermalSeconds = in.readDouble();
      usualClockMhz = in.readDouble();
    }
  }

  private final Cluster cluster;
  private final Table<Board> boards;

  public ThrottleWatcher(Cluster cluster) {
    this.cluster = cluster;
    boards = cluster.tables().table("gpu.throttle", Board::new);
  }

  @Override
  public void see(ResourceSnapshot snapshot) {
    long at = snapshot.getHeader().getObservedAt().toEpochMilli();
    for (GpuSample gpu : snapshot.getGpus()) {
      // the instances of a MIG board repeat the board's clocks: the first one speaks for all
      judge(gpu, at, snapshot.getHeader().getTarget());
    }
  }

  private void judge(GpuSample gpu, long at, String target) {
    Board board = boards.edit(gpu.getUuid());
    double thermal = Double.NaN;
    if (at > board.at) {
      double seconds = gpu.getThermalViolationSeconds();
      if (seconds >= board.thermalSeconds) {
        thermal = (seconds - board.thermalSeconds) / ((at - board.at) / 1000.0);
      }
      if (!Double.isNaN(seconds)) {
        board.thermalSeconds = seconds;
        board.at = at;
      }
    }
    double reasons = gpu.getClockEventReasons();
    if (Double.isNaN(reasons) && Double.isNaN(thermal)) {
      return;
    }
    int held = Double.isNaN(reasons) ? 0 : (int) reasons & HELD_DOWN;
    boolean bad = held != 0 || (Double.isNaN(reasons) && thermal > THERMAL_RATIO);
    Entity entity =
        Entity.of(
            "cluster",
            cluster.uid(),
            "node",
            gpu.getNode().isEmpty() ? target : gpu.getNode(),
            "gpu",
            gpu.getUuid());
    double clock = gpu.getSmClockMhz();
    if (bad) {
      cluster
          .conditions()
          .bad(
              THROTTLE,
              entity,
              at,
              (held & (HW_SLOWDOWN | HW_THERMAL | POWER_BRAKE)) != 0
                  ? Severity.critical
                  : Severity.warning,
              Proof.of(
                  clock,
                  board.usualClockMhz,
                  "MHz",
                  Math.max(1, thermal),
                  "clocks are held down by " + reason(held),
                  "clockEventReasons",
                  "0x" + Integer.toHexString((int) reasons),
                  "temperatureCelsius",
                  Double.toString(gpu.getTemperatureCelsius()),
                  "powerWatts",
                  Double.toString(gpu.getPowerWatts())));
    } else {
      if (clock > 0 && ((int) reasons & 1) == 0) {
        board.usualClockMhz =
            Double.isNaN(board.usualClockMhz)
                ? clock
                : board.usualClockMhz + 0.05 * (clock - board.usualClockMhz);
      }
      cluster.conditions().ok(THROTTLE, entity, at);
    }
  }

  private static String reason(int held) {
    StringBuilder text = new StringBuilder();
    name(text, held, POWER_BRAKE, "the power brake");
    name(text, held, HW_THERMAL, "heat (hardware)");
    name(text, held, SW_THERMAL, "heat (driver)");
    name(text, held, HW_SLOWDOWN, "hardware slowdown");
    return text.length() == 0 ? "heat" : text.toString();
  }

  private static void name(StringBuilder text, int held, int bit, String name) {
    if ((held & bit) != 0) {
      text.append(text.length() == 0 ? "" : ", ").append(name);
    }
  }
}
