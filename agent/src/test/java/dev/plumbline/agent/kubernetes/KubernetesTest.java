package dev.plumbline.agent.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plumbline.agent.scrape.ScrapeTarget;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KubernetesTest {
  private static final String POD =
      """
      {"apiVersion":"v1","kind":"Pod","metadata":{"name":"chat-1","namespace":"retail"},
       "spec":{"nodeName":"gpu-1","containers":[
         {"name":"vllm","image":"vllm/vllm-openai:v0.11.0","ports":[{"name":"http","containerPort":8000}]}]},
       "status":{"phase":"Running","podIP":"10.0.0.7","containerStatuses":[{"name":"vllm","ready":true}]}}
      """;

  private final FakeApi api = new FakeApi();
  private final Told told = new Told();
  private final List<String> targets = new CopyOnWriteArrayList<>();

  @TempDir Path folder;
  private KubernetesClient client;
  private Kubernetes kubernetes;

  @AfterEach
  void stop() {
    if (kubernetes != null) {
      kubernetes.close();
    }
    if (client != null) {
      client.close();
    }
    api.close();
  }

  @Test
  void aPodIsToldAsAnObjectAndScrapedUntilBothAreGone() throws IOException {
    start(DiscoverySettings.shipped());
    api.put(POD);
    told.await("object v1/Pod/retail/chat-1");
    Until.holds(() -> targets.contains("scrape vllm retail/chat-1 http://10.0.0.7:8000/metrics"));
    // the mock keeps no history: it forgets what is deleted between a list and the watch after it
    Until.holds(() -> kubernetes.watched().contains("pods"));
    api.delete("v1", "Pod", "retail", "chat-1");
    told.await("object v1/Pod/retail/chat-1", "gone v1/Pod/retail/chat-1");

    assertThat(targets)
        .containsExactly(
            "scrape vllm retail/chat-1 http://10.0.0.7:8000/metrics",
            "stop vllm retail/chat-1",
            "gone vllm retail/chat-1");
  }

  @Test
  void whatWasToldAndLostIsToldAgainAsItIsNowAndNothingElse() throws IOException {
    start(null);
    api.put(POD);
    api.put(POD.replace("chat-1", "chat-2"));
    api.put(POD.replace("chat-1", "chat-3"));
    told.await("object v1/Pod/retail/chat-1");
    told.await("object v1/Pod/retail/chat-3");
    Until.holds(() -> kubernetes.watched().contains("pods"));
    api.delete("v1", "Pod", "retail", "chat-3");
    told.await("object v1/Pod/retail/chat-3", "gone v1/Pod/retail/chat-3");

    kubernetes.tellAgain(
        Set.of("v1/Pod/retail/chat-1", "v1/Pod/retail/chat-3", "v1/Pod/retail/never-seen"));

    told.await("object v1/Pod/retail/chat-1", "object v1/Pod/retail/chat-1");
    assertThat(Set.copyOf(told.bodies("v1/Pod/retail/chat-1"))).hasSize(1);
    assertThat(told.about("v1/Pod/retail/chat-2")).containsExactly("object v1/Pod/retail/chat-2");
    assertThat(told.about("v1/Pod/retail/chat-3"))
        .containsExactly(
            "object v1/Pod/retail/chat-3",
            "gone v1/Pod/retail/chat-3",
            "gone v1/Pod/retail/chat-3");
    assertThat(told.about("v1/Pod/retail/never-seen")).isEmpty();
  }

  @Test
  void servicesAreReadForDiscoveryAndAreNoSnapshots() throws IOException {
    start(DiscoverySettings.shipped());
    api.put(
        "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"s\",\"namespace\":\"retail\"}}");
    Until.holds(() -> kubernetes.watched().contains("services"));
    told.await("object v1/Namespace/kube-system");

    assertThat(told.lines()).noneMatch(it -> it.contains("Service"));
  }

  @Test
  void withoutDiscoveryNothingIsAskedThatOnlyDiscoveryReads() throws IOException {
    start(null);
    api.put(POD);
    told.await("object v1/Pod/retail/chat-1");
    Until.holds(() -> kubernetes.watched().contains("deployments.apps"));

    assertThat(kubernetes.watched()).doesNotContain("services", "endpointslices.discovery.k8s.io");
    assertThat(targets).isEmpty();
  }

  @Test
  void secretsAreNotWatchedEvenWhenEveryKindIs() throws IOException {
    api.serve("", "v1", "secrets", "Secret", true);
    api.put(
        "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"s\",\"namespace\":\"retail\"},\"data\":{\"a\":\"aHVudGVyMg==\"}}");
    client = api.client();
    kubernetes =
        Kubernetes.start(
            client,
            new KubernetesSettings(
                null, null, Map.of("", Set.of("*")), Duration.ofMillis(100), null, null),
            told,
            null);
    told.await("object v1/Namespace/kube-system");
    Until.holds(() -> kubernetes.watched().contains("services"));

    assertThat(kubernetes.watched()).doesNotContain("secrets");
    assertThat(kubernetes.failing()).isEmpty();
  }

  @Test
  void theClustersUidIsThatOfItsSystemNamespaceReadThroughAKubeconfig() throws IOException {
    client = new KubernetesSettings(kubeconfig("fra"), "fra", null, null, null, null).connect();
    String uid = KubernetesSettings.clusterUid(client);

    assertThat(uid)
        .isNotEmpty()
        .isEqualTo(client.namespaces().withName("kube-system").get().getMetadata().getUid());
  }

  @Test
  void whyTheUidIsUnknownIsSaidWithARemedy() throws IOException {
    api.forbid("namespaces");
    client = new KubernetesSettings(kubeconfig("fra"), null, null, null, null, null).connect();

    assertThatThrownBy(() -> KubernetesSettings.clusterUid(client))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("403 namespaces is forbidden")
        .hasMessageEndingWith("; allow get on the namespace kube-system, or set agent.cluster.uid");
  }

  @Test
  void aContextThatIsNotThereIsNamed() throws IOException {
    Path kubeconfig = kubeconfig("fra");

    assertThatThrownBy(
            () -> new KubernetesSettings(kubeconfig, "ams", null, null, null, null).connect())
        .isInstanceOf(IOException.class)
        .hasMessage("agent.kubernetes.context: there is no context ams; there are [fra]");
    assertThatThrownBy(
            () ->
                new KubernetesSettings(folder.resolve("no"), null, null, null, null, null)
                    .connect())
        .isInstanceOf(IOException.class)
        .hasMessageContaining("can't be read; is agent.kubernetes.kubeconfig right?");
  }

  private void start(DiscoverySettings discovery) throws IOException {
    client = api.client();
    KubernetesSettings settings =
        new KubernetesSettings(
            null, null, Map.of(), Duration.ofMillis(100), folder.resolve("seen.json"), discovery);
    kubernetes =
        Kubernetes.start(
            client,
            settings,
            told,
            new Kubernetes.Targets() {
              @Override
              public void scrape(ScrapeTarget target) {
                targets.add("scrape " + target.source() + ' ' + target.name() + ' ' + target.url());
              }

              @Override
              public void stop(String source, String name) {
                targets.add("stop " + source + ' ' + name);
              }

              @Override
              public void gone(String source, String name) {
                targets.add("gone " + source + ' ' + name);
              }
            });
  }

  private Path kubeconfig(String context) throws IOException {
    Path file = folder.resolve("config");
    Files.writeString(
        file,
        """
        apiVersion: v1
        kind: Config
        current-context: %s
        clusters: [{name: c, cluster: {server: '%s'}}]
        users: [{name: u, user: {token: t}}]
        contexts: [{name: %s, context: {cluster: c, user: u}}]
        """
            .formatted(context, api.url(), context));
    return file;
  }
}
