package dev.plumbline.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageTest {
  private static final String FIGURES =
      """
      {"path": {
         "load": {"clusters": 8, "nodes": 8, "intervalSeconds": 30, "partitions": 4, "rounds": 5,
                  "snapshots": 1000, "samplesPerSnapshot": 190, "bytesPerSnapshot": 2000,
                  "loggedBytesPerSnapshot": 500},
         "stages": {
           "decode": {"about": "reads and decodes", "micros": {"median": 4, "least": 3, "most": 5},
                      "appMicros": {"median": 3}, "brokerMicros": {"median": 1},
                      "samplesPerCpuSecond": {"median": 47000000}},
           "at-least-once": {"about": "judges", "micros": {"median": 60, "least": 50, "most": 70},
                      "appMicros": {"median": 50}, "brokerMicros": {"median": 10},
                      "toDecode": {"median": 15}, "toBare": {"median": 1.2},
                      "samplesPerCpuSecond": {"median": 3000000}}},
         "exactlyOnceToAtLeastOnce": {"median": 1.7}}}
      """;

  @TempDir Path folder;

  @Test
  void aFigureIsHeldAgainstItsGoal() throws IOException {
    JsonNode figures = new ObjectMapper().readTree(FIGURES);
    assertThat(Goals.of(figures))
        .filteredOn(it -> !Double.isNaN(it.figure()))
        .extracting(Goals.Goal::verdict)
        .containsExactly("good enough", "**goal met**", "**missed**");
    assertThat(Goals.of(figures))
        .filteredOn(it -> Double.isNaN(it.figure()))
        .extracting(Goals.Goal::verdict)
        .containsOnly("not measured");
  }

  @Test
  void thePageShowsWhatWasMeasuredWithItsSpreadAndCharts() throws Exception {
    Path page = folder.resolve("performance.md");
    Page.write(new ObjectMapper().readTree(FIGURES), page);
    assertThat(Files.readString(page))
        .contains("60 [50 - 70]")
        .contains("(performance/path.svg)")
        .doesNotContain("From append to record")
        .doesNotContain("NaN");
    assertThat(
            DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(folder.resolve("performance/path.svg").toFile())
                .getElementsByTagName("rect")
                .getLength())
        // ground, two colours of the legend, two parts of two bars
        .isEqualTo(1 + 2 + 4);
  }
}
