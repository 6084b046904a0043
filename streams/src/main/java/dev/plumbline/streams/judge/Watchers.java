package dev.plumbline.streams.judge;

import dev.plumbline.streams.cause.CauseWatcher;
import dev.plumbline.streams.drift.DriftWatcher;
import dev.plumbline.streams.drift.NodeWatcher;
import dev.plumbline.streams.gpu.ContentionWatcher;
import dev.plumbline.streams.gpu.ExhaustionWatcher;
import dev.plumbline.streams.gpu.FaultWatcher;
import dev.plumbline.streams.gpu.ThrottleWatcher;
import dev.plumbline.streams.latency.LatencyWatcher;
import dev.plumbline.streams.load.SurgeWatcher;
import dev.plumbline.streams.policy.PolicyWatcher;
import dev.plumbline.streams.policy.ViolationWatcher;
import dev.plumbline.streams.residency.ResidencyWatcher;
import dev.plumbline.streams.resource.CreepWatcher;
import dev.plumbline.streams.telemetry.SkewWatcher;
import dev.plumbline.streams.telemetry.StaleWatcher;
import java.util.List;
import java.util.function.Function;

/** Every watcher of a cluster, in the order in which they see a snapshot. */
final class Watchers {
  static final List<Function<Cluster, Watcher>> ALL =
      List.of(
          StaleWatcher::new,
          SkewWatcher::new,
          DriftWatcher::new,
          NodeWatcher::new,
          PolicyWatcher::new,
          ViolationWatcher::new,
          ResidencyWatcher::new,
          ThrottleWatcher::new,
          FaultWatcher::new,
          ExhaustionWatcher::new,
          SurgeWatcher::new,
          LatencyWatcher::new,
          ContentionWatcher::new,
          CreepWatcher::new,
          CauseWatcher::new);

  private Watchers() {}
}
