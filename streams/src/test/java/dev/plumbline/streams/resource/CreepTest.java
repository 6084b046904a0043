package dev.plumbline.streams.resource;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.schemas.Samples;
import dev.plumbline.schemas.event.ContainerSample;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.FindingStatus;
import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.schemas.event.ResourceSnapshot;
import dev.plumbline.streams.Given;
import dev.plumbline.streams.findings.Kind;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Three replicas of 5 GB, each scraped every quarter of an hour. */
class CreepTest {
  private static final double BASE = 5e9;
  private static final DoubleUnaryOperator STEADY = hour -> 1;

  private final Given given = new Given();
  private final Random random = new Random(3);
  private final double[] started = {1_000, 1_000, 1_000};
  private double tokens;
  private double hour;

  @BeforeEach
  void aCluster() {
    given.shown(given.identity("eu"));
  }

  @Test
  void memoryThatLeaksInOneReplicaIsFoundWithinHours() {
    hours(24, hour -> 1 + 0.03 * Math.max(0, hour - 12), STEADY);

    Finding finding = given.of(Kind.DRIFT_RESOURCE).get(0);
    assertThat(finding.getEntity())
        .containsEntry("namespace", "retail")
        .containsEntry("workload", "chat")
        .containsEntry("pod", "chat-0");
    assertThat(openedAt(finding)).isBetween(14.0, 17.0);
    assertThat(finding.getEvidence().getSummary()).contains("process of chat-0", "MB an hour");
  }

  @Test
  void memoryThatFollowsTheDayIsNone() {
    DoubleUnaryOperator day = hour -> 1 + 0.3 * Math.sin(hour * Math.PI / 12);
    hours(96, day, day);

    assertThat(given.of(Kind.DRIFT_RESOURCE)).isEmpty();
  }

  @Test
  void aRestartOfTheLeakIsTheSameStoryAndAQuietProcessIsItsEnd() {
    hours(24, hour -> 1 + 0.03 * Math.max(0, hour - 12), STEADY);
    started[0] = 90_000;
    hours(12, hour -> 1 + 0.03 * (hour - 24), STEADY);

    assertThat(given.of(Kind.DRIFT_RESOURCE))
        .isNotEmpty()
        .allSatisfy(it -> assertThat(it.getStatus()).isNotEqualTo(FindingStatus.resolved))
        .extracting(Finding::getId)
        .containsOnly(given.of(Kind.DRIFT_RESOURCE).get(0).getId());

    started[0] = 140_000;
    hours(16, STEADY, STEADY);

    List<Finding> lines = given.of(Kind.DRIFT_RESOURCE);
    assertThat(lines.get(lines.size() - 1).getStatus()).isEqualTo(FindingStatus.resolved);
  }

  @Test
  void stateThatWentThroughBytesFindsTheSame() {
    hours(13, hour -> 1 + 0.03 * Math.max(0, hour - 12), STEADY);
    given.restarted();
    hours(11, hour -> 1 + 0.03 * Math.max(0, hour - 12), STEADY);

    assertThat(openedAt(given.of(Kind.DRIFT_RESOURCE).get(0))).isBetween(14.0, 17.0);
  }

  @Test
  void aContainerNearItsLimitIsToldHowLongItHas() {
    for (int i = 0; i < 4 * 24; i++) {
      ResourceSnapshot snapshot = given.resource(given.header("kubelet", "n1", "node", "n1"));
      ContainerSample container = Samples.blank(ContainerSample.class);
      container.setNamespace("retail");
      container.setPod("chat-0");
      container.setContainer("main");
      container.setCpuSeconds(900.0 * i);
      container.setMemoryLimitBytes(8e9);
      container.setMemoryWorkingSetBytes(BASE * (1 + 0.03 * Math.max(0, i / 4.0 - 12)));
      snapshot.setContainers(List.of(container));
      given.shown(snapshot).after(900);
    }

    Finding finding = given.of(Kind.DRIFT_RESOURCE).get(0);
    assertThat(finding.getEvidence().getSummary()).contains("reaches its limit in");
    assertThat(finding.getEvidence().getDetails().get("hoursToLimit"))
        .satisfies(it -> assertThat(Double.parseDouble(it)).isBetween(10.0, 40.0));
  }

  /** Time passes; the first replica's level and all replicas' load are as said. */
  private void hours(int hours, DoubleUnaryOperator level, DoubleUnaryOperator load) {
    for (double end = hour + hours; hour < end; hour += 0.25) {
      tokens += 1e6 * load.applyAsDouble(hour);
      for (int replica = 0; replica < 3; replica++) {
        LatencySnapshot snapshot =
            given.server("retail", "chat", "chat-" + replica, tokens, tokens / 100);
        snapshot.setProcessStartSeconds(started[replica]);
        double part = replica == 0 ? level.applyAsDouble(hour) : 1;
        snapshot.setResidentMemoryBytes(BASE * part * (1 + 0.003 * random.nextGaussian()));
        given.shown(snapshot);
      }
      given.after(900);
    }
  }

  private static double openedAt(Finding finding) {
    return (finding.getAt().toEpochMilli() - Given.START) / 3_600_000.0;
  }
}
