package dev.plumbline.bench.fleet;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A GPU: who runs on it, how warm it gets and how fast it may clock. Power is {@code idle + (1.08
 * cap - idle) * activity * f^2.4} with {@code f} the clock over its maximum, held at the cap by
 * lowering {@code f}; temperature follows power through one resistance and one capacity.
 */
final class Board {
  static final int IDLE = 0x1;
  static final int POWER_CAP = 0x4;
  static final int HW_SLOWDOWN = 0x8;
  static final int SW_THERMAL = 0x20;
  static final int HW_THERMAL = 0x40;
  static final int POWER_BRAKE = 0x80;

  private static final double HEAT_SECONDS = 45;
  private static final double STEP_MHZ = 15;

  /** A MIG instance with its part of compute and of memory. */
  record Instance(int id, String profile, double compute, double memory) {
    static final Instance LARGE = new Instance(1, "4g.40gb", 4.0 / 7, .5);
    static final Instance SMALL = new Instance(2, "3g.40gb", 3.0 / 7, .5);
  }

  /** What an instance did since the exporter last read it, and what it then said of it. */
  static final class Meter {
    double busy;
    double tensor;
    double dram;
    private double sumBusy;
    private double sumTensor;
    private double sumDram;
  }

  final Node node;
  final int index;
  final Product product;
  final String uuid;
  final String pci;
  final List<Instance> instances = new ArrayList<>();
  final Map<Instance, Meter> meters = new LinkedHashMap<>();
  final List<Server> servers = new ArrayList<>();
  final List<Job> jobs = new ArrayList<>();
  boolean timeSliced;

  // what a fault changes
  double inletRise;
  double coolingLoss = 1;
  boolean brake;

  /** What the board may draw, as an operator set it. */
  double capWatts;

  double linkSlowdown = 1;

  // state
  boolean lost;
  double temperature;
  double watts;
  double mhz;
  int reasons;
  double thermalViolationNs;
  double powerViolationNs;
  double energyMj;
  int xid;
  int uncorrectableRows;
  int correctableRows;
  int remapFailures;
  long linkErrors;

  // what the exporter last collected
  double collectedBusy;
  double collectedTensor;
  double collectedDram;
  double collectedPcie;

  private double thermalLimitMhz;
  private double limitMhz;
  private double idleFor;
  private double busy;
  private double tensor;
  private double dram;
  private double pcie;
  private double sinceCollect;
  private double collectBusy;
  private double collectTensor;
  private double collectDram;
  private double collectPcie;
  private final double resistance;

  Board(Node node, int index, Product product, Draw draw) {
    this.node = node;
    this.index = index;
    this.product = product;
    uuid = "GPU-" + draw.uuid();
    pci = String.format("00000000:%02X:00.0", 0x1A + 0x11 * index);
    capWatts = product.capWatts();
    resistance = product.thermalResistance() * draw.uniform(.9, 1.1);
    temperature = node.inletCelsius + resistance * product.idleWatts();
    watts = product.idleWatts();
    mhz = product.idleMhz();
    thermalLimitMhz = product.maxMhz();
    limitMhz = product.maxMhz();
    reasons = IDLE;
  }

  /** Clock that work gets, as a part of the highest. */
  double speed() {
    return limitMhz / product.maxMhz();
  }

  /** An instance of the board, with what the exporter says of it alone. */
  void split(Instance instance) {
    instances.add(instance);
    meters.put(instance, new Meter());
  }

  /**
   * Kernels ran for that long, of which that part kept tensor cores and memory busy.
   *
   * @param instance where they ran, null for a whole board; its time counts by its part of compute
   */
  void charge(
      Instance instance,
      double seconds,
      double tensorSeconds,
      double dramSeconds,
      double pcieBytes) {
    double part = instance == null ? 1 : instance.compute();
    busy += seconds * part;
    tensor += tensorSeconds * part;
    dram += dramSeconds * part;
    pcie += pcieBytes;
    if (instance != null) {
      Meter meter = meters.get(instance);
      meter.sumBusy += seconds;
      meter.sumTensor += tensorSeconds;
      meter.sumDram += dramSeconds;
    }
  }

  void tick(double now, double dt) {
    for (Job job : jobs) {
      double on = job.running(now) ? dt * job.duty : 0;
      charge(job.instance, on, on * job.tensor, on * job.dram, dt * job.pcieBytesPerSecond);
    }
    double b = Math.min(1, busy / dt);
    double t = Math.min(1, tensor / dt);
    double d = Math.min(1, dram / dt);
    double activity = Math.min(1, .3 * b + .62 * t + .38 * d);
    sinceCollect += dt;
    collectBusy += Math.min(dt, busy);
    collectTensor += Math.min(dt, tensor);
    collectDram += Math.min(dt, dram);
    collectPcie += pcie;
    busy = Math.max(0, busy - dt);
    tensor = Math.max(0, tensor - dt);
    dram = Math.max(0, dram - dt);
    pcie = 0;
    clock(b, activity, dt);
    double drive = node.inletCelsius + inletRise + resistance * coolingLoss * watts;
    temperature += (drive - temperature) * (1 - Math.exp(-dt / HEAT_SECONDS));
    energyMj += watts * dt * 1000;
  }

  private void clock(double b, double activity, double dt) {
    reasons = 0;
    double excess = temperature - product.limitCelsius();
    if (excess > 0) {
      thermalLimitMhz -= STEP_MHZ * dt * Math.min(4, .4 + excess);
    } else if (excess < -2) {
      thermalLimitMhz += STEP_MHZ * dt * .5;
    }
    thermalLimitMhz = Math.max(product.maxMhz() * .3, Math.min(product.maxMhz(), thermalLimitMhz));
    double top = product.maxMhz();
    double drive = (1.08 * product.capWatts() - product.idleWatts()) * activity;
    double room = capWatts - product.idleWatts();
    double f = drive <= room ? top : top * Math.pow(room / drive, 1 / 2.4);
    if (f < top - STEP_MHZ) {
      reasons |= POWER_CAP;
      powerViolationNs += dt * 1e9 * (1 - f / top);
    }
    if (thermalLimitMhz < f - STEP_MHZ) {
      f = thermalLimitMhz;
      reasons |= excess > 5 ? HW_THERMAL | HW_SLOWDOWN : SW_THERMAL;
      thermalViolationNs += dt * 1e9 * (1 - f / top);
    }
    if (brake) {
      f = Math.min(f, top / 2);
      reasons |= POWER_BRAKE | HW_SLOWDOWN;
      powerViolationNs += dt * 1e9 / 2;
    }
    limitMhz = Math.round(f / STEP_MHZ) * STEP_MHZ;
    idleFor = b > .002 ? 0 : idleFor + dt;
    boolean idle = idleFor > 10;
    if (idle) {
      reasons = (reasons & (POWER_BRAKE | HW_SLOWDOWN)) | IDLE;
    }
    mhz = idle ? product.idleMhz() : limitMhz;
    watts =
        idle && servers.isEmpty()
            ? product.idleWatts()
            : product.idleWatts() * 1.35 + drive * Math.pow(limitMhz / top, 2.4);
    watts = Math.min(watts, capWatts * 1.01);
  }

  /** The exporter reads the board: means since it last did. */
  void collect() {
    if (sinceCollect > 0) {
      collectedBusy = collectBusy / sinceCollect;
      collectedTensor = collectTensor / sinceCollect;
      collectedDram = collectDram / sinceCollect;
      collectedPcie = collectPcie / sinceCollect;
      for (Meter meter : meters.values()) {
        meter.busy = Math.min(1, meter.sumBusy / sinceCollect);
        meter.tensor = Math.min(1, meter.sumTensor / sinceCollect);
        meter.dram = Math.min(1, meter.sumDram / sinceCollect);
        meter.sumBusy = 0;
        meter.sumTensor = 0;
        meter.sumDram = 0;
      }
    }
    sinceCollect = 0;
    collectBusy = 0;
    collectTensor = 0;
    collectDram = 0;
    collectPcie = 0;
  }

  /** Processes other than this one whose kernels want the board now. */
  int rivals(Server server, double now) {
    int n = 0;
    for (Server other : servers) {
      if (other != server && other.instance == server.instance && other.stepping()) {
        n++;
      }
    }
    for (Job job : jobs) {
      if (job.instance == server.instance && job.wantsBoard(now)) {
        n++;
      }
    }
    return n;
  }

  boolean throttled() {
    return (reasons & (HW_SLOWDOWN | SW_THERMAL | HW_THERMAL | POWER_BRAKE)) != 0;
  }

  double frameBufferMib() {
    double used = instances.isEmpty() ? 600 : 1200;
    for (Server server : servers) {
      used += server.frameBufferMib();
    }
    for (Job job : jobs) {
      used += job.frameBufferMib;
    }
    return Math.min(used, product.memoryMib() - 500);
  }
}
