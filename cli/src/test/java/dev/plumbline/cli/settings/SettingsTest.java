package dev.plumbline.cli.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plumbline.agent.kubernetes.DiscoveryRule;
import dev.plumbline.agent.kubernetes.DiscoverySettings;
import dev.plumbline.agent.kubernetes.KubernetesSettings;
import dev.plumbline.agent.run.AgentSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {
  @TempDir Path folder;

  @Test
  void theFilesThatAreDeployedAreUnderstood() throws IOException {
    Settings compose = Settings.read(Path.of("../deploy/compose/plumbline.yaml"), Map.of());

    assertThat(compose.kafka()).containsEntry("bootstrap.servers", "kafka:9092");
    assertThat(compose.http().getPort()).isEqualTo(8080);
    assertThat(compose.agent().targets()).hasSize(1);
    assertThat(compose.connect()).containsEntry("group.id", "plumbline-connect");
  }

  @Test
  void theEnvironmentOverridesAnyKey() throws IOException {
    Settings settings =
        settings(
            "kafka: {bootstrap.servers: a:1}",
            Map.of(
                "PLUMBLINE_KAFKA_BOOTSTRAP_SERVERS",
                "b:2",
                "PLUMBLINE_HTTP_PORT",
                "9",
                "PLUMBLINE_AGENT_CLUSTER_UID",
                "u-1"));

    assertThat(settings.kafka()).containsEntry("bootstrap.servers", "b:2");
    assertThat(settings.http().getPort()).isEqualTo(9);
    assertThat(settings.agent().cluster()).isEqualTo("u-1");
  }

  @Test
  void aTargetHasItsOwnRhythmLabelsAndCredentials() throws IOException {
    AgentSettings agent =
        settings(
                """
                agent:
                  cluster: {uid: u-1, name: fra, jurisdiction: eu, labels: {tier: prod}}
                  scrapes:
                    - source: vllm
                      name: retail/chat-1
                      url: http://10.0.0.1:8000/metrics
                      interval: 30s
                      basic.auth: user:secret
                      labels: {namespace: retail, pod: chat-1}
                """,
                Map.of())
            .agent();

    assertThat(agent.jurisdiction()).isEqualTo("eu");
    assertThat(agent.labels()).containsEntry("tier", "prod");
    assertThat(agent.targets().get(0).interval()).isEqualTo(Duration.ofSeconds(30));
    assertThat(agent.targets().get(0).labels()).containsEntry("pod", "chat-1");
  }

  @Test
  void aClusterIsWatchedByTheServiceAccountUnlessToldOtherwise() throws IOException {
    AgentSettings plain = settings("agent: {kubernetes: true}", Map.of()).agent();
    AgentSettings told =
        settings(
                """
                agent:
                  cluster: {uid: u-1}
                  kubernetes:
                    kubeconfig: /etc/kube/config
                    context: fra-1
                    refresh: 1m
                    kinds: {example.com: [widgets]}
                    discovery: {enabled: false}
                """,
                Map.of("PLUMBLINE_AGENT_KUBERNETES_STATE", "/data/seen.json"))
            .agent();
    AgentSettings off =
        settings("agent: {kubernetes: {context: a}}", Map.of("PLUMBLINE_AGENT_KUBERNETES", "false"))
            .agent();

    assertThat(plain.cluster()).isNull();
    assertThat(plain.kubernetes().kubeconfig()).isNull();
    assertThat(told.cluster()).isEqualTo("u-1");
    assertThat(told.kubernetes())
        .isEqualTo(
            new KubernetesSettings(
                Path.of("/etc/kube/config"),
                "fra-1",
                Map.of("example.com", Set.of("widgets")),
                Duration.ofMinutes(1),
                Path.of("/data/seen.json"),
                null));
    assertThat(off.kubernetes()).isNull();
    assertThat(off.cluster()).isNotNull();
  }

  @Test
  void discoveryHasRulesOfTheUserAndThoseThatAreKnown() throws IOException {
    DiscoverySettings told =
        settings(
                """
                agent:
                  kubernetes:
                    discovery:
                      interval: 30s
                      annotated: false
                      tenant: [fleet.example/business-unit]
                      rules:
                        - {source: vllm, labels: {app: chat}, ports: [http, 8000]}
                        - {source: kubelet, role: node, ports: [10250], scheme: https,
                           path: /metrics/cadvisor, tls.insecure: true}
                """,
                Map.of("PLUMBLINE_AGENT_KUBERNETES_DISCOVERY_TIMEOUT", "5s"))
            .agent()
            .kubernetes()
            .discovery();

    assertThat(told.rules()).extracting(DiscoveryRule::source).containsExactly("vllm", "kubelet");
    assertThat(told.rules().get(1).nodes()).isTrue();
    assertThat(told.known()).hasSizeGreaterThan(8);
    assertThat(told.annotated()).isFalse();
    assertThat(told.interval()).isEqualTo(Duration.ofSeconds(30));
    assertThat(told.timeout()).isEqualTo(Duration.ofSeconds(5));
    assertThat(told.tenant()).containsExactly("fleet.example/business-unit");
    assertThat(told.model()).contains("llm-d.ai/model");
  }

  @Test
  void whatIsWrongIsNamedWithFilePlaceAndRemedy() {
    assertWrong("kafak: {}", "kafak is unknown; known are agent, connect");
    assertWrong("http: {prot: 1}", "http.prot is unknown; known are host, port");
    assertWrong("agent: {scrapes: [{url: 'http://a/'}]}", "agent.scrapes[0].source is missing");
    assertWrong(
        "agent: {scrapes: [{source: a, url: 'http://a/', interval: soon}]}", "soon is not a time");
    assertWrong(
        "agent: {kubernetes: {kinds: {'': [secrets]}}}",
        "agent.kubernetes.kinds: secrets are never watched");
    assertWrong(
        "agent: {kubernetes: {kinds: {example.com: widgets}}}",
        "agent.kubernetes.kinds.example.com must be a list");
    String rule = "agent: {kubernetes: {discovery: {rules: [%s]}}}";
    assertWrong(
        rule.formatted("{source: a, lables: {app: b}, ports: [http]}"),
        "agent.kubernetes.discovery.rules[0].lables is unknown; known are bearer.token.file");
    assertWrong(rule.formatted("{labels: {app: b}, ports: [1]}"), "rules[0].source is missing");
    assertWrong(rule.formatted("{source: a, ports: [1]}"), "rules[0].labels or image must say");
    assertWrong(rule.formatted("{source: a, labels: {b: c}}"), "rules[0].ports must name");
    assertWrong(
        rule.formatted("{source: a, labels: {b: c}, ports: [1], scheme: htp}"),
        "rules[0].scheme is htp; it must be http or https");
    assertWrong("agent: {kubernetes: {contxt: a}}", "agent.kubernetes.contxt is unknown");
    assertWrong("registry: {}", "kafka.bootstrap.servers is missing");
    assertWrong("a: b: c", "plumbline.yaml:1: not valid YAML");
  }

  private void assertWrong(String yaml, String message) {
    assertThatThrownBy(
            () -> {
              Settings settings = settings(yaml, Map.of());
              settings.agent();
              settings.kafka();
            })
        .isInstanceOf(IOException.class)
        .hasMessageContaining("plumbline.yaml")
        .hasMessageContaining(message);
  }

  private Settings settings(String yaml, Map<String, String> environment) throws IOException {
    Path file = folder.resolve("plumbline.yaml");
    Files.writeString(file, yaml);
    return Settings.read(file, environment);
  }
}
