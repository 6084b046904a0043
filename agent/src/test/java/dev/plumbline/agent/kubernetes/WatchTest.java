package dev.plumbline.agent.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WatchTest {
  private static final String DEPLOYMENT =
      """
      {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"chat","namespace":"retail"},
       "spec":{"replicas":2,"template":{"spec":{"containers":[{"name":"vllm","image":"%s"}]}}}}
      """;
  private static final String REPORT =
      """
      {"apiVersion":"wgpolicyk8s.io/v1alpha2","kind":"PolicyReport","metadata":{"name":"r1","namespace":"retail"},
       "results":[]}
      """;
  private static final String CHAT = "apps/v1/Deployment/retail/chat";
  private static final String REPORT_1 = "wgpolicyk8s.io/v1alpha2/PolicyReport/retail/r1";

  private final FakeApi api = new FakeApi();
  private final Told told = new Told();
  private KubernetesClient client = api.client();
  private Watch watch;

  @AfterEach
  void stop() {
    watch.close();
    client.close();
    api.close();
  }

  @Test
  void whatIsThereIsToldThenWhatIsAddedChangedAndDeleted() {
    api.put(DEPLOYMENT.formatted("vllm:1"));
    start(null);
    told.await("object " + CHAT);

    api.put(DEPLOYMENT.formatted("vllm:2"));
    told.await("object " + CHAT, "object " + CHAT);
    api.delete("apps/v1", "Deployment", "retail", "chat");
    told.await("object " + CHAT, "object " + CHAT, "gone " + CHAT);

    assertThat(told.bodies(CHAT))
        .extracting(it -> it.at("/spec/template/spec/containers/0/image").asText())
        .containsExactly("vllm:1", "vllm:2");
    assertThat(told.labels(CHAT)).isEqualTo(Map.of("namespace", "retail"));
  }

  @Test
  void aKindThatIsServedLaterIsPickedUpAndOneThatIsWithdrawnTakesItsObjectsAlong() {
    start(null);
    told.await("object v1/Namespace/kube-system");
    api.serve("wgpolicyk8s.io", "v1alpha2", "policyreports", "PolicyReport", true);
    api.put(REPORT);
    told.await("object " + REPORT_1);

    api.withdraw("policyreports.wgpolicyk8s.io");
    told.await("object " + REPORT_1, "gone " + REPORT_1);
    assertThat(watch.failing()).isEmpty();
  }

  @Test
  void constraintsAreWatchedWhateverTheirKind() {
    api.serve(
        "constraints.gatekeeper.sh", "v1beta1", "k8srequiredlabels", "K8sRequiredLabels", false);
    api.put(
        """
        {"apiVersion":"constraints.gatekeeper.sh/v1beta1","kind":"K8sRequiredLabels","metadata":{"name":"owner"},
         "spec":{"enforcementAction":"deny"}}
        """);
    start(null);

    told.await("object constraints.gatekeeper.sh/v1beta1/K8sRequiredLabels/owner");
  }

  @Test
  void aForbiddenKindIsNamedAndStopsNoOtherUntilItIsAllowed() {
    api.put(DEPLOYMENT.formatted("vllm:1"));
    api.forbid("deployments.apps");
    start(null);
    told.await("object v1/Namespace/kube-system");
    Until.holds(() -> watch.failing().containsKey("deployments.apps"));
    assertThat(watch.failing().get("deployments.apps"))
        .startsWith("403 deployments.apps is forbidden");
    assertThat(told.lines()).noneMatch(it -> it.contains(CHAT));

    api.allow("deployments.apps");
    told.await("object " + CHAT);
    Until.holds(() -> watch.failing().isEmpty());
  }

  @Test
  void whatWasDeletedWhileTheAgentWasAwayIsGoneWhenItIsBack(@TempDir Path folder) {
    api.put(DEPLOYMENT.formatted("vllm:1"));
    api.serve("wgpolicyk8s.io", "v1alpha2", "policyreports", "PolicyReport", true);
    api.put(REPORT);
    Path state = folder.resolve("seen.json");
    start(state);
    told.await("object " + CHAT);
    told.await("object " + REPORT_1);
    told.await("object v1/Namespace/kube-system");
    watch.close();
    told.memory.save();
    told.clear();

    api.delete("apps/v1", "Deployment", "retail", "chat");
    api.withdraw("policyreports.wgpolicyk8s.io");
    start(state);

    told.await("gone " + CHAT);
    told.await("gone " + REPORT_1);
    told.await("object v1/Namespace/kube-system");
  }

  private void start(Path state) {
    told.memory = new Memory(state);
    watch =
        new Watch(
            client, Kinds.shipped(), Duration.ofMillis(100), told.memory.kinds(), told.listener());
    watch.start();
  }
}
