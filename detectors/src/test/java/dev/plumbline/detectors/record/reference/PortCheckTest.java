package dev.plumbline.detectors.record.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.plumbline.detectors.record.RecordRatio;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PortCheckTest {
  @ParameterizedTest
  @ValueSource(strings = {"iio_us-east-1_i-a2eb1cd9_NetworkIn.csv", "rogue_agent_key_hold.csv"})
  void everyRowScoresAsTheReferenceDoes(String series) throws IOException {
    assertThat(PortCheck.difference(lines(series))).isLessThanOrEqualTo(1e-9);
  }

  @ParameterizedTest
  @ValueSource(strings = {"iio_us-east-1_i-a2eb1cd9_NetworkIn.csv", "rogue_agent_key_hold.csv"})
  void withAllStepsTakenItSaysWhatProductionSays(String series) throws IOException {
    ReferenceRecordRatio all = new ReferenceRecordRatio(Step.TAKEN);
    RecordRatio production = new RecordRatio();
    for (String line : lines(series)) {
      long at = PortCheck.millis(line.split(",")[0]);
      double value = Double.parseDouble(line.split(",")[1]);
      double expected = all.update(at, value);
      // production keeps its state in floats
      assertThat(production.update(at, value)).as(line).isCloseTo(expected, withinPercentage(1));
    }
  }

  private static List<String> lines(String series) throws IOException {
    try (InputStream in = PortCheckTest.class.getResourceAsStream("/record/" + series)) {
      List<String> lines = new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
      return lines.subList(1, lines.size());
    }
  }
}
