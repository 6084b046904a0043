package dev.plumbline.bench.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FleetTest {
  @TempDir Path folder;

  @Test
  void theSameSeedWritesTheSameTapeAndTruth() throws IOException {
    Path first = Files.createDirectories(folder.resolve("first"));
    Path second = Files.createDirectories(folder.resolve("second"));
    Main.write(brief("power-brake"), 5, first);
    Main.write(brief("power-brake"), 5, second);

    assertThat(lines(first.resolve("power-brake-5.tape.jsonl.gz")))
        .isNotEmpty()
        .isEqualTo(lines(second.resolve("power-brake-5.tape.jsonl.gz")));
    assertThat(Files.readString(first.resolve("power-brake-5.truth.jsonl")))
        .contains("gpu.throttle")
        .isEqualTo(Files.readString(second.resolve("power-brake-5.truth.jsonl")));
  }

  @Test
  void aFleetWithoutFaultHasNothingThatMustBeFound() throws IOException {
    Main.write(brief("steady"), 4, folder);

    for (JsonNode event : truth("steady-4")) {
      assertThat(event.path("optional").asBoolean()).as(event.toString()).isTrue();
    }
  }

  @Test
  void everyLineOfATapeNamesItsClusterSourceAndTarget() throws IOException {
    Main.write(brief("planned-rollout"), 3, folder);

    List<String> lines = lines(folder.resolve("planned-rollout-3.tape.jsonl.gz"));
    assertThat(lines).hasSizeGreaterThan(300);
    for (String text : lines) {
      JsonNode line = Tape.JSON.readTree(text);
      assertThat(line.path("at").asText())
          .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
      assertThat(Set.of("identity", "prometheus", "object", "gone"))
          .contains(line.path("format").asText());
      assertThat(line.path("cluster").asText()).hasSize(36);
      assertThat(line.path("source").asText()).isNotEmpty();
      assertThat(line.path("target").asText()).isNotEmpty();
    }
    assertThat(Tape.JSON.readTree(lines.get(0)).path("format").asText()).isEqualTo("identity");
  }

  @Test
  void bucketsGrowAlongTheirBounds() throws IOException {
    Main.write(brief("steady"), 6, folder);

    int histograms = 0;
    for (String text : lines(folder.resolve("steady-6.tape.jsonl.gz"))) {
      JsonNode line = Tape.JSON.readTree(text);
      if (!line.path("source").asText().equals("vllm") || !line.path("body").isTextual()) {
        continue;
      }
      Map<String, Double> last = new HashMap<>();
      for (String row : line.path("body").asText().split("\n")) {
        int bucket = row.indexOf("_bucket{");
        if (bucket > 0) {
          double count = Double.parseDouble(row.substring(row.lastIndexOf(' ') + 1));
          String family = row.substring(0, bucket);
          assertThat(count).as(row).isGreaterThanOrEqualTo(last.getOrDefault(family, 0.0));
          last.put(family, count);
          histograms++;
        }
      }
    }
    assertThat(histograms).isGreaterThan(1000);
  }

  @Test
  void aFaultOfTheTruthHappensInsideTheTapeAndOnAClusterOfIt() throws IOException {
    Main.write(brief("image-slower"), 2, folder);

    JsonNode meta = Tape.JSON.readTree(folder.resolve("image-slower-2.meta.json").toFile());
    List<JsonNode> events = truth("image-slower-2");
    assertThat(events).isNotEmpty();
    for (JsonNode event : events) {
      assertThat(meta.path("clusters").has(event.at("/entity/cluster").asText())).isTrue();
      assertThat(event.path("from").asText())
          .isBetween(meta.path("start").asText(), meta.path("end").asText())
          .isLessThanOrEqualTo(event.path("detectable_from").asText());
    }
  }

  @Test
  void weekendsAreQuieterThanTheDaysBefore() {
    Moments moments = new Moments(1_793_577_600L); // a Monday
    assertThat(moments.isWeekend(0)).isFalse();
    assertThat(moments.isWeekend(5 * 86_400 - 1)).isFalse();
    assertThat(moments.isWeekend(5 * 86_400)).isTrue();
    assertThat(moments.isWeekend(7 * 86_400 - 1)).isTrue();
    assertThat(moments.isWeekend(7 * 86_400)).isFalse();
  }

  @Test
  void aSlowPathIsTakenByItsShareAndDueOnceItTells() {
    Truth.Event event = new Truth.Event("latency.swing", Map.of(), 0, 100, "");
    SlowPath path = new SlowPath(false, .05, 2, event);
    int waited = 0;
    for (int i = 0; i < 1_000; i++) {
      double seconds = path.wait(i / 1_000.0, i);
      waited += seconds > 0 ? 1 : 0;
      assertThat(seconds).isBetween(0.0, 2.6);
      assertThat(event.optional).isEqualTo(waited < 10);
    }

    assertThat(waited).isEqualTo(50);
    assertThat(event.detectableFrom).isEqualTo(9);
  }

  private static Scenario brief(String name) {
    Scenario s = Scenario.all().get(name);
    return new Scenario(s.name(), 60, .6, s.shape(), s.benign(), s.fault());
  }

  private List<JsonNode> truth(String name) throws IOException {
    List<JsonNode> out = new ArrayList<>();
    for (String line : Files.readAllLines(folder.resolve(name + ".truth.jsonl"))) {
      out.add(Tape.JSON.readTree(line));
    }
    return out;
  }

  private static List<String> lines(Path tape) throws IOException {
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(tape)), StandardCharsets.UTF_8))) {
      return in.lines().toList();
    }
  }
}
