package dev.plumbline.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The rules of Grafana's dashboard linter, and that every query asks for something there is. */
class DashboardTest {
  private static final JsonNode FLEET =
      dev.plumbline.deploy.Files.json("deploy/grafana/dashboards/fleet.json");

  @Test
  void itIsFoundByItsNameAndCannotBeEditedInPlace() {
    assertThat(FLEET.path("uid").textValue()).isEqualTo("plumbline-fleet");
    assertThat(FLEET.path("title").textValue()).isEqualTo("Plumbline / Fleet");
    assertThat(FLEET.path("editable").booleanValue()).isFalse();
    assertThat(FLEET.has("id")).as("an id belongs to one installation").isFalse();
  }

  @Test
  void everyPanelSaysWhatItShowsAndInWhichUnit() {
    assertThat(panels())
        .hasSizeGreaterThan(12)
        .allSatisfy(
            it -> {
              assertThat(it.path("title").asText()).isNotBlank();
              assertThat(it.path("description").asText()).endsWith(".").hasSizeGreaterThan(20);
              assertThat(it.at("/fieldConfig/defaults/unit").asText()).isNotBlank();
              assertThat(it.at("/datasource/uid").asText()).isEqualTo("${datasource}");
            });
  }

  @Test
  void titlesAndIdsAreUnique() {
    assertThat(panels()).extracting(it -> it.path("title").asText()).doesNotHaveDuplicates();
    assertThat(FLEET.path("panels"))
        .extracting(it -> it.path("id").asInt())
        .doesNotHaveDuplicates();
  }

  @Test
  void panelsDoNotOverlap() {
    Set<String> cells = new TreeSet<>();
    for (JsonNode panel : FLEET.path("panels")) {
      JsonNode at = panel.path("gridPos");
      assertThat(at.path("x").asInt() + at.path("w").asInt()).isLessThanOrEqualTo(24);
      for (int x = 0; x < at.path("w").asInt(); x++) {
        for (int y = 0; y < at.path("h").asInt(); y++) {
          String cell = (at.path("x").asInt() + x) + "," + (at.path("y").asInt() + y);
          assertThat(cells.add(cell)).as(panel.path("title").asText() + " at " + cell).isTrue();
        }
      }
    }
  }

  @Test
  void theSourceAndTheProcessesCanBeChosen() {
    assertThat(variables()).containsExactly("datasource", "job", "instance", "cluster");
    assertThat(FLEET.at("/templating/list"))
        .allSatisfy(
            it -> {
              assertThat(it.path("query").isTextual()).as("string form of a query").isTrue();
              assertThat(it.path("label").asText()).isNotBlank();
              assertThat(it.at("/current/text").isMissingNode()).isFalse();
            });
  }

  @Test
  void everyVariableIsUsed() {
    String text = FLEET.path("panels") + " " + FLEET.at("/templating/list");

    assertThat(variables())
        .allMatch(it -> text.contains("$" + it) || text.contains("${" + it + "}"));
  }

  @Test
  void everyQueryAsksTheChosenProcessesOnly() {
    assertThat(queries())
        .allMatch(it -> it.contains("job=~\"$job\"") && it.contains("instance=~\"$instance\""));
  }

  @Test
  void ratesTakeGrafanasIntervalAndCountersAreNeverShownRaw() {
    assertThat(queries())
        .allSatisfy(
            it -> {
              boolean counter = it.matches("(?s).*plumbline_\\w+_(total|bucket)\\b.*");
              assertThat(it.matches("(?s).*(rate|increase)\\(.*")).as(it).isEqualTo(counter);
              assertThat(it).doesNotContainPattern("\\[(?!\\$__rate_interval|1h])");
            });
  }

  @Test
  void quantilesAreTakenOfBucketsSummedByTheirBound() {
    assertThat(queries())
        .filteredOn(it -> it.contains("histogram_quantile"))
        .hasSize(3)
        .allMatch(it -> it.contains("sum by (le) (rate(") && it.contains("_bucket{"));
  }

  @Test
  void everyMetricAndLabelIsOneThatPlumblineExposes() {
    Set<String> shown = new TreeSet<>();
    for (String query : queries()) {
      Set<String> names = Metrics.namedIn(query);
      assertThat(names).as(query).hasSize(1);
      String name = names.iterator().next();
      assertThat(Metrics.LABELS).containsKey(name);
      assertThat(Metrics.labelsIn(query)).as(query).isSubsetOf(Metrics.LABELS.get(name));
      shown.add(name);
    }
    assertThat(shown).as("every metric is shown somewhere").isEqualTo(Metrics.LABELS.keySet());
  }

  @Test
  void everyLegendNamesALabelThatItsQueryKeeps() {
    for (JsonNode panel : panels()) {
      for (JsonNode target : panel.path("targets")) {
        List<String> named =
            Stream.of(target.path("legendFormat").asText().split("[^\\w{}]+"))
                .filter(it -> it.startsWith("{{"))
                .map(it -> it.replaceAll("[{}]", ""))
                .toList();
        Set<String> kept = Metrics.labelsIn(target.path("expr").asText());
        if (target.path("expr").asText().contains("by (instance)")) {
          kept.add("instance");
        }
        assertThat(kept).containsAll(named);
      }
    }
  }

  @Test
  void everyQueryIsPromQl(@TempDir Path folder) throws Exception {
    StringBuilder rules = new StringBuilder("groups:\n  - name: dashboard\n    rules:\n");
    int number = 0;
    for (String query : queries()) {
      String filled = query.replace("$__rate_interval", "1m").replaceAll("\\$\\w+", ".+");
      rules.append("      - record: q").append(number++).append("\n        expr: '");
      rules.append(filled.replace("'", "''")).append("'\n");
    }
    Path file = Files.writeString(folder.resolve("rules.yml"), rules);

    Command check = Command.run(".", "promtool", "check", "rules", file.toString());

    assertThat(check.exit()).as(check.output()).isZero();
    assertThat(check.output()).contains("SUCCESS: " + number + " rules found");
  }

  @Test
  void grafanaFindsTheDashboardAndItsSource() {
    JsonNode provider =
        dev.plumbline.deploy.Files.yaml("deploy/grafana/provisioning/dashboards/plumbline.yml")
            .get(0);
    JsonNode source =
        dev.plumbline.deploy.Files.yaml("deploy/grafana/provisioning/datasources/prometheus.yml")
            .get(0);
    String compose = dev.plumbline.deploy.Files.text("docker-compose.yml");

    assertThat(compose)
        .contains(
            "./deploy/grafana/dashboards:" + provider.at("/providers/0/options/path").textValue());
    assertThat(FLEET.at("/templating/list/0/current/value").textValue())
        .isEqualTo(source.at("/datasources/0/uid").textValue());
    assertThat(source.at("/datasources/0/url").textValue()).isEqualTo("http://prometheus:9090");
  }

  private static List<JsonNode> panels() {
    return nodes(FLEET.path("panels"))
        .filter(it -> !it.path("type").asText().equals("row"))
        .toList();
  }

  private static List<String> variables() {
    return nodes(FLEET.at("/templating/list")).map(it -> it.path("name").textValue()).toList();
  }

  private static List<String> queries() {
    List<String> queries = new ArrayList<>();
    for (JsonNode panel : panels()) {
      nodes(panel.path("targets")).map(it -> it.path("expr").textValue()).forEach(queries::add);
    }
    return queries;
  }

  private static Stream<JsonNode> nodes(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false);
  }
}
