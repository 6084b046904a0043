package dev.plumbline.bench.agent;

import dev.plumbline.agent.spool.Spool;
import dev.plumbline.cli.embedded.Workspace;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.Locale;

/**
 * What it costs that every snapshot passes the spool: CPU time to append one of 12 KB (an 8-GPU
 * node), to take it out again and to acknowledge it, the kernel's part included.
 *
 * <p>{@code bench/agent --spool}
 */
public final class SpoolCost {
  private static final int ROUNDS = 15;
  private static final int SNAPSHOTS = 2_000;
  private static final int BYTES = 12_000;

  private SpoolCost() {}

  /** Prints the median and the quartiles. */
  public static void main(String[] args) throws Exception {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    byte[] snapshot = new byte[BYTES];
    double[] micros = new double[ROUNDS];
    try (Workspace workspace = Workspace.temporary();
        Spool spool = Spool.open(workspace.folder("spool"), 1L << 30)) {
      for (int round = 0; round < ROUNDS; round++) {
        long began = threads.getCurrentThreadCpuTime();
        for (int i = 0; i < SNAPSHOTS; i++) {
          spool.append(snapshot);
          spool.acknowledge(spool.poll(0).place());
        }
        micros[round] = (threads.getCurrentThreadCpuTime() - began) / 1e3 / SNAPSHOTS;
      }
    }
    Arrays.sort(micros);
    System.out.printf(
        Locale.ROOT,
        "a snapshot of %d bytes through the spool: %.1f us of CPU (%.1f-%.1f), %d rounds%n",
        BYTES,
        micros[ROUNDS / 2],
        micros[ROUNDS / 4],
        micros[ROUNDS * 3 / 4],
        ROUNDS);
  }
}
