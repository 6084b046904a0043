package dev.plumbline.agent.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.plumbline.agent.scrape.ScrapeTarget;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiscoveryTest {
  private static final String VLLM = "r.example/llm/vllm-openai:v0.11.0";

  private final Map<String, ScrapeTarget> scraped = new TreeMap<>();
  private final List<String> gone = new ArrayList<>();
  private Memory memory = new Memory(null);
  private long now;
  private Discovery discovery = discovery(DiscoverySettings.shipped());

  @Test
  void aModelServerIsFoundByItsImageAndCarriesWhatIsKnownOfIt() throws JsonProcessingException {
    see("Namespace", "{metadata: {name: retail, labels: {tenant: retail-ag}}}");
    see(
        "Pod",
        pod(
                "chat-7f9c-x1",
                "{app: chat, pod-template-hash: 7f9c, llm-d.ai/model: llama}",
                VLLM,
                "http",
                8000)
            .replace(
                "metadata: {",
                "metadata: {ownerReferences: [{kind: ReplicaSet, name: chat-7f9c, controller: true}], "));

    ScrapeTarget target = scraped.get("vllm retail/chat-7f9c-x1");
    assertThat(target.url()).hasToString("http://10.0.0.7:8000/metrics");
    assertThat(target.labels())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "namespace", "retail",
                "pod", "chat-7f9c-x1",
                "node", "gpu-1",
                "workload", "chat",
                "model", "llama",
                "tenant", "retail-ag"));
  }

  @Test
  void wellKnownExportersAreRecognised() throws JsonProcessingException {
    see("Node", "{metadata: {name: gpu-1}}");
    see(
        "Pod",
        pod("dcgm-a", "{app: nvidia-dcgm-exporter}", "nvidia/dcgm-exporter:4", "metrics", 9400));
    see(
        "Pod",
        pod(
            "ne-a",
            "{app.kubernetes.io/name: prometheus-node-exporter}",
            "ne",
            "http-metrics",
            9100));
    see("Pod", pod("ksm-a", "{app.kubernetes.io/name: kube-state-metrics}", "ksm", "http", 8080));
    see(
        "Pod",
        pod("virt-handler-a", "{prometheus.kubevirt.io: 'true'}", "virt-handler", "metrics", 8443));
    see(
        "Pod",
        pod(
            "pg-1",
            "{cnpg.io/podRole: instance, cnpg.io/cluster: pg}",
            "postgresql:17",
            "metrics",
            9187));
    see("Pod", pod("pool-epp-a", "{inferencepool: pool-epp}", "epp:v1", "metrics", 9090));
    see(
        "Pod",
        pod(
            "sched-a",
            "{}",
            "ghcr.io/llm-d/llm-d-router-endpoint-picker:v0.10.0",
            "metrics",
            9090));
    see("Pod", pod("decode-a", "{}", "ghcr.io/llm-d/llm-d-cuda:v0.4@sha256:00", "x", 8200));
    see("Pod", pod("web-a", "{app: web}", "nginx", "http", 80));

    assertThat(scraped.keySet())
        .containsExactly(
            "cnpg retail/pg-1",
            "dcgm gpu-1",
            "epp retail/pool-epp-a",
            "epp retail/sched-a",
            "ksm retail/ksm-a",
            "kubevirt retail/virt-handler-a",
            "node gpu-1",
            "vllm retail/decode-a");
    assertThat(scraped.get("dcgm gpu-1").labels()).isEqualTo(Map.of("node", "gpu-1"));
    assertThat(scraped.get("kubevirt retail/virt-handler-a").url())
        .hasToString("https://10.0.0.7:8443/metrics");
    assertThat(scraped.get("vllm retail/decode-a").url()).hasPort(8200);
    assertThat(scraped.values())
        .as("no credentials go to a pod that only claims to be something")
        .allSatisfy(it -> assertThat(it.bearerTokenFile()).isNull());
  }

  @Test
  void annotationsSayWhereTheMetricsAreAndWhoseTheyAre() throws JsonProcessingException {
    see(
        "Pod",
        annotated(
            "a",
            "prometheus.io/scrape: 'true', prometheus.io/port: '9000', prometheus.io/path: '/m?x=1', prometheus.io/scheme: https"));
    see("Pod", annotated("b", "prometheus.io/scrape: 'true', plumbline.dev/source: mine"));
    see("Pod", annotated("c", "prometheus.io/scrape: 'false'"));
    see(
        "Pod",
        pod("d", "{}", VLLM, "http", 8000)
            .replace(
                "metadata: {",
                "metadata: {annotations: {prometheus.io/scrape: 'true', prometheus.io/port: '9001'}, "));
    see(
        "Pod",
        pod("e", "{}", VLLM, "http", 8000)
            .replace("metadata: {", "metadata: {annotations: {prometheus.io/scrape: 'false'}, "));

    assertThat(scraped.keySet()).containsExactly("mine retail/b", "vllm retail/d", "web retail/a");
    assertThat(scraped.get("web retail/a").url()).hasToString("https://10.0.0.7:9000/m?x=1");
    assertThat(scraped.get("vllm retail/d").url()).hasPort(9001);
  }

  @Test
  void anAnnotatedServiceLeadsToItsPodsAndToAddressesOutside() throws JsonProcessingException {
    see(
        "Service",
        "{metadata: {namespace: retail, name: api, annotations: {prometheus.io/scrape: 'true', prometheus.io/port: '9000'}}}");
    see("Pod", pod("api-1", "{}", "nginx", "http", 80));
    see(
        "EndpointSlice",
        "{metadata: {namespace: retail, name: api-x, labels: {kubernetes.io/service-name: api}}, ports: [{name: http, port: 80}], endpoints: [{addresses: [10.0.0.7], conditions: {ready: true}, targetRef: {kind: Pod, name: api-1}}, {addresses: [192.0.2.9], conditions: {ready: true}}]}");

    assertThat(scraped.keySet())
        .containsExactly("api retail/api-1", "api retail/api/192.0.2.9:9000");
    assertThat(scraped.get("api retail/api-1").labels()).containsEntry("pod", "api-1");

    discovery.gone("Service", "retail", "api");
    assertThat(scraped).isEmpty();
    assertThat(gone).containsExactlyInAnyOrder("api retail/api-1", "api retail/api/192.0.2.9:9000");
  }

  @Test
  void theUsersRulesComeFirstAndReachNodesToo() throws JsonProcessingException {
    discovery =
        discovery(
            with(
                "{source: mine, labels: {app: chat}, namespaces: [retail], ports: [http], path: /stats}",
                "{source: kubelet, role: node, ports: [10250], scheme: https, path: /metrics/cadvisor, bearer.token.file: /t}"));
    see("Pod", pod("chat-1", "{app: chat}", VLLM, "http", 8000));
    see("Pod", pod("chat-1", "{app: chat}", VLLM, "http", 8000).replace("retail", "other"));
    see(
        "Node",
        "{metadata: {name: gpu-1}, status: {addresses: [{type: Hostname, address: gpu-1}, {type: InternalIP, address: 10.1.0.1}]}}");

    assertThat(scraped.keySet())
        .containsExactly("kubelet gpu-1", "mine retail/chat-1", "vllm other/chat-1");
    assertThat(scraped.get("mine retail/chat-1").url()).hasToString("http://10.0.0.7:8000/stats");
    assertThat(scraped.get("kubelet gpu-1").url())
        .hasToString("https://10.1.0.1:10250/metrics/cadvisor");
    assertThat(scraped.get("kubelet gpu-1").bearerTokenFile()).isEqualTo(Path.of("/t"));
  }

  @Test
  void aPodIsATargetFromWhenItIsReadyUntilItEndsAndOneThatHangsStays()
      throws JsonProcessingException {
    String ready = pod("chat-1", "{}", VLLM, "http", 8000);
    String loading = ready.replace("ready: true", "ready: false");

    see("Pod", loading);
    assertThat(scraped).isEmpty();
    see("Pod", ready);
    see("Pod", loading);
    assertThat(scraped).containsOnlyKeys("vllm retail/chat-1");
    see("Pod", ready.replace("Running", "Succeeded"));
    assertThat(scraped).isEmpty();
    assertThat(gone).containsExactly("vllm retail/chat-1");
  }

  @Test
  void anExporterOfANodeThatIsReplacedNeverLeftAndOneThatStaysAwayDid()
      throws JsonProcessingException {
    see("Node", "{metadata: {name: gpu-1}}");
    String first = pod("dcgm-a", "{app: nvidia-dcgm-exporter}", "dcgm", "metrics", 9400);
    see("Pod", first);
    discovery.gone("Pod", "retail", "dcgm-a");
    assertThat(scraped).isEmpty();
    tick(59);
    see("Pod", first.replace("dcgm-a", "dcgm-b").replace("10.0.0.7", "10.0.0.8"));
    tick(120);
    assertThat(scraped.get("dcgm gpu-1").url()).hasHost("10.0.0.8");
    assertThat(gone).isEmpty();

    discovery.gone("Pod", "retail", "dcgm-b");
    tick(61);
    assertThat(gone).containsExactly("dcgm gpu-1");
  }

  @Test
  void theExportersOfANodeThatIsGoneAreGoneAtOnce() throws JsonProcessingException {
    see("Node", "{metadata: {name: gpu-1}}");
    see("Pod", pod("dcgm-a", "{app: nvidia-dcgm-exporter}", "dcgm", "metrics", 9400));
    discovery.gone("Pod", "retail", "dcgm-a");
    discovery.gone("Node", null, "gpu-1");

    assertThat(gone).containsExactly("dcgm gpu-1");
  }

  @Test
  void whatLeftWhileTheAgentWasAwayIsGoneAndWhatHungThenIsScrapedOn(@TempDir Path folder)
      throws JsonProcessingException {
    memory = new Memory(folder.resolve("seen.json"));
    discovery = discovery(DiscoverySettings.shipped());
    see("Pod", pod("chat-1", "{}", VLLM, "http", 8000));
    see("Pod", pod("chat-2", "{}", VLLM, "http", 8000));
    memory.save();
    scraped.clear();

    memory = new Memory(folder.resolve("seen.json"));
    discovery = discovery(DiscoverySettings.shipped());
    see("Pod", pod("chat-2", "{}", VLLM, "http", 8000).replace("ready: true", "ready: false"));
    for (String kind : List.of("Pod", "Node", "Service")) {
      discovery.listed(kind);
    }
    assertThat(gone).isEmpty();
    discovery.listed("EndpointSlice");

    assertThat(gone).containsExactly("vllm retail/chat-1");
    assertThat(scraped).containsOnlyKeys("vllm retail/chat-2");
  }

  @Test
  void aHeartbeatOfAPodStartsNothingAnew() throws JsonProcessingException {
    see("Pod", pod("chat-1", "{}", VLLM, "http", 8000));
    ScrapeTarget before = scraped.remove("vllm retail/chat-1");
    see("Pod", pod("chat-1", "{}", VLLM, "http", 8000));

    assertThat(before).isNotNull();
    assertThat(scraped).isEmpty();
  }

  private void tick(long seconds) {
    now += seconds * 1000;
    discovery.tick();
  }

  private void see(String kind, String yaml) throws JsonProcessingException {
    discovery.changed(kind, new YAMLMapper().readTree(yaml));
  }

  private static String annotated(String name, String annotations) {
    return pod(name, "{app: web}", "nginx", "http", 80)
        .replace("metadata: {", "metadata: {annotations: {" + annotations + "}, ");
  }

  private static String pod(String name, String labels, String image, String port, int number) {
    return ("{metadata: {namespace: retail, name: %s, uid: u, labels: %s}, spec: {nodeName: gpu-1,"
            + " containers: [{name: main, image: '%s', ports: [{name: %s, containerPort: %d}]}]},"
            + " status: {phase: Running, podIP: 10.0.0.7,"
            + " containerStatuses: [{name: main, ready: true}]}}")
        .formatted(name, labels, image, port, number);
  }

  private static DiscoverySettings with(String... rules) throws JsonProcessingException {
    List<DiscoveryRule> own = new ArrayList<>();
    for (String rule : rules) {
      own.add(DiscoveryRule.read(new YAMLMapper().readTree(rule)));
    }
    DiscoverySettings shipped = DiscoverySettings.shipped();
    return new DiscoverySettings(
        true,
        own,
        shipped.known(),
        shipped.interval(),
        shipped.timeout(),
        shipped.tenant(),
        shipped.model());
  }

  private Discovery discovery(DiscoverySettings settings) {
    return new Discovery(
        settings,
        memory,
        new Kubernetes.Targets() {
          @Override
          public void scrape(ScrapeTarget target) {
            scraped.put(target.source() + ' ' + target.name(), target);
          }

          @Override
          public void stop(String source, String name) {
            scraped.remove(source + ' ' + name);
          }

          @Override
          public void gone(String source, String name) {
            gone.add(source + ' ' + name);
          }
        },
        () -> now);
  }
}
