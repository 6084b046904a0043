package dev.plumbline.streams.incidents;

import static dev.plumbline.streams.Findings.again;
import static dev.plumbline.streams.Findings.open;
import static dev.plumbline.streams.Findings.resolved;
import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.schemas.event.Cause;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.FindingStatus;
import dev.plumbline.schemas.event.Gate;
import dev.plumbline.schemas.event.GateVerdict;
import dev.plumbline.schemas.event.Incident;
import dev.plumbline.schemas.event.Member;
import dev.plumbline.schemas.event.Mode;
import dev.plumbline.schemas.event.Remediation;
import dev.plumbline.schemas.event.RemediationStatus;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.streams.findings.Kind;
import dev.plumbline.streams.findings.Proof;
import dev.plumbline.streams.remediation.Planner;
import dev.plumbline.streams.state.Tables;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** From findings over incidents to remediations, in mode observe. */
class IncidentsTest {
  private static final long MINUTE = 60_000;
  private static final Map<String, String> POD =
      Map.of("cluster", "c-1", "namespace", "retail", "workload", "chat", "pod", "chat-1");
  private static final Map<String, String> BOARD =
      Map.of("cluster", "c-1", "node", "n1", "gpu", "GPU-1");

  private final List<Incident> incidents = new ArrayList<>();
  private final List<Remediation> remediations = new ArrayList<>();
  private Tables tables = new Tables();
  private Planner planner = new Planner("c-1", tables, remediations::add);
  private Incidents grouped = incidents();
  private long now;

  @Test
  void aFaultAndItsSymptomAreOneIncident() {
    Finding fault = open("f1", Kind.GPU_THROTTLE, BOARD, 0);
    take(fault);
    take(because(open("f2", Kind.LATENCY_SWING, POD, 1), fault));

    assertThat(incidents).extracting(Incident::getId).containsOnly(incidents.get(0).getId());
    assertThat(lastIncident().getMemberCount()).isEqualTo(2);
    assertThat(lastIncident().getTitle()).contains(Kind.GPU_THROTTLE).contains("and 1 more");
  }

  @Test
  void aSymptomThatIsExplainedLaterMovesToItsCause() {
    Finding symptom = open("f2", Kind.LATENCY_SWING, POD, 0);
    take(symptom);
    Finding fault = open("f1", Kind.GPU_THROTTLE, BOARD, 1);
    take(fault);
    take(because(again(symptom, 2), fault));

    Incident first = incidents.get(0);
    assertThat(lastOf(first.getId()).getStatus()).isEqualTo(FindingStatus.resolved);
    assertThat(grouped.open())
        .singleElement()
        .satisfies(it -> assertThat(it.getMemberCount()).isEqualTo(2));
  }

  @Test
  void itIsResolvedWhenAllItsFindingsAre() {
    Finding fault = open("f1", Kind.GPU_THROTTLE, BOARD, 0);
    take(fault);
    Finding symptom = because(open("f2", Kind.LATENCY_SWING, POD, 1), fault);
    take(symptom);
    restart();
    take(resolved(fault, 2));
    assertThat(lastIncident().getStatus()).isEqualTo(FindingStatus.update);
    take(resolved(symptom, 3));

    assertThat(lastIncident().getStatus()).isEqualTo(FindingStatus.resolved);
    assertThat(grouped.open()).isEmpty();
  }

  @Test
  void whatIsOnlyInfoOpensNoIncident() {
    Finding info = open("f1", Kind.LOAD_SURGE, POD, 0);
    info.setSeverity(Severity.info);
    take(info);

    assertThat(incidents).isEmpty();
  }

  @Test
  void theWholeFleetsAccountOfASymptomMovesItToTheCauseThatTheFleetBearsWitnessTo() {
    Finding swing = open("f1", Kind.LATENCY_SWING, POD, 0);
    swing.setCause(cause(Kind.DRIFT_CONFIG, Map.of("cluster", "c-1", "node", "n1")));
    take(swing);
    restart();
    Cause image = cause(Kind.DRIFT_CONFIG, Map.of("cluster", "c-1", "workload", "chat"));
    take(account(20, image));

    assertThat(grouped.open())
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it.getCause()).isEqualTo(image);
              assertThat(it.getMembers()).extracting(Member::getFinding).containsExactly("f1");
            });
    restart();
    take(again(swing, 21));
    assertThat(grouped.open()).singleElement().extracting(Incident::getCause).isEqualTo(image);
    take(resolved(again(swing, 22), 23));
    assertThat(grouped.open()).isEmpty();
  }

  @Test
  void aCauseThatTheFleetSpeaksAgainstIsWithdrawn() {
    Finding swing = open("f1", Kind.LATENCY_SWING, POD, 0);
    swing.setCause(cause(Kind.DRIFT_CONFIG, Map.of("cluster", "c-1", "workload", "chat")));
    take(swing);
    take(account(20, null));

    assertThat(grouped.open()).singleElement().extracting(Incident::getCause).isNull();
  }

  private static Finding account(long minute, Cause cause) {
    Finding account =
        open(
            "account",
            Kind.LATENCY_SWING,
            Map.of("cluster", "c-1", "namespace", "retail", "workload", "chat"),
            minute);
    account.setSeverity(Severity.info);
    account.setEvidence(Proof.of("the fleet says", "cohort", "model=m"));
    account.setCause(cause);
    return account;
  }

  private static Cause cause(String kind, Map<String, String> entity) {
    return Cause.newBuilder().setKind(kind).setEntity(entity).setScore(0.9).build();
  }

  @Test
  void theSameLineTwiceSaysNothingTwice() {
    Finding fault = open("f1", Kind.GPU_THROTTLE, BOARD, 0);
    take(fault);
    take(fault);

    assertThat(incidents).hasSize(1);
    assertThat(remediations).hasSize(1);
  }

  @Test
  void anActionIsProposedWithTheVerdictOfEachGateAndDoneByNobody() {
    take(open("f1", Kind.GPU_THROTTLE, BOARD, 0));

    Remediation proposed = remediations.get(0);
    assertThat(proposed.getAction()).isEqualTo("cordon-node");
    assertThat(proposed.getTarget()).isEqualTo(Map.of("cluster", "c-1", "node", "n1"));
    assertThat(proposed.getMode()).isEqualTo(Mode.observe);
    assertThat(proposed.getStatus()).isEqualTo(RemediationStatus.proposed);
    assertThat(proposed.getDryRun()).isTrue();
    assertThat(proposed.getGates())
        .extracting(Gate::getGate)
        .containsExactly("mode", "freshness", "evidence", "dedup", "limits");
  }

  @Test
  void aFindingThatIsOldLeadsToARefusalAndNotToAnAction() {
    now = 20 * MINUTE;
    grouped.take(open("f1", Kind.GPU_THROTTLE, BOARD, 0));

    assertRefusedBy("freshness");
  }

  @Test
  void aFindingWithoutFreshDataLeadsToARefusal() {
    Finding stale = open("f1", Kind.GPU_THROTTLE, BOARD, 0);
    stale.setStale(true);
    take(stale);

    assertRefusedBy("evidence");
  }

  @Test
  void aSecondIncidentOnTheTargetWaitsForTheFirstAndThenForItsRest() {
    take(open("f1", Kind.GPU_THROTTLE, BOARD, 0));
    take(open("f2", Kind.GPU_FAULT, BOARD, 1));
    assertRefusedBy("dedup");
    // the first expired after 30 min; the target rests as long
    take(open("f3", Kind.GPU_FAULT, Map.of("cluster", "c-1", "node", "n1", "gpu", "GPU-2"), 31));

    assertThat(lastRemediation().getStatus()).isEqualTo(RemediationStatus.proposed);
    assertThat(lastRemediation().getAttempt()).isEqualTo(2);
  }

  @Test
  void afterThreeAttemptsInADayAPersonMustLook() {
    for (int i = 0; i < 4; i++) {
      take(
          open(
              "f" + i,
              Kind.GPU_FAULT,
              Map.of("cluster", "c-1", "node", "n1", "gpu", "G" + i),
              i * 40));
    }

    assertRefusedBy("limits");
    assertThat(lastRemediation().getGates())
        .anySatisfy(it -> assertThat(it.getReason()).contains("a person must look"));
  }

  @Test
  void aProposalThatNobodyTakesExpires() {
    take(open("f1", Kind.GPU_THROTTLE, BOARD, 0));
    restart();
    planner.tick(31 * MINUTE);

    assertThat(lastRemediation().getStatus()).isEqualTo(RemediationStatus.expired);
    assertThat(lastRemediation().getRevision()).isEqualTo(1);
  }

  private void assertRefusedBy(String gate) {
    assertThat(lastRemediation().getStatus()).isEqualTo(RemediationStatus.refused);
    assertThat(lastRemediation().getGates())
        .filteredOn(it -> it.getVerdict() == GateVerdict.refused)
        .extracting(Gate::getGate)
        .contains(gate);
  }

  private void take(Finding finding) {
    now = finding.getAt().toEpochMilli();
    planner.tick(now);
    grouped.take(finding);
  }

  private Incidents incidents() {
    return new Incidents(
        "c-1",
        tables,
        (incident, finding) -> {
          incidents.add(incident);
          planner.consider(incident, finding, now);
        });
  }

  private void restart() {
    Map<String, Map<Integer, byte[]>> saved = new TreeMap<>();
    tables.drain(
        (table, page, bytes) ->
            saved.computeIfAbsent(table, k -> new TreeMap<>()).put(page, bytes));
    tables = new Tables(saved);
    planner = new Planner("c-1", tables, remediations::add);
    grouped = incidents();
  }

  private Incident lastIncident() {
    return incidents.get(incidents.size() - 1);
  }

  private Incident lastOf(String id) {
    return incidents.stream().filter(it -> it.getId().equals(id)).reduce((a, b) -> b).orElseThrow();
  }

  private Remediation lastRemediation() {
    return remediations.get(remediations.size() - 1);
  }

  private static Finding because(Finding finding, Finding fault) {
    finding.setCause(
        Cause.newBuilder()
            .setKind(fault.getKind())
            .setEntity(fault.getEntity())
            .setScore(0.9)
            .setFinding(fault.getId())
            .build());
    return finding;
  }
}
