package dev.plumbline.streams.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.schemas.event.Fact;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.FindingStatus;
import dev.plumbline.schemas.event.Resolution;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.streams.findings.Kind;
import dev.plumbline.streams.state.Tables;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class FleetTest {
  private static final long MINUTE = 60_000;
  private static final String IMAGE = "spec.template.spec.containers[0].image";

  private final List<Finding> said = new ArrayList<>();
  private final Map<String, Tables> tables = new HashMap<>();
  private final FleetJudge fleet =
      new FleetJudge(
          new Tables(), uid -> tables.computeIfAbsent(uid, k -> new Tables()), said::add);
  private final GivenFacts given = new GivenFacts();

  @Test
  void aClusterThatGoesSilentWhileOthersGoOnIsFoundAndItsReturnClearsIt() {
    alive(0, 20, "a", "b", "c");
    alive(21, 40, "a", "b");
    assertThat(said).singleElement().satisfies(this::isSilenceOfC);
    alive(41, 41, "c");

    assertThat(said.get(1).getStatus()).isEqualTo(FindingStatus.resolved);
  }

  @Test
  void aClusterIsMeasuredByItsOwnRhythm() {
    for (int minute = 0; minute < 300; minute++) {
      fleet.judge(given.fact("alive", "a", minute, Map.of("intervalMillis", "60000")));
      if (minute % 15 == 0) {
        fleet.judge(given.fact("alive", "c", minute, Map.of("intervalMillis", "900000")));
      }
    }

    assertThat(said).isEmpty();
  }

  @Test
  void aSiteThatLeavesTheOthersAndIsNotFollowedDiffers() {
    declared(0, "v1", "a", "b", "c");
    declared(10, "v2", "b");
    alive(11, 60, "a", "b", "c");

    assertThat(said)
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it.getKind()).isEqualTo(Kind.DRIFT_CONFIG);
              assertThat(it.getEntity()).containsEntry("cluster", "b");
              assertThat(it.getEntity()).containsEntry("field", IMAGE);
            });
  }

  @Test
  void aRolloutThatSpreadsIsNoDrift() {
    declared(0, "v1", "a", "b", "c");
    declared(10, "v2", "b");
    alive(11, 29, "a", "b", "c");
    declared(30, "v2", "c");
    alive(31, 49, "a", "b", "c");
    declared(50, "v2", "a");
    alive(51, 120, "a", "b", "c");

    assertThat(said).isEmpty();
  }

  @Test
  void whereGitOpsMovedNothingNobodyNeedWaitForARollout() {
    declared(0, "v1", "a", "b", "c");
    gitMoved(19, 1, "b");
    declared(20, "v2", "b");
    alive(21, 26, "a", "b", "c");

    assertThat(said)
        .singleElement()
        .satisfies(it -> assertThat(it.getSeverity()).isEqualTo(Severity.warning));
  }

  @Test
  void whatGitDeclaresForOneClusterAloneIsSaidAndWakesNobody() {
    declared(0, "v1", "a", "b", "c");
    declared(20, "v2", "b");
    gitMoved(21, 20, "b");
    alive(22, 40, "a", "b", "c");
    gitMoved(41, 40, "b");
    alive(42, 60, "a", "b", "c");

    assertThat(said)
        .singleElement()
        .satisfies(it -> assertThat(it.getSeverity()).isEqualTo(Severity.info));
  }

  @Test
  void twoClustersAreNoCohort() {
    declared(0, "v1", "a", "b");
    declared(10, "v2", "b");
    alive(11, 60, "a", "b");

    assertThat(said).isEmpty();
  }

  @Test
  void aDocumentFormsTheCohortAndOnlyItsClustersAreCompared() {
    identified("a", "env", "prod");
    identified("b", "env", "prod");
    identified("c", "env", "prod");
    identified("d", "env", "test");
    applied(1, "prod", "{\"clusters\":{\"matchLabels\":{\"env\":\"prod\"}},\"bake\":\"10m\"}");
    declared(2, "v1", "a", "b", "c", "d");
    declared(10, "v2", "d");
    declared(12, "v2", "b");
    alive(13, 21, "a", "b", "c", "d");
    assertThat(said).as("within the bake").isEmpty();
    alive(22, 23, "a", "b", "c", "d");

    assertThat(said)
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it.getEntity()).containsEntry("cluster", "b");
              assertThat(it.getEvidence().getSummary()).contains("within 10 minutes");
            });
  }

  @Test
  void aFieldThatADocumentLetsDifferIsNoDriftAndWhatIsOpenIsAccepted() {
    declared(0, "v1", "a", "b", "c");
    declared(10, "v2", "b");
    alive(11, 60, "a", "b", "c");
    applied(61, "all", "{\"ignore\":[\"spec.template.spec.containers[*].image\"]}");
    alive(61, 61, "a", "b", "c");
    declared(62, "v3", "c");
    alive(62, 120, "a", "b", "c");

    assertThat(said)
        .extracting(Finding::getStatus)
        .containsExactly(FindingStatus.open, FindingStatus.resolved);
    assertThat(said.get(1).getResolution()).isEqualTo(Resolution.accepted);
  }

  @Test
  void aDocumentThatIsRemovedIsNoLongerInForce() {
    applied(0, "all", "{\"ignore\":[\"spec.*\"]}");
    applied(1, "all", null);
    declared(2, "v1", "a", "b", "c");
    declared(10, "v2", "b");
    alive(11, 60, "a", "b", "c");

    assertThat(said).hasSize(1);
  }

  @Property(tries = 100)
  void howeverPartitionsAreReadTheFactsComeInTheirTime(@ForAll long seed) {
    Random random = new Random(seed);
    List<Long> out = new ArrayList<>();
    Merge merge = new Merge(2, new Tables(), fact -> out.add(fact.getAt().toEpochMilli()));
    int[] next = {0, 0};
    while (next[0] < 50 || next[1] < 50) {
      int partition = random.nextInt(2);
      if (next[partition] < 50) {
        long at = next[partition]++ * 1_000L + partition;
        Fact fact = given.fact("alive", "c" + partition, 0, Map.of());
        fact.setAt(Instant.ofEpochMilli(at));
        merge.add(fact);
        merge.reached(partition, at);
        merge.release(Set.of());
      }
    }
    merge.reached(0, Long.MAX_VALUE);
    merge.reached(1, Long.MAX_VALUE);
    merge.release(Set.of());

    List<Long> sorted = new ArrayList<>(out);
    Collections.sort(sorted);
    assertThat(out).hasSize(100).isEqualTo(sorted);
  }

  private void isSilenceOfC(Finding finding) {
    assertThat(finding.getKind()).isEqualTo(Kind.TELEMETRY_STALE);
    assertThat(finding.getEntity()).containsOnly(Map.entry("cluster", "c"));
  }

  private void identified(String cluster, String label, String value) {
    fleet.judge(
        given.fact("alive", cluster, 0, Map.of("intervalMillis", "0", "identity." + label, value)));
  }

  private void applied(int minute, String name, String spec) {
    Fact fact = given.fact("control", "", minute, spec == null ? Map.of() : Map.of("spec", spec));
    fact.setSubject(name);
    fleet.judge(fact);
  }

  private void alive(int from, int to, String... clusters) {
    for (int minute = from; minute <= to; minute++) {
      for (String cluster : clusters) {
        fleet.judge(given.fact("alive", cluster, minute, Map.of("intervalMillis", "60000")));
      }
    }
  }

  private void gitMoved(int minute, int moved, String cluster) {
    long at = given.fact("alive", cluster, moved, Map.of()).getAt().toEpochMilli();
    fleet.judge(
        given.fact(
            "alive",
            cluster,
            minute,
            Map.of("intervalMillis", "60000", "declaredAtMillis", Long.toString(at))));
  }

  private void declared(int minute, String image, String... clusters) {
    for (String cluster : clusters) {
      Fact fact = given.fact("object", cluster, minute, Map.of(IMAGE, image));
      fact.setSubject("apps/v1/Deployment/retail/chat");
      fleet.judge(fact);
    }
  }
}
