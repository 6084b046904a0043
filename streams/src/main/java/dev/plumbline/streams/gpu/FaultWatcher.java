package dev.plumbline.streams.gpu;

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
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Boards that fail: an XID that was not there before, memory rows that can't be remapped, a board
 * that vanished from an exporter that still answers. A sticky XID from the past is no news.
 *
 * <p>Classes of XID: NVIDIA, "XID Errors" catalogue.
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

  /** The same code twice looks like one: without a further change the event is taken as over. */
  private static final Duration XID_OVER = Duration.ofMinutes(30);

  private static final Rule XID = Rule.measured(Kind.GPU_FAULT).aspect("xid").clear(XID_OVER);
  private static final Rule ROWS = Rule.measured(Kind.GPU_FAULT).aspect("rows").clear(XID_OVER);
  private static final Rule LOST =
      Rule.told(Kind.GPU_FAULT).aspect("lost").raise(Duration.ZERO, 2).clear(Duration.ZERO);

  /** What is remembered of a board. */
  private static final class Board implements State {
    String node = "";
    double xid = Double.NaN;
    double uncorrectableRows = Double.NaN;
    double remapFailure = Double.NaN;
    int missed;

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      Codec.text(out, node);
      out.writeDouble(xid);
      out.writeDouble(uncorrectableRows);
      out.writeDouble(remapFailure);
      out.writeInt(missed);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      node = Codec.text(in);
      xid = in.readDouble();
      uncorrectableRows = in.readDouble();
      remapFailure = in.readDouble();
      missed = in.readInt();
    }
  }

  private final Cluster cluster;
  private final Table<Board> boards;

  public FaultWatcher(Cluster cluster) {
    this.cluster = cluster;
    boards = cluster.tables().table("gpu.fault", Board::new);
  }

  @Override
  public void see(ResourceSnapshot snapshot) {
    Header header = snapshot.getHeader();
    if (!header.getSource().equals("dcgm") || snapshot.getGpus().isEmpty()) {
      return;
    }
    long at = header.getObservedAt().toEpochMilli();
    String node = header.getTarget();
    Set<String> present = new HashSet<>();
    for (GpuSample gpu : snapshot.getGpus()) {
      node = gpu.getNode().isEmpty() ? header.getTarget() : gpu.getNode();
      if (present.add(gpu.getUuid())) {
        judge(gpu, node, at);
      }
    }
    missing(node, present, at);
  }

  private void judge(GpuSample gpu, String node, long at) {
    Board board = boards.edit(gpu.getUuid());
    board.node = node;
    board.missed = 0;
    Entity entity = entity(node, gpu.getUuid());
    cluster.conditions().ok(LOST, entity, at);
    xid(gpu, board, entity, at);
    rows(gpu, board, entity, at);
  }

  private void xid(GpuSample gpu, Board board, Entity entity, long at) {
    double xid = gpu.getXid();
    if (Double.isNaN(xid)) {
      return;
    }
    boolean news = !Double.isNaN(board.xid) && xid != board.xid && xid != 0;
    board.xid = xid;
    if (news) {
      int code = (int) xid;
      Severity severity =
          OF_BOARDS.contains(code)
              ? Severity.critical
              : OF_APPLICATIONS.contains(code) ? Severity.info : Severity.warning;
      cluster
          .conditions()
          .bad(
              XID,
              entity,
              at,
              severity,
              Proof.of(code, 0, "", 1, "XID " + code + " was reported", "xid", "" + code));
    } else {
      cluster.conditions().ok(XID, entity, at);
    }
  }

  private void rows(GpuSample gpu, Board board, Entity entity, long at) {
    double rows = gpu.getUncorrectableRemappedRows();
    double failure = gpu.getRowRemapFailure();
    boolean more = rows > board.uncorrectableRows;
    boolean failed = failure > 0;
    if (!Double.isNaN(rows)) {
      board.uncorrectableRows = rows;
    }
    if (failed || more) {
      cluster
          .conditions()
          .bad(
              ROWS,
              entity,
              at,
              failed ? Severity.critical : Severity.warning,
              Proof.of(
                  rows,
                  0,
                  "",
                  1,
                  failed
                      ? "memory rows can't be remapped any more"
                      : "memory rows were remapped after uncorrectable errors"));
    } else if (!Double.isNaN(rows) || !Double.isNaN(failure)) {
      cluster.conditions().ok(ROWS, entity, at);
    }
  }

  /** Boards of the node that this scrape doesn't show although it shows others. */
  private void missing(String node, Set<String> present, long at) {
    for (Map.Entry<String, Board> entry : boards.all().entrySet()) {
      Board board = entry.getValue();
      if (!board.node.equals(node) || present.contains(entry.getKey())) {
        continue;
      }
      boards.edit(entry.getKey()).missed++;
      cluster
          .conditions()
          .bad(
              LOST,
              entity(node, entry.getKey()),
              at,
              Severity.critical,
              Proof.of(
                  present.size(),
                  present.size() + 1,
                  "",
                  board.missed,
                  "the board is not there any more while its exporter shows "
                      + present.size()
                      + " other(s)",
                  "lastXid",
                  Double.isNaN(board.xid) ? null : Integer.toString((int) board.xid)));
    }
  }

  private Entity entity(String node, String uuid) {
    return Entity.of("cluster", cluster.uid(), "node", node, "gpu", uuid);
  }
}
