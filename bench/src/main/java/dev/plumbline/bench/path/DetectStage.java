package dev.plumbline.bench.path;

import dev.plumbline.schemas.Topic;
import dev.plumbline.streams.Detect;
import dev.plumbline.streams.Detect.Guarantee;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** The detect process as it is in production. */
final class DetectStage implements Stage {
  private final String name;
  private final String about;
  private final Guarantee guarantee;
  private final int threads;

  DetectStage(String name, String about, Guarantee guarantee, int threads) {
    this.name = name;
    this.about = about;
    this.guarantee = guarantee;
    this.threads = threads;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String about() {
    return about;
  }

  @Override
  public Probe.Taken run(Fixture fixture, Path folder) throws Exception {
    String application = fixture.application();
    Map<String, Object> kafka = new HashMap<>(fixture.client());
    // all that is written counts, so nothing may be compacted away before it is weighed
    kafka.put("topic.min.compaction.lag.ms", "86400000");
    Probe probe = new Probe(fixture.broker.handle(), fixture.snapshots);
    Probe.Taken taken;
    double findings;
    try (Detect detect =
        Detect.start(
            new Detect.Settings(
                kafka, fixture.registry, application, threads, true, folder, null, guarantee, 0))) {
      while (detect.judged() < fixture.snapshots) {
        probe.at(detect.judged());
        Thread.sleep(2);
        if (!detect.healthy()) {
          throw new IllegalStateException("detection failed; its log says why");
        }
      }
      while (fixture.committed(application + "-judge") < fixture.snapshots) {
        Thread.sleep(20);
      }
      taken = probe.end(detect.judged());
      findings = fixture.records(Topic.FINDINGS);
    }
    taken.other().put("findings", findings);
    taken.other().put("changelogBytes", (double) fixture.logged(application + "-judge-clusters"));
    fixture.clean(application);
    return taken;
  }
}
