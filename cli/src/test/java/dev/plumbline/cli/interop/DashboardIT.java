package dev.plumbline.cli.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.plumbline.agent.run.Agent;
import dev.plumbline.agent.run.AgentHttp;
import dev.plumbline.agent.run.AgentSettings;
import dev.plumbline.agent.scrape.ScrapeTarget;
import dev.plumbline.agent.scrape.Scraper;
import dev.plumbline.cli.embedded.EmbeddedBroker;
import dev.plumbline.cli.embedded.Replay;
import dev.plumbline.schemas.registry.SchemaRegistry;
import dev.plumbline.streams.Detect;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real Prometheus with the shipped configuration scrapes a detect process that judges the
 * recorded fleet and an agent whose broker is away, and answers every query of the dashboard.
 */
class DashboardIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path DEPLOY = Path.of("..", "deploy");

  /** Panels of what does not happen to the recorded fleet, or is over at its end. */
  private static final List<String> EMPTY =
      List.of(
          "Critical findings",
          "Dead letters",
          "Dead letters, last hour",
          "Refusals by gate",
          "Snapshots not judged");

  @TempDir static Path folder;
  private static EmbeddedBroker broker;
  private static Detect detect;
  private static Agent agent;
  private static AgentHttp health;
  private static Process prometheus;
  private static int port;

  @BeforeAll
  static void scrapeALiveProcess() throws IOException {
    Peers.need("prometheus");
    Path tape = folder.resolve("fleet.tape.jsonl.gz");
    try (InputStream in = DashboardIT.class.getResourceAsStream("/demo/fleet.tape.jsonl.gz")) {
      Files.copy(in, tape);
    }
    broker = EmbeddedBroker.start(folder.resolve("kafka"), 0);
    SchemaRegistry registry = SchemaRegistry.inMemory();
    detect =
        Detect.start(
            new Detect.Settings(
                loaded(registry, tape),
                registry,
                "plumbline",
                2,
                false,
                folder.resolve("state"),
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
    port = Peers.freePort();
    agent = agent();
    health = new AgentHttp(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), agent);
    Path rules = Files.createDirectories(folder.resolve("rules"));
    Files.copy(DEPLOY.resolve("prometheus/rules/plumbline.yml"), rules.resolve("plumbline.yml"));
    String shipped = Files.readString(DEPLOY.resolve("prometheus/prometheus.yml"));
    Path config =
        Files.writeString(
            folder.resolve("prometheus.yml"),
            shipped
                .replace("interval: 15s", "interval: 1s")
                .replace("detect:8080", "127.0.0.1:" + detect.port())
                .replace("agent:8080", "127.0.0.1:" + health.port())
                .replace("127.0.0.1:9090", "127.0.0.1:" + port)
                .replace("alertmanager:9093", "127.0.0.1:" + Peers.freePort()));
    prometheus =
        new ProcessBuilder(
                "prometheus",
                "--config.file=" + config,
                "--storage.tsdb.path=" + folder.resolve("tsdb"),
                "--web.listen-address=127.0.0.1:" + port)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("prometheus.log").toFile())
            .start();
    await()
        .atMost(Duration.ofMinutes(2))
        .pollInterval(Duration.ofMillis(300))
        .ignoreExceptions()
        .until(
            () ->
                series("plumbline_incidents_open > 0") > 0
                    && series("rate(plumbline_snapshots_total[30s])") > 0
                    && series("rate(plumbline_agent_scrapes_total[30s]) > 0") > 0
                    && series("plumbline_agent_target_up == 1") > 0
                    && series("plumbline_agent_target_up == 0") > 0);
  }

  @AfterAll
  static void stop() throws IOException, InterruptedException {
    if (prometheus != null) {
      prometheus.destroyForcibly().waitFor();
    }
    if (agent != null) {
      health.close();
      agent.close();
    }
    if (detect != null) {
      detect.close();
      broker.close();
    }
  }

  @Test
  void everyPanelOfTheFleetDashboardIsAnsweredAndShowsSomething() throws Exception {
    JsonNode dashboard = JSON.readTree(DEPLOY.resolve("grafana/dashboards/fleet.json").toFile());
    Map<String, Integer> shown = new TreeMap<>();
    for (JsonNode panel : dashboard.path("panels")) {
      for (JsonNode target : panel.path("targets")) {
        String query = substituted(target.path("expr").asText());
        shown.merge(panel.path("title").asText(), series(query), Integer::sum);
      }
    }

    assertThat(shown).hasSizeGreaterThan(12);
    shown.values().removeIf(it -> it > 0);
    assertThat(new TreeSet<>(shown.keySet())).isEqualTo(new TreeSet<>(EMPTY));
  }

  @Test
  void everyVariableOfTheDashboardHasValues() throws Exception {
    JsonNode dashboard = JSON.readTree(DEPLOY.resolve("grafana/dashboards/fleet.json").toFile());
    int asked = 0;
    for (JsonNode variable : dashboard.at("/templating/list")) {
      Matcher query =
          Pattern.compile("label_values\\((.*), (\\w+)\\)")
              .matcher(variable.path("query").asText());
      if (query.matches()) {
        asked++;
        assertThat(
                series("count by (%s) (%s)".formatted(query.group(2), substituted(query.group(1)))))
            .as(variable.path("name").asText())
            .isPositive();
      }
    }

    assertThat(asked).isEqualTo(3);
  }

  @Test
  void everyShippedRuleIsEvaluated() {
    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(
            () -> {
              JsonNode groups = get("/api/v1/rules").at("/data/groups");
              assertThat(groups).isNotEmpty();
              for (JsonNode group : groups) {
                assertThat(group.path("rules"))
                    .allSatisfy(
                        it ->
                            assertThat(it.path("health").asText())
                                .as(it.toString())
                                .isEqualTo("ok"));
              }
            });
  }

  /** One target answers and one doesn't. */
  private static Agent agent() throws IOException {
    List<ScrapeTarget> targets =
        List.of(
            target("detect", "http://127.0.0.1:" + detect.port() + "/metrics"),
            target("nobody", "http://127.0.0.1:" + Peers.freePort() + "/metrics"));
    return Agent.start(
        new AgentSettings(
            "agent-0",
            "c-1",
            null,
            "",
            "",
            "",
            "",
            Map.of(),
            targets,
            false,
            "n1",
            Map.of(),
            null,
            folder.resolve("spool"),
            AgentSettings.SPOOL_BYTES,
            Scraper.LARGEST,
            null),
        Map.of("bootstrap.servers", "127.0.0.1:" + Peers.freePort()),
        SchemaRegistry.inMemory());
  }

  private static ScrapeTarget target(String source, String url) {
    return new ScrapeTarget(
        source,
        source,
        URI.create(url),
        Map.of(),
        Duration.ofSeconds(1),
        Duration.ofMillis(800),
        null,
        null,
        null,
        false);
  }

  private static Map<String, Object> loaded(SchemaRegistry registry, Path tape) throws IOException {
    new Replay(broker.client(), registry, problem -> {}).load(List.of(tape), 2);
    return broker.client();
  }

  private static String substituted(String query) {
    return query
        .replace("$__rate_interval", "30s")
        .replace("$__interval", "5s")
        .replace("$__range", "5m")
        .replaceAll("\\$(job|instance|cluster)", ".*");
  }

  /** Number of series that a query answers. */
  private static int series(String query) throws IOException, InterruptedException {
    JsonNode answer =
        get("/api/v1/query?query=" + URLEncoder.encode(query, StandardCharsets.UTF_8));
    assertThat(answer.path("status").asText()).as(query + ": " + answer).isEqualTo("success");
    return answer.at("/data/result").size();
  }

  private static JsonNode get(String path) throws IOException, InterruptedException {
    HttpResponse<String> answer =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
                HttpResponse.BodyHandlers.ofString());
    return JSON.readTree(answer.body());
  }
}
