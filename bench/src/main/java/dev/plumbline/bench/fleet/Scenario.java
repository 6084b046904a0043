package dev.plumbline.bench.fleet;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * What is played: a fleet drawn from the seed, what happens to it anyway, and what goes wrong.
 *
 * @param shape changes the fleet that the seed has drawn
 */
record Scenario(
    String name,
    double interval,
    double hours,
    UnaryOperator<Shape> shape,
    Consumer<Benign> benign,
    Consumer<Fault> fault) {
  /** Whether nothing may be raised. */
  boolean negative() {
    return fault == null;
  }

  private static final Map<String, Scenario> ALL = new LinkedHashMap<>();

  static Map<String, Scenario> all() {
    return ALL;
  }

  private static void fault(String name, double interval, double hours, Consumer<Fault> fault) {
    ALL.put(name, new Scenario(name, interval, hours, s -> s, Benign::trainingAlone, fault));
  }

  private static void beside(
      String name, double interval, double hours, Consumer<Benign> what, Consumer<Fault> fault) {
    ALL.put(name, new Scenario(name, interval, hours, s -> s, what, fault));
  }

  private static void benign(
      String name,
      double interval,
      double hours,
      UnaryOperator<Shape> shape,
      Consumer<Benign> what) {
    ALL.put(name, new Scenario(name, interval, hours, shape, what, null));
  }

  private static Shape quiet(Shape s) {
    return with(s, .004);
  }

  private static Shape with(Shape s, double load) {
    List<WorkloadSpec> slow = new ArrayList<>();
    for (WorkloadSpec w : s.workloads()) {
      slow.add(
          new WorkloadSpec(
              w.name(),
              w.namespace(),
              w.tenant(),
              w.model(),
              w.sharing(),
              w.boards(),
              w.replicas(),
              w.concurrency() * load,
              Math.min(3, w.cv() * 1.4),
              w.rhythm(),
              w.promptMedian(),
              w.promptSigma(),
              w.outputMedian(),
              w.outputSigma(),
              w.maxSequences(),
              w.tokenBudget(),
              w.maxModelLength(),
              false));
    }
    return s.withWorkloads(slow);
  }

  static {
    fault("noisy-neighbour", 30, 2.5, ContentionFaults::noisyNeighbour);
    fault("batch-neighbour", 60, 3, ContentionFaults::batchNeighbour);
    fault("cpu-starvation", 60, 3, ContentionFaults::cpuStarvation);
    fault("pcie-saturation", 30, 2.5, ContentionFaults::pcieSaturation);
    fault("cpu-growth", 60, 3, NeighbourFaults::cpuGrowth);
    fault("dram-neighbour", 30, 2.5, NeighbourFaults::memoryBandwidth);
    beside("pcie-growth", 30, 2.5, b -> {}, NeighbourFaults::pcieGrowth);
    beside("mig-neighbour", 30, 2.5, Benign::limitedPower, NeighbourFaults::boardPower);
    beside("image-beside-job", 60, 3, b -> {}, NeighbourFaults::imageBesideJobs);
    fault("thermal", 30, 3, BoardFaults::thermal);
    fault("power-brake", 60, 3, BoardFaults::powerBrake);
    fault("board-loss", 60, 2, BoardFaults::boardLoss);
    fault("memory-errors", 60, 2, BoardFaults::memoryErrors);
    fault("kv-exhaustion", 30, 2.5, ServerFaults::kvExhaustion);
    fault("image-slower", 60, 3, f -> DeploymentFaults.imageRegression(f, false));
    fault("image-prefill", 30, 3, f -> DeploymentFaults.imageRegression(f, true));
    fault("batch-limit", 60, 3, DeploymentFaults::batchLimit);
    fault("slow-path", 30, 3, TailFaults::slowPath);
    fault("oscillation", 30, 3, ContentionFaults::oscillation);
    fault("crash-loop", 60, 3, ServerFaults::crashLoop);
    fault("out-of-band", 180, 3, DeploymentFaults::outOfBand);
    fault("policy-deleted", 180, 3, PolicyFaults::policyDeleted);
    fault("policy-weakened", 60, 2, PolicyFaults::policyWeakened);
    fault("quota-cut", 180, 3, PolicyFaults::quotaCut);
    fault("new-violation", 180, 3, PolicyFaults::newViolation);
    fault("residency-pod", 60, 2, ResidencyFaults::residencyPod);
    fault("residency-db", 180, 3, ResidencyFaults::residencyDatabase);
    fault("driver-drift", 60, 2.5, PlatformFaults::driverDrift);
    fault("pg-drift", 180, 3, PlatformFaults::databaseDrift);
    fault("vm-drift", 180, 3, PlatformFaults::machineDrift);
    fault("agent-silence", 60, 2.5, TelemetryFaults::agentSilence);
    fault("target-failing", 60, 3, TelemetryFaults::targetFailing);
    fault("clock-skew", 60, 2.5, TelemetryFaults::clockSkew);
    ALL.put(
        "memory-leak",
        new Scenario("memory-leak", 900, 48, Scenario::quiet, b -> {}, ServerFaults::memoryLeak));
    fault(
        "several",
        60,
        4,
        f -> {
          BoardFaults.thermal(f);
          DeploymentFaults.outOfBand(f.another());
          ContentionFaults.cpuStarvation(f.another());
          PolicyFaults.policyWeakened(f.another());
        });
    fault(
        "change-day",
        60,
        4,
        f -> {
          DeploymentFaults.imageRegression(f, false);
          PlatformFaults.databaseDrift(f.another());
          TelemetryFaults.targetFailing(f.another());
          PolicyFaults.newViolation(f.another());
        });

    benign("steady", 30, 3, s -> s, b -> {});
    benign("morning", 60, 6, s -> s.startingAt(6), Benign::trainingAlone);
    benign("evening", 180, 8, s -> s.startingAt(17), Benign::trainingAlone);
    benign("quiet-models", 60, 4, Scenario::quiet, b -> {});
    benign("days", 900, 120, s -> with(s, .02), Benign::days);
    benign("flash-crowd", 60, 3, s -> s, Benign::flashCrowd);
    benign("autoscaling", 60, 3, s -> s, Benign::autoscaling);
    benign("planned-rollout", 60, 3, s -> s, Benign::plannedRollout);
    benign("canary", 60, 3, s -> s, Benign::canary);
    benign("driver-rollout", 60, 3, s -> s, Benign::driverRollout);
    benign("busy-neighbours", 60, 3, s -> s, Benign::busyNeighbours);
    benign("drain", 60, 2.5, s -> s, Benign::drain);
    benign("counter-resets", 60, 2, s -> s, Benign::counterResets);
    benign("spikes", 30, 2, s -> s, Benign::spikes);
    benign("policy-update", 180, 3, s -> s, Benign::policyUpdate);
    benign("agent-restart", 60, 2, s -> s, Benign::agentRestart);
    benign("label-noise", 180, 4, s -> s, Benign::labelNoise);
    benign("offboarding", 180, 3, s -> s, Benign::offboarding);
  }
}
