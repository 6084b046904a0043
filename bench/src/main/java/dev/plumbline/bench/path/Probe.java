package dev.plumbline.bench.path;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Takes CPU and wall time between the moment when a tenth of the snapshots is done, so that the
 * start of a stage doesn't count, and its end.
 */
final class Probe {
  private final ProcessHandle broker;
  private final long total;
  private final long from;
  private long began = -1;
  private long wall;
  private long app;
  private long brokers;

  /** What was taken; microseconds of CPU for each snapshot as it came. */
  record Taken(
      double appMicros, double brokerMicros, double snapshotsPerSecond, Map<String, Double> other) {
    double micros() {
      return appMicros + brokerMicros;
    }
  }

  Probe(ProcessHandle broker, long total) {
    this.broker = broker;
    this.total = total;
    from = total / 10;
  }

  /** Snapshots to be done. */
  long total() {
    return total;
  }

  /** So many are done. */
  void at(long done) {
    if (began < 0 && done >= from) {
      began = done;
      app = Cpu.here();
      brokers = Cpu.of(broker);
      wall = System.nanoTime();
    }
  }

  /** All are done. */
  Taken end(long done) {
    long elapsed = System.nanoTime() - wall;
    double snapshots = done - began;
    return new Taken(
        (Cpu.here() - app) / 1000.0 / snapshots,
        (Cpu.of(broker) - brokers) / 1000.0 / snapshots,
        snapshots / (elapsed / 1e9),
        new LinkedHashMap<>());
  }
}
