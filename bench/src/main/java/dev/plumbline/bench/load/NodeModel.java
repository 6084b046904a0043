package dev.plumbline.bench.load;

import dev.plumbline.schemas.event.NodeSample;
import java.util.List;
import java.util.SplittableRandom;

/** A node's own exporter. */
final class NodeModel implements Load.Model {
  private final List<NodeSample> nodes;
  private final SplittableRandom random;

  NodeModel(List<NodeSample> nodes, SplittableRandom random) {
    this.nodes = nodes;
    this.random = random;
  }

  @Override
  public void advance(int tick, long at, double seconds, double demand) {
    for (NodeSample node : nodes) {
      double busy = 0.2 + 0.5 * demand + 0.05 * random.nextDouble();
      node.setCpuSecondsTotal(node.getCpuSecondsTotal() + 128 * seconds);
      node.setCpuIdleSecondsTotal(node.getCpuIdleSecondsTotal() + 128 * seconds * (1 - busy));
      node.setLoad1(Math.rint(12_800 * busy) / 100);
      node.setMemoryAvailableBytes(
          4096 * Math.rint(node.getMemoryTotalBytes() * (0.6 + 0.02 * random.nextDouble()) / 4096));
      node.setDiskIoSeconds(node.getDiskIoSeconds() + 0.1 * seconds * random.nextDouble());
      node.setNetworkReceiveBytes(node.getNetworkReceiveBytes() + Math.rint(2e8 * busy * seconds));
      node.setNetworkTransmitBytes(
          node.getNetworkTransmitBytes() + Math.rint(3e8 * busy * seconds));
      node.setCpuPressureWaitingSeconds(
          node.getCpuPressureWaitingSeconds() + 0.01 * seconds * random.nextDouble());
      node.setTimeSeconds(at / 1000.0);
    }
  }
}
