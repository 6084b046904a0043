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
import java.util.Map;

/**
 * Boards whose clocks are held down by heat, by the power brake or by the hardware. Idle clocks and
 * the power cap of a board at full load are no fault. The bits of the clock event reasons decide,
 * and the time lost to heat, which also counts what came and went between two scrapes; an exporter
 * that doesn't show the bits is read by all its violation counters and by the clock itself.
 *
 * <p>Bits of the clock event reasons: NVIDIA's nvml.h.
 */
public final class ThrottleWatcher implements Watcher {
  private static final int HW_SLOWDOWN = 0x8;
  private static final int SW_THERMAL = 0x20;
  private static final int HW_THERMAL = 0x40;
  private static final int POWER_BRAKE = 0x80;
  private static final int HELD_DOWN = HW_SLOWDOWN | SW_THERMAL | HW_THERMAL | POWER_BRAKE;

  /** Events that dcgm-exporter counts over its own window, by name. */
  private static final Map<String, Integer> EVENTS =
      Map.of(
          "hw_slowdown", HW_SLOWDOWN,
          "sw_thermal", SW_THERMAL,
          "hw_thermal", HW_THERMAL,
          "hw_power_brake", POWER_BRAKE);

  /** Held down for this part of the time between two scrapes. */
  private static final double HELD_RATIO = 0.1;

  /** A working board's clock is held down below this part of its usual working clock. */
  private static final double SLOW_CLOCK = 0.75;

  /** A board works when its engine is busy for this part of the time. */
  private static final double WORKING = 0.15;

  private static final Rule THROTTLE =
      Rule.measured(Kind.GPU_THROTTLE).raise(Duration.ZERO, 2).clear(Duration.ofMinutes(3));

  /** What is remembered of a board. */
  private static final class Board implements State {
    long at;
    double thermalSeconds = Double.NaN;
    double powerSeconds = Double.NaN;
    double otherSeconds = Double.NaN;
    double usualClockMhz = Double.NaN;

    /** It as an entity, and the number of the snapshot that showed it last; not written. */
    Entity entity;

    long shown;

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      out.writeLong(at);
      out.writeDouble(thermalSeconds);
      out.writeDouble(powerSeconds);
      out.writeDouble(otherSeconds);
      out.writeDouble(usualClockMhz);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      at = in.readLong();
      thermalSeconds = in.readDouble();
      powerSeconds = in.readDouble();
      otherSeconds = in.readDouble();
      usualClockMhz = in.readDouble();
    }
  }

  private final Cluster cluster;
  private final Table<Board> boards;

  /** Snapshots so far: tells which of them showed a board. */
  private long snapshots;

  public ThrottleWatcher(Cluster cluster) {
    this.cluster = cluster;
    boards = cluster.tables().table("gpu.throttle", Board::new);
  }

  @Override
  public void see(ResourceSnapshot snapshot) {
    long at = snapshot.getHeader().getObservedAt().toEpochMilli();
    snapshots++;
    for (GpuSample gpu : snapshot.getGpus()) {
      Board board = boards.edit(gpu.getUuid());
      // the instances of a MIG board repeat the board's clocks: the first one speaks for all
      if (board.shown != snapshots) {
        board.shown = snapshots;
        judge(gpu, board, at, snapshot.getHeader().getTarget());
      }
    }
  }

  private void judge(GpuSample gpu, Board board, long at, String target) {
    double seconds = (at - board.at) / 1000.0;
    double thermal = (gpu.getThermalViolationSeconds() - board.thermalSeconds) / seconds;
    double power = (gpu.getPowerViolationSeconds() - board.powerSeconds) / seconds;
    double otherSeconds =
        sum(gpu.getReliabilityViolationSeconds(), gpu.getBoardLimitViolationSeconds());
    double other = (otherSeconds - board.otherSeconds) / seconds;
    board.at = at;
    board.thermalSeconds = gpu.getThermalViolationSeconds();
    board.powerSeconds = gpu.getPowerViolationSeconds();
    board.otherSeconds = otherSeconds;
    double clock = gpu.getSmClockMhz();
    double reasons = gpu.getClockEventReasons();
    boolean bits = !Double.isNaN(reasons);
    if (!bits && Double.isNaN(thermal) && !(clock > 0)) {
      return;
    }
    double busy =
        Double.isNaN(gpu.getGraphicsEngineActiveRatio())
            ? gpu.getUtilizationRatio()
            : gpu.getGraphicsEngineActiveRatio();
    boolean working = bits ? ((int) reasons & 1) == 0 : busy >= WORKING;
    boolean slow = working && clock > 0 && clock < SLOW_CLOCK * board.usualClockMhz;
    int held = bits ? (int) reasons & HELD_DOWN : heldWithoutBits(gpu, slow, power, other);
    // heat that comes and goes between two scrapes leaves no bit, but the time that it cost
    held |= held == 0 && thermal > HELD_RATIO ? SW_THERMAL : 0;
    String node = gpu.getNode().isEmpty() ? target : gpu.getNode();
    if (board.entity == null || !node.equals(board.entity.get("node"))) {
      board.entity = Entity.of("cluster", cluster.uid(), "node", node, "gpu", gpu.getUuid());
    }
    Entity entity = board.entity;
    if (held != 0) {
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
                  1,
                  "clocks are held down by " + reason(held),
                  "clockEventReasons",
                  bits ? "0x" + Integer.toHexString((int) reasons) : null,
                  "heldByHeatRatio",
                  thermal >= 0 ? "%.2f".formatted(thermal) : null,
                  "temperatureCelsius",
                  Double.toString(gpu.getTemperatureCelsius()),
                  "powerWatts",
                  Double.toString(gpu.getPowerWatts())));
      return;
    }
    if (working && clock > 0 && !slow) {
      board.usualClockMhz =
          Double.isNaN(board.usualClockMhz)
              ? clock
              : board.usualClockMhz + 0.05 * (clock - board.usualClockMhz);
    }
    cluster.conditions().ok(THROTTLE, entity, at);
  }

  /**
   * What holds a board down when its exporter doesn't show the bits: the power cap of a busy board
   * costs time too, so power and other limits count only beside a clock far below the usual.
   */
  private static int heldWithoutBits(GpuSample gpu, boolean slow, double power, double other) {
    int held = 0;
    if (slow) {
      for (Map.Entry<String, Double> event : gpu.getWindowed().entrySet()) {
        held |= event.getValue() > 0 ? EVENTS.getOrDefault(event.getKey(), 0) : 0;
      }
      held |= power > HELD_RATIO ? POWER_BRAKE : 0;
      held |= other > HELD_RATIO || held == 0 ? HW_SLOWDOWN : 0;
    }
    return held;
  }

  private static double sum(double one, double other) {
    return Double.isNaN(one) ? other : Double.isNaN(other) ? one : one + other;
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
