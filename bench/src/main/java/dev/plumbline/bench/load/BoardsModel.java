package dev.plumbline.bench.load;

import dev.plumbline.schemas.event.GpuSample;
import java.util.List;
import java.util.SplittableRandom;

/** The boards of one node: power, heat and traffic follow their use. */
final class BoardsModel implements Load.Model {
  private static final int SW_THERMAL = 0x20;

  private final List<GpuSample> boards;
  private final SplittableRandom random;
  private final boolean sick;
  private final int from;
  private double heat;

  /**
   * @param sick whether the second board is held down by heat in the last third
   * @param ticks scrapes of the whole load
   */
  BoardsModel(List<GpuSample> boards, SplittableRandom random, boolean sick, int ticks) {
    this.boards = boards;
    this.random = random;
    this.sick = sick;
    from = ticks * 2 / 3;
  }

  @Override
  public void advance(int tick, long at, double seconds, double demand) {
    for (int b = 0; b < boards.size(); b++) {
      GpuSample board = boards.get(b);
      double use = Math.min(1, Math.max(0, demand + 0.08 * noise()));
      boolean hot = sick && b == 1 && tick >= from;
      double watts = 105 + 560 * use + 8 * noise();
      heat = 34 + 40 * use + noise();
      board.setSmClockMhz(hot ? 1200 : 1980 - Math.round(15 * Math.abs(noise())));
      board.setTemperatureCelsius(Math.round(hot ? 88 : heat));
      board.setMemoryTemperatureCelsius(Math.round(hot ? 97 : heat + 9));
      board.setPowerWatts(Math.round(watts * 1000) / 1000.0);
      board.setEnergyJoules(board.getEnergyJoules() + watts * seconds);
      board.setUtilizationRatio(Math.round(100 * Math.min(1, use + 0.1)) / 100.0);
      board.setMemoryCopyRatio(Math.round(62 * use) / 100.0);
      board.setGraphicsEngineActiveRatio(micro(use * 0.95));
      board.setSmActiveRatio(micro(use * 0.9));
      board.setTensorActiveRatio(micro(use * 0.45));
      board.setDramActiveRatio(micro(use * 0.66));
      board.setPcieTransmitBytesPerSecond(Math.rint(4.2e9 * use + 1e8 * Math.abs(noise())));
      board.setPcieReceiveBytesPerSecond(Math.rint(3.9e9 * use + 1e8 * Math.abs(noise())));
      board.setNvlinkBandwidthTotal(board.getNvlinkBandwidthTotal() + Math.rint(30_000 * use));
      board.setFrameBufferUsedBytes(1048576.0 * Math.rint(76_000 + 200 * use));
      board.setClockEventReasons(hot ? SW_THERMAL : use < 0.05 ? 1 : 0);
      if (hot) {
        board.setThermalViolationSeconds(board.getThermalViolationSeconds() + 0.4 * seconds);
      }
    }
  }

  private double noise() {
    return random.nextDouble() + random.nextDouble() - 1;
  }

  private static double micro(double ratio) {
    return Math.rint(ratio * 1e6) / 1e6;
  }
}
