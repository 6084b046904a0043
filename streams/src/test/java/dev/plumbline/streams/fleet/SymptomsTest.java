package dev.plumbline.streams.fleet;

import static dev.plumbline.streams.cause.Counts.assertCounts;
import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.schemas.event.Cause;
import dev.plumbline.schemas.event.Fact;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.FindingStatus;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.streams.Findings;
import dev.plumbline.streams.findings.Kind;
import dev.plumbline.streams.state.Tables;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Three sites with three replicas each of one model server. */
class SymptomsTest {
  private static final long MINUTE = 60_000;
  private static final String OBJECT = "apps/v1/Deployment/retail/chat";
  private static final String IMAGE = "spec.template.spec.containers[0].image";

  private final List<Finding> said = new ArrayList<>();
  private final Map<String, Map<Integer, byte[]>> saved = new TreeMap<>();
  private final Map<String, Map<String, Map<Integer, byte[]>>> savedOf = new TreeMap<>();
  private Tables own = new Tables();
  private Map<String, Tables> tables = new HashMap<>();
  private FleetJudge fleet = judge();
  private final GivenFacts given = new GivenFacts();

  @BeforeEach
  void threeSitesThatAreAlike() {
    for (String site : List.of("fra", "par", "nyc")) {
      declared(0, site, "v1");
      replicas(0, site, "H100", 3);
    }
  }

  @Test
  void anImageThatOneSiteHasIsTheCauseWhereThatSiteAloneSuffers() {
    declared(10, "fra", "v2");
    for (int pod = 0; pod < 3; pod++) {
      suffers(12 + pod, "fra", pod, image("fra", 0.8));
    }
    alive(16, 40);

    Finding account = last();
    assertThat(account.getKind()).isEqualTo(Kind.LATENCY_SWING);
    assertThat(account.getSeverity()).as("it wakes nobody").isEqualTo(Severity.info);
    assertThat(account.getEntity())
        .containsOnly(
            Map.entry("cluster", "fra"),
            Map.entry("namespace", "retail"),
            Map.entry("workload", "chat"));
    assertThat(account.getCause().getEntity()).containsEntry("field", IMAGE);
    assertThat(account.getCause().getScore()).isGreaterThan(0.95);
    assertCounts(account.getCause().getContrast(), 3, 3, 6, 0);
    assertThat(account.getEvidence().getSummary())
        .isEqualTo(
            "beside the replicas of other clusters that are like it (model=m, product=H100,"
                + " load=moderate, clusters=3): 3 of 3 replicas that have it suffer, and 0 of 6 that"
                + " lack it");
  }

  @Test
  void anImageThatOtherSitesHaveAndAreWellIsNotTheCause() {
    declared(2, "par", "v2");
    declared(3, "nyc", "v2");
    declared(10, "fra", "v2");
    suffers(12, "fra", 0, image("fra", 0.8));
    alive(16, 40);

    assertThat(last().getCause()).isNull();
    assertThat(last().getCandidates())
        .singleElement()
        .satisfies(it -> assertCounts(it.getContrast(), 9, 1, 0, 0));
  }

  @Test
  void anotherCandidateWinsWhereTheFleetSpeaksAgainstTheFirst() {
    declared(2, "par", "v2");
    declared(3, "nyc", "v2");
    declared(10, "fra", "v2");
    Finding swing = swing(12, "fra", 0, image("fra", 0.85));
    swing.setCandidates(List.of(cause(Kind.GPU_THROTTLE, 0.6, "node", "n1")));
    told(12, "fra", swing);
    alive(16, 40);

    assertThat(last().getCause().getKind()).isEqualTo(Kind.GPU_THROTTLE);
  }

  @Test
  void whatEveryoneSuffersFromHasAnotherCauseThanWhatOneSiteChanged() {
    declared(10, "fra", "v2");
    for (String site : List.of("fra", "par", "nyc")) {
      for (int pod = 0; pod < 3; pod++) {
        suffers(12 + pod, site, pod, site.equals("fra") ? image("fra", 0.8) : null);
      }
    }
    alive(16, 40);

    assertThat(last().getEntity()).containsEntry("cluster", "fra");
    assertThat(last().getCause()).isNull();
  }

  @Test
  void aReplicaThatHasRecoveredIsStillAWitnessOfWhatItSuffered() {
    declared(10, "fra", "v2");
    for (int pod = 0; pod < 3; pod++) {
      suffers(12, "fra", pod, image("fra", 0.8));
    }
    Finding over = swing(12, "fra", 0, null);
    over.setStatus(FindingStatus.resolved);
    over.setAt(at(30));
    told(30, "fra", over);
    alive(31, 50);

    assertThat(said).hasSize(1);
    assertCounts(last().getCause().getContrast(), 3, 3, 6, 0);
  }

  @Test
  void itIsResolvedWhenNoReplicaSuffersAnyMore() {
    declared(10, "fra", "v2");
    suffers(12, "fra", 0, image("fra", 0.8));
    alive(16, 40);
    Finding over = swing(12, "fra", 0, image("fra", 0.8));
    over.setStatus(FindingStatus.resolved);
    told(41, "fra", over);

    assertThat(last().getStatus()).isEqualTo(FindingStatus.resolved);
    assertThat(last().getEntity()).doesNotContainKey("pod");
  }

  @Test
  void aSiteWithOtherBoardsIsNoWitnessUnlessADocumentSaysSo() {
    replicas(1, "par", "B200", 3);
    replicas(1, "nyc", "B200", 3);
    declared(10, "fra", "v2");
    suffers(12, "fra", 0, image("fra", 0.8));
    alive(16, 40);
    assertThat(said).isEmpty();
    applied(41, "{\"members\":\"workloads\",\"by\":[\"model\"]}");
    alive(42, 45);

    assertCounts(last().getCause().getContrast(), 3, 1, 6, 0);
    assertThat(last().getCause().getContrast().getCohort()).isEqualTo("model=m, clusters=3");
  }

  @Test
  void aWorkloadThatADocumentLeavesOutIsNoWitness() {
    applied(1, "{\"members\":\"workloads\",\"exclude\":[\"par/retail/*\",\"nyc/retail/chat\"]}");
    declared(10, "fra", "v2");
    suffers(12, "fra", 0, image("fra", 0.8));
    alive(16, 40);

    assertThat(said).isEmpty();
  }

  @Test
  void replicasThatAreNoLongerJudgedAreNoWitnesses() {
    declared(10, "fra", "v2");
    suffers(12, "fra", 0, image("fra", 0.8));
    for (String site : List.of("par", "nyc")) {
      Fact gone = given.fact("replicas", site, 15, Map.of());
      gone.setSubject("retail/chat");
      gone.setGone(true);
      fleet.judge(gone);
    }
    alive(16, 40);

    assertThat(said).isEmpty();
  }

  @Test
  void aRestartInTheMiddleChangesNoLine() {
    declared(10, "fra", "v2");
    suffers(12, "fra", 0, image("fra", 0.8));
    alive(16, 20);
    restart();
    suffers(21, "fra", 1, image("fra", 0.8));
    alive(22, 31);
    assertThat(said).as("too early to compare").isEmpty();
    restart();
    alive(32, 33);

    assertThat(said).singleElement().satisfies(it -> assertThat(it.getAt()).isEqualTo(at(32)));
  }

  private FleetJudge judge() {
    return new FleetJudge(
        own,
        uid -> tables.computeIfAbsent(uid, k -> new Tables(savedOf.getOrDefault(uid, Map.of()))),
        finding -> {
          // that one site differs is a story of its own
          if (finding.getKind().equals(Kind.LATENCY_SWING)) {
            said.add(finding);
          }
        });
  }

  private void restart() {
    own.drain(
        (table, page, bytes) ->
            saved.computeIfAbsent(table, k -> new TreeMap<>()).put(page, bytes));
    tables.forEach(
        (uid, of) ->
            of.drain(
                (table, page, bytes) ->
                    savedOf
                        .computeIfAbsent(uid, k -> new TreeMap<>())
                        .computeIfAbsent(table, k -> new TreeMap<>())
                        .put(page, bytes)));
    own = new Tables(saved);
    tables = new HashMap<>();
    fleet = judge();
  }

  private Finding last() {
    assertThat(said).isNotEmpty();
    return said.get(said.size() - 1);
  }

  private void alive(int from, int to) {
    for (int minute = from; minute <= to; minute++) {
      for (String site : List.of("fra", "nyc", "par")) {
        fleet.judge(given.fact("alive", site, minute, Map.of("intervalMillis", "60000")));
      }
    }
  }

  private void declared(int minute, String site, String image) {
    Fact fact = given.fact("object", site, minute, Map.of(IMAGE, image));
    fact.setSubject(OBJECT);
    fleet.judge(fact);
  }

  private void replicas(int minute, String site, String product, int judged) {
    Fact fact =
        given.fact(
            "replicas",
            site,
            minute,
            Map.of(
                "model",
                "m",
                "product",
                product,
                "load",
                "moderate",
                "judged",
                Integer.toString(judged)));
    fact.setSubject("retail/chat");
    fleet.judge(fact);
  }

  private void applied(int minute, String spec) {
    Fact fact = given.fact("control", "", minute, Map.of("spec", spec));
    fact.setSubject("a");
    fleet.judge(fact);
  }

  private void suffers(int minute, String site, int pod, Cause cause) {
    told(minute, site, swing(minute, site, pod, cause));
  }

  private void told(int minute, String site, Finding finding) {
    Fact fact = given.fact("symptom", site, minute, Map.of());
    fact.setSubject(finding.getId());
    fact.setFinding(finding);
    fleet.judge(fact);
  }

  private static Finding swing(int minute, String site, int pod, Cause cause) {
    Finding swing =
        Findings.open(
            site + pod,
            Kind.LATENCY_SWING,
            Map.of(
                "cluster", site, "namespace", "retail", "workload", "chat", "pod", "chat-" + pod),
            minute);
    swing.setCause(cause);
    return swing;
  }

  private static Cause image(String site, double score) {
    return cause(
        Kind.DRIFT_CONFIG,
        score,
        "cluster",
        site,
        "namespace",
        "retail",
        "workload",
        "chat",
        "object",
        OBJECT,
        "field",
        IMAGE);
  }

  private static Cause cause(String kind, double score, String... entity) {
    Map<String, String> parts = new TreeMap<>();
    for (int i = 0; i < entity.length; i += 2) {
      parts.put(entity[i], entity[i + 1]);
    }
    return Cause.newBuilder()
        .setKind(kind)
        .setEntity(parts)
        .setScore(score)
        .setReason("it changed")
        .build();
  }

  private static Instant at(int minute) {
    return Instant.ofEpochMilli(minute * MINUTE);
  }
}
