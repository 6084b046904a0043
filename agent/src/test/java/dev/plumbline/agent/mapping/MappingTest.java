package dev.plumbline.agent.mapping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plumbline.schemas.event.ResourceSnapshot;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MappingTest {

  @Test
  void aUserAddsASourceByWritingAMapping() throws Exception {
    Mapping mapping =
        read(
            """
            source: amd
            snapshot: ResourceSnapshot
            samples:
              - list: gpus
                key: [serial]
                need: [serial]
                text: {uuid: serial}
                number:
                  temperatureCelsius: {metric: amd_temp_millicelsius, scale: 0.001}
            keep: ["amd_fan_.*"]
            """);
    ResourceSnapshot snapshot =
        (ResourceSnapshot)
            new Mapper(mapping)
                .map(
                    "amd_temp_millicelsius{serial=\"A1\"} 61000\namd_fan_rpm{fan=\"0\"} 1200\n"
                        .getBytes(StandardCharsets.UTF_8),
                    Map.of());

    assertThat(snapshot.getGpus().get(0).getUuid()).isEqualTo("A1");
    assertThat(snapshot.getGpus().get(0).getTemperatureCelsius()).isEqualTo(61);
    assertThat(snapshot.getMetricNames()).containsExactly("amd_fan_rpm{fan=\"0\"}");
    assertThat(snapshot.getMetricValues()).containsExactly(1200.0);
  }

  @Test
  void aSourceThatNobodyDescribedIsKeptAsItIs() throws Exception {
    ResourceSnapshot snapshot =
        (ResourceSnapshot)
            new Mapper(Mapping.everything("mine"))
                .map("up 1\nx{b=\"2\",a=\"1\"} NaN\n".getBytes(StandardCharsets.UTF_8), Map.of());

    assertThat(snapshot.getMetricNames()).containsExactly("up", "x{a=\"1\",b=\"2\"}");
  }

  @Test
  void aFieldThatTheContractDoesNotHaveIsNamedWithFileAndPlace() {
    assertThatThrownBy(
            () ->
                read(
                    """
                    source: amd
                    snapshot: ResourceSnapshot
                    samples:
                      - list: gpus
                        number: {temprature: amd_temp}
                    """))
        .hasMessageContaining("amd.yaml")
        .hasMessageContaining("samples gpus")
        .hasMessageContaining("temprature");
  }

  @Test
  void aKeyThatIsNotKnownIsNamedWithThoseThatAre() {
    assertThatThrownBy(() -> read("source: a\nsnapshot: ResourceSnapshot\nsample: []\n"))
        .hasMessageContaining("unknown key sample")
        .hasMessageContaining("samples");
  }

  @Test
  void brokenYamlIsNamedWithItsLine() {
    assertThatThrownBy(() -> read("source: a\n  snapshot: : b\n"))
        .hasMessageStartingWith("amd.yaml:");
  }

  private static Mapping read(String yaml) throws IOException {
    return Mapping.read(
        "amd.yaml", new ByteArrayInputStream(yaml.getBytes(StandardCharsets.UTF_8)));
  }
}
