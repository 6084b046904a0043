package dev.plumbline.bench.fleet;

import java.util.ArrayList;
import java.util.List;

/** A machine: its boards, cores, clock, driver and kernel. */
final class Node {
  final Site site;
  final String name;
  final double inletCelsius;
  final List<Board> boards = new ArrayList<>();
  final List<Job> jobs = new ArrayList<>();
  final int cores = 128;
  final double memoryBytes = 1.08e12;
  String driver;
  String kernel;
  String kubelet;
  double bootedAt;
  boolean up = true;
  boolean schedulable = true;

  /** Seconds by which the clock runs ahead of an honest one, and what it gains each second. */
  double ahead;

  double drift;
  double driftFrom = Double.POSITIVE_INFINITY;

  /** The agent's own node: its clock is the agent's. */
  boolean hostsAgent;

  boolean clockSynchronised = true;

  /** What a driver, a kernel or a setting costs: steps take that many times as long. */
  double slowdown = 1;

  double idleSeconds;
  double userSeconds;
  double systemSeconds;
  double waitSeconds;
  double ioSeconds;
  double load;
  double hostBytesUsed;
  int oomKills;

  private double hostWork;

  Node(Site site, String name, double inletCelsius) {
    this.site = site;
    this.name = name;
    this.inletCelsius = inletCelsius;
    hostBytesUsed = 2.6e11;
  }

  double clockAhead() {
    double now = site.fleet.loop.now();
    double own = ahead + Math.max(0, now - driftFrom) * drift;
    return hostsAgent ? own + site.agentTime() - now : own;
  }

  /** Cores wanted by all, as a part of what there is. */
  double demand(double now) {
    double wanted = .06;
    for (Job job : jobs) {
      if (job.running(now)) {
        wanted += job.cores;
      }
    }
    return wanted;
  }

  /** How much longer the host's part of a step takes: a share of the cores, and waiting for it. */
  double hostFactor(double now) {
    double demand = demand(now);
    double factor = demand <= .9 ? 1 : (demand + .1) * (1 + 2 * (demand - .9));
    double bus = 0;
    for (Job job : jobs) {
      if (job.running(now)) {
        bus += job.pcieLoad;
      }
    }
    return factor + 3.5 * bus;
  }

  void hostWorked(double seconds) {
    hostWork += seconds;
  }

  void tick(double now, double dt, double noise) {
    double demand = demand(now) + hostWork / dt / cores + .01 * noise;
    hostWork = 0;
    double used = Math.max(.02, Math.min(1, demand));
    userSeconds += dt * used * .83;
    systemSeconds += dt * used * .17;
    idleSeconds += dt * (1 - used);
    ioSeconds += dt * .0012;
    waitSeconds += dt * Math.max(.004, Math.min(.97, (demand - .75) * .8));
    load += (demand * cores - load) * (1 - Math.exp(-dt / 60));
    for (Job job : jobs) {
      job.cpuSeconds += job.running(now) ? dt * Math.max(1, job.cores * cores) : 0;
    }
    for (Board board : boards) {
      board.tick(now, dt);
    }
  }

  double memoryAvailable(double now) {
    double used = hostBytesUsed;
    for (Board board : boards) {
      for (Server server : board.servers) {
        if (server.boards.get(0) == board) {
          used += server.workingSet(now);
        }
      }
    }
    return memoryBytes - used;
  }
}
