package dev.plumbline.streams.gpu;

import dev.plumbline.schemas.event.Evidence;
import dev.plumbline.schemas.event.GpuSample;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.event.ResourceSnapshot;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.streams.findings.Entity;
import dev.plumbline.streams.findings.Kind;
import dev.plumbline.streams.findings.Proof;
import dev.plumbline.streams.findings.Rule;
import dev.plumbline.streams.judge.Cluster;
import dev.plumbline.streams.judge.Watcher;
import dev.plumbline.streams.state.Codec;
import dev.plumbline.streams.state.State;
import dev.plumbline.streams.state.Table;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Boards that fail: an XID that was not there before, memory rows that can't be remapped, an NVLink
 * whose error counters grow, a check of the exporter's that does not pass, a board that vanished
 * from an exporter that still answers. A sticky XID from the past is no news, and no more is what a
 * counter had when it was first seen.
 *
 * <p>Classes of XID: NVIDIA, "XID Errors" catalogue. What the counters of NVLink mean: NVIDIA,
 * DCGM, DcgmHealthWatch.cpp and dcgm_gpu_hardware_limits.h.
 */
public final class FaultWatcher implements Watcher {
  /**
   * XIDs that an application causes by itself: an illegal access, a page fault, a reset channel.
   */
  private static final Set<Integer> OF_APPLICATIONS = Set.of(8, 13, 31, 32, 43, 45, 68, 69, 109);

  /**
   * XIDs after which a board must not be used: ECC, NVLink, bus, row remap failure, GSP, fallen.
   */
  private static final Set<Integer> OF_BOARDS =
      Set.of(46, 48, 62, 64, 74, 79, 94, 95, 110, 119, 120, 136, 140, 143, 155, 156, 158);

  /** Without a further XID the event is taken as over. */
  private static final Duration XID_OVER = Duration.ofMinutes(30);

  /** A board that was shown so often without an XID gauge had none. */
  private static final int KNOWN = 3;

  /** A board that this many scrapes in a row don't show is lost: series come and go. */
  private static final int LOST = 2;

  /** dcgm's health result: 10 warns, 20 failed. */
  private static final double HEALTH_WARNS = 10;

  private static final double HEALTH_FAILED = 20;

  /** Watches that warn of clocks held down, at the power cap too: {@link ThrottleWatcher} tells. */
  private static final Set<String> OF_CLOCKS = Set.of("THERMAL", "POWER");

  /** Broken packets a second from which on a link is no good: below they are its everyday life. */
  private static final double CRC_PER_SECOND = 100;

  private static final Rule FAULT = Rule.told(Kind.GPU_FAULT);

  /** What is remembered of a board. */
  private static final class Board implements State {
    String node = "";
    double xid = Double.NaN;
    double uncorrectableRows = Double.NaN;
    int scrapes;
    int missed;

    /** When the last event that is not a lasting state was seen; 0 for none. */
    long eventAt;

    /** XIDs within the exporter's own window at the last scrape. */
    double windowed;

    /** It as an entity, and the number of the scrape that showed it last; not written. */
    Entity entity;

    long shown;

    /** When it was last seen; 0 before. */
    long at;

    // NVLink's counters; NaN until told
    double crcErrors = Double.NaN;
    double replays = Double.NaN;
    double recoveries = Double.NaN;
    double failedRecoveries = Double.NaN;

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(2);
      Codec.text(out, node);
      out.writeDouble(xid);
      out.writeDouble(uncorrectableRows);
      out.writeInt(scrapes);
      out.writeInt(missed);
      out.writeLong(eventAt);
      out.writeDouble(windowed);
      out.writeLong(at);
      out.writeDouble(crcErrors);
      out.writeDouble(replays);
      out.writeDouble(recoveries);
      out.writeDouble(failedRecoveries);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 2);
      node = Codec.text(in);
      xid = in.readDouble();
      uncorrectableRows = in.readDouble();
      scrapes = in.readInt();
      missed = in.readInt();
      eventAt = in.readLong();
      windowed = in.readDouble();
      at = in.readLong();
      crcErrors = in.readDouble();
      replays = in.readDouble();
      recoveries = in.readDouble();
      failedRecoveries = in.readDouble();
    }
  }

  private final Cluster cluster;
  private final Table<Board> boards;

  /** Boards by node; follows from the table. */
  private final Map<String, TreeSet<String>> byNode = new HashMap<>();

  /** Scrapes so far: tells which of them showed a board. */
  private long scrape;

  public FaultWatcher(Cluster cluster) {
    this.cluster = cluster;
    boards = cluster.tables().table("gpu.fault", Board::new);
    boards.all().forEach((uuid, board) -> on(board.node).add(uuid));
  }

  @Override
  public void see(ResourceSnapshot snapshot) {
    Header header = snapshot.getHeader();
    if (!header.getSource().equals("dcgm")) {
      return;
    }
    if (header.getGone()) {
      for (String uuid : new TreeSet<>(on(header.getTarget()))) {
        boards.remove(uuid);
      }
      byNode.remove(header.getTarget());
      return;
    }
    if (snapshot.getGpus().isEmpty()) {
      return;
    }
    long at = header.getObservedAt().toEpochMilli();
    String node = header.getTarget();
    scrape++;
    int present = 0;
    for (GpuSample gpu : snapshot.getGpus()) {
      node = gpu.getNode().isEmpty() ? header.getTarget() : gpu.getNode();
      Board board = boards.edit(gpu.getUuid());
      if (board.shown != scrape) {
        board.shown = scrape;
        present++;
        judge(gpu, board, node, at);
      }
    }
    missing(node, present, at);
  }

  private void judge(GpuSample gpu, Board board, String node, long at) {
    if (!board.node.equals(node)) {
      on(board.node).remove(gpu.getUuid());
      on(node).add(gpu.getUuid());
      board.node = node;
      board.entity = null;
    }
    board.missed = 0;
    if (board.entity == null) {
      board.entity = entity(node, gpu.getUuid());
    }
    Entity entity = board.entity;
    boolean event =
        xid(gpu, board, entity, at) | rows(gpu, board, entity, at) | links(gpu, board, entity, at);
    if (event) {
      board.eventAt = at;
    }
    board.at = Math.max(board.at, at);
    boolean lasting = lasting(gpu, entity, at);
    board.scrapes = Math.min(KNOWN, board.scrapes + 1);
    if (!lasting && at - board.eventAt >= XID_OVER.toMillis()) {
      cluster.conditions().ok(FAULT, entity, at);
    }
  }

  /** A change of the gauge, or more of them within the exporter's window: not a sticky code. */
  private boolean xid(GpuSample gpu, Board board, Entity entity, long at) {
    double xid = gpu.getXid();
    boolean first = Double.isNaN(board.xid) && board.scrapes < KNOWN;
    boolean changed = !Double.isNaN(xid) && xid != 0 && xid != board.xid && !first;
    if (!Double.isNaN(xid)) {
      board.xid = xid;
    }
    double windowed = 0;
    int code = (int) xid;
    for (Map.Entry<String, Double> each : gpu.getWindowed().entrySet()) {
      if (!each.getKey().isEmpty() && each.getKey().chars().allMatch(Character::isDigit)) {
        windowed += each.getValue();
        code = changed || !(each.getValue() > 0) ? code : Integer.parseInt(each.getKey());
      }
    }
    boolean again = windowed > board.windowed && board.scrapes > 0;
    board.windowed = windowed;
    if (!changed && !again) {
      return false;
    }
    Severity severity =
        OF_BOARDS.contains(code)
            ? Severity.critical
            : OF_APPLICATIONS.contains(code) ? Severity.info : Severity.warning;
    cluster
        .conditions()
        .bad(
            FAULT,
            entity,
            at,
            severity,
            Proof.of(code, 0, "", 1, "XID " + code + " was reported", "xid", "" + code));
    return true;
  }

  private boolean rows(GpuSample gpu, Board board, Entity entity, long at) {
    double rows = gpu.getUncorrectableRemappedRows();
    boolean more = rows > board.uncorrectableRows;
    if (!Double.isNaN(rows)) {
      board.uncorrectableRows = rows;
    }
    if (more) {
      cluster
          .conditions()
          .bad(
              FAULT,
              entity,
              at,
              Severity.warning,
              Proof.of(rows, 0, "", 1, "memory rows were remapped after uncorrectable errors"));
    }
    return more;
  }

  /**
   * NVLink's counters grew. A packet that is sent again arrives late; a link that has to be trained
   * again carries nothing meanwhile, and nothing at all when that fails.
   */
  private boolean links(GpuSample gpu, Board board, Entity entity, long at) {
    double seconds = (at - board.at) / 1000.0;
    double crcErrors = told(gpu.getNvlinkCrcErrors());
    double replays = told(gpu.getNvlinkReplays());
    double recoveries = told(gpu.getNvlinkRecoveries());
    double failed = told(gpu.getNvlinkFailedRecoveries());
    // the first value has no growth, and a counter that fell began anew
    double broken = (crcErrors - board.crcErrors) / seconds;
    double again = replays - board.replays;
    double trained = recoveries - board.recoveries;
    double down = failed - board.failedRecoveries;
    board.crcErrors = Double.isNaN(crcErrors) ? board.crcErrors : crcErrors;
    board.replays = Double.isNaN(replays) ? board.replays : replays;
    board.recoveries = Double.isNaN(recoveries) ? board.recoveries : recoveries;
    board.failedRecoveries = Double.isNaN(failed) ? board.failedRecoveries : failed;
    Evidence evidence = null;
    if (down > 0) {
      evidence =
          Proof.of(down, 0, "", 1, "%.0f NVLinks could not be trained again".formatted(down));
    } else if (trained > 0) {
      evidence =
          Proof.of(
              trained, 0, "", 1, "NVLinks had to be trained again %.0f times".formatted(trained));
    } else if (again > 0) {
      evidence =
          Proof.of(again, 0, "", 1, "%.0f packets were sent again over NVLink".formatted(again));
    } else if (seconds > 0 && broken >= CRC_PER_SECOND) {
      evidence =
          Proof.of(
              broken,
              CRC_PER_SECOND,
              "1/s",
              1,
              "%.0f packets a second arrive broken over NVLink".formatted(broken));
    }
    if (evidence == null) {
      return false;
    }
    Severity severity = down > 0 || trained > 0 ? Severity.critical : Severity.warning;
    cluster.conditions().bad(FAULT, entity, at, severity, evidence);
    return true;
  }

  private static double told(Double counter) {
    return counter == null ? Double.NaN : counter;
  }

  /** What is wrong as long as it is shown. */
  private boolean lasting(GpuSample gpu, Entity entity, long at) {
    boolean remap = gpu.getRowRemapFailure() > 0;
    String watch = "";
    double health = 0;
    for (Map.Entry<String, Double> each : gpu.getHealth().entrySet()) {
      double result = OF_CLOCKS.contains(each.getKey()) ? 0 : each.getValue();
      if (result > health || result == health && each.getKey().compareTo(watch) < 0) {
        watch = each.getKey();
        health = result;
      }
    }
    if (!remap && !(health >= HEALTH_WARNS)) {
      return false;
    }
    cluster
        .conditions()
        .bad(
            FAULT,
            entity,
            at,
            remap || health >= HEALTH_FAILED ? Severity.critical : Severity.warning,
            remap
                ? Proof.of(
                    gpu.getRowRemapFailure(), 0, "", 1, "memory rows can't be remapped any more")
                : Proof.of(
                    health,
                    0,
                    "",
                    1,
                    "the health check of " + watch + " does not pass",
                    "healthWatch",
                    watch));
    return true;
  }

  /** Boards of the node that this scrape doesn't show although it shows others. */
  private void missing(String node, int present, long at) {
    for (String uuid : on(node)) {
      if (boards.get(uuid).shown == scrape) {
        continue;
      }
      Board board = boards.edit(uuid);
      board.missed = Math.min(LOST, board.missed + 1);
      if (board.missed < LOST) {
        continue;
      }
      cluster
          .conditions()
          .bad(
              FAULT,
              entity(node, uuid),
              at,
              Severity.critical,
              Proof.of(
                  present,
                  present + 1,
                  "",
                  board.missed,
                  "the board is not there any more while its exporter shows "
                      + present
                      + " other(s)",
                  "lastXid",
                  Double.isNaN(board.xid) ? null : Integer.toString((int) board.xid)));
    }
  }

  private TreeSet<String> on(String node) {
    return byNode.computeIfAbsent(node, it -> new TreeSet<>());
  }

  private Entity entity(String node, String uuid) {
    return Entity.of("cluster", cluster.uid(), "node", node, "gpu", uuid);
  }
}
