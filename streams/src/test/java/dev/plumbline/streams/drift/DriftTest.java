package dev.plumbline.streams.drift;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.FindingStatus;
import dev.plumbline.schemas.event.PolicySnapshot;
import dev.plumbline.schemas.event.Resolution;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.streams.Given;
import dev.plumbline.streams.findings.Kind;
import org.junit.jupiter.api.Test;

class DriftTest {
  private static final String CHAT = "apps/v1/Deployment/retail/chat";
  private static final String THREADS = "spec.template.spec.containers[0].env[0].value";
  private static final String DRIVER = "nvidia.com/cuda.driver-version.full";
  private static final String UPGRADE = "nvidia.com/gpu-driver-upgrade-state";

  private final Given given = new Given();

  @Test
  void aFieldEditedByHandOnAManagedObjectIsDrift() {
    deployed("argocd-controller", "8", "2");
    deployed("kubectl-edit", "64", "2");

    Finding finding = given.of(Kind.DRIFT_CONFIG).get(0);
    assertThat(finding.getEntity())
        .containsEntry("object", CHAT)
        .containsEntry("field", THREADS)
        .containsEntry("workload", "chat");
    assertThat(finding.getEvidence().getDetails())
        .containsEntry("observed", "64")
        .containsEntry("expected", "8")
        .containsEntry("manager", "kubectl-edit");
  }

  @Test
  void whatGitDeclaresIsNoDrift() {
    deployed("argocd-controller", "8", "2");
    deployed("argocd-controller", "64", "2");

    assertThat(given.findings).isEmpty();
  }

  @Test
  void replicasBelongToTheAutoscaler() {
    deployed("argocd-controller", "8", "2");
    deployed("kubectl-scale", "8", "5");

    assertThat(given.findings).isEmpty();
  }

  @Test
  void theFormerValueClearsItAndADeclaredOneAcceptsIt() {
    deployed("argocd-controller", "8", "2");
    deployed("kubectl-edit", "64", "2");
    given.restarted().after(60);
    deployed("kubectl-edit", "8", "2");
    assertThat(last().getResolution()).isEqualTo(Resolution.cleared);
    given.after(3_600);
    deployed("kubectl-edit", "32", "2");
    given.after(60);
    deployed("argocd-controller", "16", "2");

    assertThat(last().getResolution()).isEqualTo(Resolution.accepted);
  }

  @Test
  void anObjectThatIsDeletedTakesItsDriftWithIt() {
    deployed("argocd-controller", "8", "2");
    deployed("kubectl-edit", "64", "2");
    given.shown(given.gone(CHAT));

    assertThat(last().getResolution()).isEqualTo(Resolution.gone);
  }

  @Test
  void aNodeWithAnotherDriverThanItsLikeIsDrift() {
    nodes("580", "580", "580", "upgrade-done");
    nodes("580", "580", "575", "upgrade-done");
    nodes("580", "580", "575", "upgrade-done");

    assertThat(given.of(Kind.DRIFT_CONFIG))
        .singleElement()
        .satisfies(it -> assertThat(it.getEntity()).containsEntry("node", "n2"));
  }

  @Test
  void aDriverThatIsBeingRolledOutIsNoDrift() {
    nodes("580", "580", "580", "upgrade-done");
    for (int i = 0; i < 10; i++) {
      nodes("580", "580", "595", "upgrade-required");
    }
    nodes("595", "595", "595", "upgrade-done");

    assertThat(given.of(Kind.DRIFT_CONFIG)).isEmpty();
  }

  @Test
  void aMachineOnAnOutdatedLauncherIsDriftUntilItMoves() {
    String machine = "kubevirt.io/v1/VirtualMachineInstance/vms/erp";
    given.shown(given.object(machine, "")).after(60);
    PolicySnapshot outdated = given.object(machine, "");
    given.shown(given.labelled(outdated, "kubevirt.io/outdatedLauncherImage", "")).after(60);
    assertThat(last().getSeverity()).isEqualTo(Severity.warning);
    given.shown(given.object(machine, ""));

    assertThat(last().getStatus()).isEqualTo(FindingStatus.resolved);
  }

  private void deployed(String manager, String threads, String replicas) {
    given.shown(given.object(CHAT, manager, THREADS, threads, "spec.replicas", replicas)).after(60);
  }

  private void nodes(String first, String second, String third, String state) {
    String[] drivers = {first, second, third};
    for (int i = 0; i < drivers.length; i++) {
      given.shown(
          given.labelled(
              given.object("v1/Node/n" + i, "kubelet"),
              DRIVER,
              drivers[i],
              UPGRADE,
              i == 0 ? state : "upgrade-done",
              "nvidia.com/gpu.product",
              i == 1 ? "H100-SHARED" : "H100"));
    }
    given.after(240).shown(given.node("n0", 0));
  }

  private Finding last() {
    return given.findings.get(given.findings.size() - 1);
  }
}
