package dev.plumbline.streams.findings;

/** The finding kinds of the contract. */
public final class Kind {
  public static final String DRIFT_CONFIG = "drift.config";
  public static final String DRIFT_POLICY = "drift.policy";
  public static final String DRIFT_RESIDENCY = "drift.residency";
  public static final String DRIFT_RESOURCE = "drift.resource";
  public static final String LATENCY_SWING = "latency.swing";
  public static final String LOAD_SURGE = "load.surge";
  public static final String GPU_CONTENTION = "gpu.contention";
  public static final String GPU_THROTTLE = "gpu.throttle";
  public static final String GPU_FAULT = "gpu.fault";
  public static final String GPU_EXHAUSTION = "gpu.exhaustion";
  public static final String TELEMETRY_STALE = "telemetry.stale";
  public static final String TELEMETRY_SKEW = "telemetry.skew";

  private Kind() {}
}
