package dev.plumbline.cli.interop;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.plumbline.cli.embedded.EmbeddedBroker;
import dev.plumbline.cli.embedded.Replay;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.registry.RegistryServer;
import dev.plumbline.schemas.registry.SchemaRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Consumers without a line of Plumbline read the findings of an embedded run. */
class OutsideConsumersIT {
  /** Python writes NaN and Infinity as they are. */
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  private static final Path EXAMPLES = Path.of("..", "deploy", "examples", "consumers");

  @TempDir static Path folder;
  private static EmbeddedBroker broker;
  private static RegistryServer registry;
  private static List<String> found;

  @BeforeAll
  static void anEmbeddedRun() throws IOException {
    broker = EmbeddedBroker.start(folder.resolve("kafka"), 0);
    registry = RegistryServer.start(broker.client(), 0);
    Path tape = folder.resolve("fleet.tape.jsonl.gz");
    try (InputStream in =
        OutsideConsumersIT.class.getResourceAsStream("/demo/fleet.tape.jsonl.gz")) {
      Files.copy(in, tape);
    }
    SchemaRegistry schemas = SchemaRegistry.connect(Map.of("schema.registry.url", registry.url()));
    Replay replay = new Replay(broker.client(), schemas, problem -> {});
    replay.load(List.of(tape), 4);
    found =
        replay.detect(folder.resolve("state"), 2, 4).findings().stream()
            .map(OutsideConsumersIT::line)
            .toList();
  }

  @AfterAll
  static void stop() {
    registry.close();
    broker.close();
  }

  @Test
  void kafkaJsPrintsEveryFinding() throws Exception {
    Peers.need("node");
    Peers.needFile("node_modules/kafkajs");

    assertThat(printed("node", EXAMPLES.resolve("findings.cjs").toString()))
        .isNotEmpty()
        .containsExactlyInAnyOrderElementsOf(found);
  }

  @Test
  void confluentsPythonClientPrintsEveryFinding() throws Exception {
    Peers.needModule("confluent_kafka.avro");

    assertThat(printed(Peers.PYTHON, EXAMPLES.resolve("findings.py").toString()))
        .isNotEmpty()
        .containsExactlyInAnyOrderElementsOf(found);
  }

  @Test
  void kcatSeesTheWireFormatAndTheNamesOfTheEvents() throws Exception {
    Peers.need("kcat");
    String output =
        run(
            List.of(
                "kcat",
                "-b",
                broker.address(),
                "-C",
                "-e",
                "-q",
                "-t",
                "plumbline.findings",
                "-s",
                "value=>bI",
                "-f",
                "%S %h %s\n"));
    List<String> lines = output.lines().filter(it -> it.contains("ce_type=")).toList();

    assertThat(lines)
        .hasSize(found.size())
        .allMatch(it -> it.contains("ce_type=dev.plumbline.finding."))
        .as("a zero, then the id of the schema")
        .allMatch(it -> it.matches(".* 0[ ,]*[1-9]\\d*.*"));
  }

  private static List<String> printed(String... command) throws Exception {
    List<String> all = new ArrayList<>(List.of(command));
    all.addAll(List.of(broker.address(), registry.url(), "--once"));
    List<String> lines = new ArrayList<>();
    for (String line : run(all).lines().toList()) {
      JsonNode finding = JSON.readTree(line);
      lines.add(
          "%s %d %s %s"
              .formatted(
                  finding.path("id").textValue(),
                  finding.path("revision").intValue(),
                  finding.path("kind").textValue(),
                  finding.path("evidence").path("summary").textValue()));
    }
    return lines;
  }

  private static String line(Finding finding) {
    return "%s %d %s %s"
        .formatted(
            finding.getId(),
            finding.getRevision(),
            finding.getKind(),
            finding.getEvidence().getSummary());
  }

  private static String run(List<String> command) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(folder.resolve("errors").toFile());
    builder.environment().put("NODE_PATH", Peers.FOLDER.resolve("node_modules").toString());
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(Files.readString(folder.resolve("errors"))).isZero();
    return output;
  }
}
