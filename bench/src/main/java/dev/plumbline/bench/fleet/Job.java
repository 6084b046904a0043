package dev.plumbline.bench.fleet;

/** A batch pod: what it takes of boards, cores and the PCIe bus while it runs. */
final class Job {
  final String name;
  final String namespace;
  final String pod;
  double from;
  double to;

  /** Instance of a board that MIG splits; null for a whole board. */
  Board.Instance instance;

  /** Part of the time in which its kernels want the board. */
  double duty;

  double tensor;
  double dram;
  double frameBufferMib;
  double pcieBytesPerSecond;

  /** Cores it wants, as a part of the node's. */
  double cores;

  /** Part of the host's memory and PCIe bandwidth. */
  double pcieLoad;

  /** Seconds of work and of rest; 0 for steady work. */
  double onSeconds;

  double offSeconds;

  double cpuSeconds;

  private final long key;

  Job(long seed, String name, String namespace, String pod, double from, double to) {
    this.name = name;
    this.namespace = namespace;
    this.pod = pod;
    this.from = from;
    this.to = to;
    key = Draw.hash(seed, "job/" + namespace + "/" + name + "/" + pod);
  }

  String image() {
    return Objects.REGISTRY + "/batch/" + name.replaceAll("-\\d+$", "") + ":3.0.2";
  }

  boolean running(double now) {
    if (now < from || now >= to) {
      return false;
    }
    return onSeconds == 0 || (now - from) % (onSeconds + offSeconds) < onSeconds;
  }

  /** In bursts of 40 ms, as iterations of a training step come. */
  boolean wantsBoard(double now) {
    return duty > 0 && running(now) && Draw.at(key, (long) (now / .04)) < duty;
  }
}
