package dev.plumbline.detectors.record.reference;

import static org.assertj.core.api.Assertions.assertThat;

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
    try (InputStream in = PortCheckTest.class.getResourceAsStream("/record/" + series)) {
      List<String> lines = new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();

      assertThat(PortCheck.difference(lines.subList(1, lines.size()))).isLessThanOrEqualTo(1e-9);
    }
  }
}
