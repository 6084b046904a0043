package dev.plumbline.streams.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.schemas.event.Field;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.FindingStatus;
import dev.plumbline.schemas.event.PolicyResult;
import dev.plumbline.schemas.event.PolicySnapshot;
import dev.plumbline.schemas.event.Resolution;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.streams.Given;
import dev.plumbline.streams.findings.Kind;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PolicyTest {
  private static final String LIMITS = "kyverno.io/v1/ClusterPolicy/require-limits";
  private static final String ACTION = "spec.validationFailureAction";
  private static final String NETWORK = "networking.k8s.io/v1/NetworkPolicy/retail/only-gateway";
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
  void aQuotaThatWasCutByHandIsDriftOfItsConfiguration() {
    String quota = "v1/ResourceQuota/retail/gpu";
    given.shown(given.object(quota, "", "spec.hard.pods", "60")).after(60);
    given.shown(given.object(quota, "kubectl-edit", "spec.hard.pods", "6"));

    assertThat(last().getKind()).isEqualTo(Kind.DRIFT_CONFIG);
    assertThat(last().getEntity()).containsEntry("field", "spec.hard.pods");
  }

  @Test
  void aRuleThatLetsEverythingInIsWeakerThanTheOneBesideIt() {
    network("from[0].ipBlock.cidr", "10.0.0.0/8");
    given
        .shown(
            given.object(
                NETWORK,
                "kubectl-edit",
                "spec.ingress[0].from[0].ipBlock.cidr",
                "10.0.0.0/8",
                "spec.ingress[1]",
                "{}",
                "spec.policyTypes[0]",
                "Ingress"))
        .after(60);

    assertThat(given.findings)
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it.getKind()).isEqualTo(Kind.DRIFT_POLICY);
              assertThat(it.getEntity()).containsEntry("field", "spec.ingress[1]");
            });
    given.restarted();
    network("from[0].ipBlock.cidr", "10.0.0.0/8");
    assertThat(last().getStatus()).isEqualTo(FindingStatus.resolved);
  }

  @Test
  void aRuleThatIsTakenAwayOrGetsAPortClosesANetworkPolicy() {
    network("from[0].podSelector.matchLabels.app", "gateway");
    given
        .shown(
            given.object(
                NETWORK,
                "",
                "spec.ingress[0].from[0].podSelector.matchLabels.app",
                "gateway",
                "spec.ingress[0].ports[0].port",
                "8000",
                "spec.policyTypes[0]",
                "Ingress"))
        .after(60);
    given.shown(given.object(NETWORK, "", "spec.ingress", "[]", "spec.policyTypes[0]", "Ingress"));

    assertThat(given.findings).isEmpty();
  }

  @Test
  void exclusionsAndNarrowerMatchesAreWeakerAndTheirAbsenceIsNot() {
    String constraint = "constraints.gatekeeper.sh/v1beta1/K8sAllowedRepos/ours";
    given.shown(given.object(constraint, "", "spec.parameters.repos[0]", "ours/")).after(60);
    given
        .shown(
            given.object(
                constraint,
                "",
                "spec.parameters.repos[0]",
                "ours/",
                "spec.match.excludedNamespaces[0]",
                "retail"))
        .after(60);
    assertThat(last().getEntity()).containsEntry("field", "spec.match.excludedNamespaces[0]");
    given.shown(given.object(constraint, "", "spec.parameters.repos[0]", "ours/"));

    assertThat(last().getStatus()).isEqualTo(FindingStatus.resolved);
  }

  @Test
  void aConstraintThatManyPodsViolateIsOneStory() {
    String constraint = "constraints.gatekeeper.sh/v1beta1/K8sAllowedRepos/ours";
    given.shown(given.object(constraint, "")).after(3_600);
    PolicySnapshot violated = given.object(constraint, "");
    List<PolicyResult> results = new ArrayList<>();
    for (int i = 0; i < 14; i++) {
      results.add(
          PolicyResult.newBuilder()
              .setPolicy("K8sAllowedRepos/ours")
              .setVerdict("fail")
              .setResource("v1/Pod/retail/debug-" + i)
              .build());
    }
    violated.setResults(results);
    given.shown(violated).after(60).restarted();
    assertThat(given.findings)
        .singleElement()
        .satisfies(it -> assertThat(it.getEntity()).containsEntry("object", constraint));
    given.shown(given.object(constraint, ""));

    assertThat(last().getStatus()).isEqualTo(FindingStatus.resolved);
  }

  @Test
  void aNamespaceThatIsTakenDownTakesItsGuardRailsWithIt() {
    PolicySnapshot namespace = given.object("v1/Namespace/retail", "");
    given.shown(namespace);
    network("from[0].podSelector.matchLabels.app", "gateway");
    PolicySnapshot ending = given.object("v1/Namespace/retail", "");
    ending.setReported(List.of(new Field("status.phase", "Terminating")));
    given.shown(ending).after(2).shown(given.gone(NETWORK));

    assertThat(given.findings).isEmpty();
  }

  @Test
  void aWeakerPolicyThatGitDeclaresWakesNobody() {
    revision("r1");
    given.shown(given.object(LIMITS, "argocd-controller", ACTION, "Enforce")).after(60);
    revision("r2");
    given.shown(given.object(LIMITS, "argocd-controller", ACTION, "Audit"));

    assertThat(last().getSeverity()).isEqualTo(Severity.info);
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

  private PolicySnapshot namespace(String allowed) {
    return given.labelled(
        given.object("v1/Namespace/legal-eu", ""), "plumbline.dev/jurisdictions", allowed);
  }

  private void revision(String revision) {
    PolicySnapshot app = given.object("argoproj.io/v1alpha1/Application/argocd/site", "");
    app.setReported(List.of(new Field("status.sync.revision", revision)));
    given.shown(app).after(5);
  }

  private void network(String peer, String value) {
    given
        .shown(
            given.object(
                NETWORK, "", "spec.ingress[0]." + peer, value, "spec.policyTypes[0]", "Ingress"))
        .after(60);
  }

  private void policy(String action) {
    given.shown(given.object(LIMITS, "", ACTION, action)).after(60);
  }

  private Finding last() {
    return given.findings.get(given.findings.size() - 1);
  }
}
