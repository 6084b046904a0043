package dev.plumbline.streams.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.FindingStatus;
import dev.plumbline.schemas.event.Resolution;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.streams.Given;
import dev.plumbline.streams.findings.Kind;
import org.junit.jupiter.api.Test;

class PolicyTest {
  private static final String LIMITS = "kyverno.io/v1/ClusterPolicy/require-limits";
  private static final String ACTION = "spec.validationFailureAction";
  private static final String CHAT = "apps/v1/Deployment/retail/chat";
  private static final String POD = "v1/Pod/legal-eu/search-1";

  private final Given given = new Given();

  @Test
  void aPolicyThatOnlyAuditsNowWasWeakened() {
    policy("Enforce");
    policy("Audit");

    assertThat(last().getKind()).isEqualTo(Kind.DRIFT_POLICY);
    assertThat(last().getEntity()).containsEntry("object", LIMITS).containsEntry("field", ACTION);
    given.restarted();
    policy("Enforce");
    assertThat(last().getStatus()).isEqualTo(FindingStatus.resolved);
  }

  @Test
  void aPolicyThatBecameStricterIsNoFinding() {
    policy("Audit");
    policy("Enforce");

    assertThat(given.findings).isEmpty();
  }

  @Test
  void aGuardRailThatIsDeletedIsMissedUntilItIsBack() {
    String rail = "networking.k8s.io/v1/NetworkPolicy/retail/only-gateway";
    given.shown(given.object(rail, "", "spec.policyTypes[0]", "Ingress")).after(60);
    given.shown(given.gone(rail)).after(60);
    assertThat(last().getSeverity()).isEqualTo(Severity.critical);
    given.shown(given.object(rail, "", "spec.policyTypes[0]", "Ingress"));

    assertThat(last().getStatus()).isEqualTo(FindingStatus.resolved);
  }

  @Test
  void aQuotaThatWasRaisedIsWeakerAndOneThatWasLoweredIsNot() {
    String quota = "v1/ResourceQuota/retail/gpu";
    given.shown(given.object(quota, "", "spec.hard.memory", "64Gi")).after(60);
    given.shown(given.object(quota, "", "spec.hard.memory", "32Gi")).after(60);
    assertThat(given.findings).isEmpty();
    given.shown(given.object(quota, "", "spec.hard.memory", "1Ti"));

    assertThat(given.of(Kind.DRIFT_POLICY)).hasSize(1);
  }

  @Test
  void aViolationThatIsNewIsAFindingAndAPassClearsIt() {
    given.shown(given.identity("eu"));
    given.shown(given.report("pass", CHAT)).after(60);
    given.shown(given.report("fail", CHAT)).after(60);
    assertThat(last().getEntity()).containsEntry("workload", "chat");
    given.shown(given.report("error", CHAT)).after(60);
    assertThat(last().getStatus()).as("not evaluated is not passed").isEqualTo(FindingStatus.open);
    given.shown(given.report("pass", CHAT));

    assertThat(last().getStatus()).isEqualTo(FindingStatus.resolved);
  }

  @Test
  void aViolationThatWasThereAtFirstSightIsAnOldStory() {
    given.shown(given.identity("eu"));
    given.shown(given.report("fail", CHAT)).after(60);
    given.shown(given.report("fail", CHAT));

    assertThat(given.findings).isEmpty();
  }

  @Test
  void whatMayBeInTheEuOnlyIsAFindingElsewhere() {
    given.shown(given.identity("us"));
    given.shown(namespace("eu"));
    given.shown(given.object(POD, "")).after(60);
    assertThat(last().getKind()).isEqualTo(Kind.DRIFT_RESIDENCY);
    assertThat(last().getEntity()).containsEntry("pod", "search-1");
    given.shown(given.gone(POD));

    assertThat(last().getResolution()).isEqualTo(Resolution.gone);
  }

  @Test
  void whereItMayBeItIsNoFinding() {
    given.shown(given.identity("eu"));
    given.shown(namespace("us,eu"));
    given.shown(given.object(POD, ""));

    assertThat(given.findings).isEmpty();
  }

  @Test
  void aClusterThatDoesNotSayWhereItStandsIsSaidAndWakesNobody() {
    given.shown(given.identity(""));
    given.shown(namespace("eu"));
    given.shown(given.object(POD, ""));

    assertThat(last().getSeverity()).isEqualTo(Severity.info);
  }

  private dev.plumbline.schemas.event.PolicySnapshot namespace(String allowed) {
    return given.labelled(
        given.object("v1/Namespace/legal-eu", ""), "plumbline.dev/jurisdictions", allowed);
  }

  private void policy(String action) {
    given.shown(given.object(LIMITS, "", ACTION, action)).after(60);
  }

  private Finding last() {
    return given.findings.get(given.findings.size() - 1);
  }
}
