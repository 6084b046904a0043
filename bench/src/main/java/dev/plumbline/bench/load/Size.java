package dev.plumbline.bench.load;

/**
 * How large a load is.
 *
 * @param clusters clusters, each a record key
 * @param nodes nodes in each, with 8 GPUs and a model server on them
 * @param ticks scrapes of each target: boards, model server and node
 * @param intervalSeconds between two scrapes
 */
public record Size(int clusters, int nodes, int ticks, int intervalSeconds) {
  /** Samples of the snapshot that all figures are told by: a node with 8 GPUs. */
  public static final double SNAPSHOT = 190;

  /** So many clusters and nodes that about this many snapshots come of the ticks. */
  public static Size of(int clusters, int nodes, long snapshots, int intervalSeconds) {
    double perTick = clusters * nodes * 3.0;
    return new Size(clusters, nodes, (int) Math.ceil(snapshots / perTick), intervalSeconds);
  }

  /** The same fleet for another number of scrapes. */
  public Size ticks(int ticks) {
    return new Size(clusters, nodes, ticks, intervalSeconds);
  }
}
