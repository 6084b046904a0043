package dev.plumbline.bench.fleet;

/**
 * A GPU board. Bandwidth and dense BF16 compute are relative to an A100 SXM 80 GB; thermal
 * resistance carries the rated power to about 72 C with air of 27 C.
 *
 * @param label value of nvidia.com/gpu.product
 * @param limitCelsius above which the driver slows the clocks
 */
record Product(
    String name,
    String label,
    String shortName,
    int memoryMib,
    double bandwidth,
    double compute,
    double capWatts,
    double idleWatts,
    int maxMhz,
    int idleMhz,
    double limitCelsius) {
  static final Product A100 =
      new Product(
          "NVIDIA A100-SXM4-80GB",
          "NVIDIA-A100-SXM4-80GB",
          "a100",
          81920,
          1,
          1,
          400,
          54,
          1410,
          210,
          85);
  static final Product H100 =
      new Product(
          "NVIDIA H100 80GB HBM3",
          "NVIDIA-H100-80GB-HBM3",
          "h100",
          81559,
          1.64,
          2.2,
          700,
          72,
          1980,
          345,
          87);
  static final Product H200 =
      new Product("NVIDIA H200", "NVIDIA-H200", "h200", 143771, 2.35, 2.2, 700, 76, 1980, 345, 87);
  static final Product L40S =
      new Product("NVIDIA L40S", "NVIDIA-L40S", "l40s", 46068, .43, .85, 350, 36, 2520, 210, 87);

  /** A100's memory bandwidth, bytes a second. */
  static final double A100_BANDWIDTH = 2.0e12;

  /** Degrees a watt above the inlet. */
  double thermalResistance() {
    return 45 / capWatts;
  }
}
