package dev.plumbline.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PrometheusTest {
  private static final JsonNode RULES = Files.yaml("deploy/prometheus/rules/plumbline.yml").get(0);

  @Test
  void prometheusTakesItsConfiguration() throws Exception {
    Command check =
        Command.run("deploy/prometheus", "promtool", "check", "config", "prometheus.yml");

    assertThat(check.exit()).as(check.output()).isZero();
    assertThat(check.output()).contains("13 rules found");
  }

  @Test
  void theRulesRaiseWhatTheyShouldAndNothingElse() throws Exception {
    Command test = Command.run("deploy/prometheus", "promtool", "test", "rules", "rules.test.yml");

    assertThat(test.exit()).as(test.output()).isZero();
  }

  @Test
  void alertmanagerTakesItsConfiguration() throws Exception {
    Command check =
        Command.run("deploy/alertmanager", "amtool", "check-config", "alertmanager.yml");

    assertThat(check.exit()).as(check.output()).isZero();
  }

  @Test
  void everyAlertHasASeverityASummaryAndADescription() {
    for (JsonNode rule : RULES.findParents("alert")) {
      assertThat(rule.at("/labels/severity").asText()).isIn("warning", "critical");
      assertThat(rule.at("/annotations/summary").asText()).isNotBlank();
      assertThat(rule.at("/annotations/description").asText()).endsWith(".");
    }
  }

  @Test
  void everyMetricAndLabelOfARuleIsOneThatPlumblineExposes() {
    for (JsonNode rule : RULES.findParents("expr")) {
      String query = rule.path("expr").textValue();
      for (String name : Metrics.namedIn(query)) {
        assertThat(Metrics.LABELS).containsKey(name);
        assertThat(Metrics.labelsIn(query)).as(query).isSubsetOf(Metrics.LABELS.get(name));
      }
    }
  }

  @Test
  void everyAddressIsAServiceOfTheComposeFile() {
    Set<String> services =
        Files.yaml("docker-compose.yml").get(0).path("services").properties().stream()
            .map(java.util.Map.Entry::getKey)
            .collect(java.util.stream.Collectors.toSet());
    JsonNode prometheus = Files.yaml("deploy/prometheus/prometheus.yml").get(0);

    for (JsonNode targets : prometheus.findValues("targets")) {
      for (JsonNode target : targets) {
        String host = target.textValue().split(":")[0];
        assertThat(host.equals("127.0.0.1") || services.contains(host)).as(host).isTrue();
      }
    }
  }
}
