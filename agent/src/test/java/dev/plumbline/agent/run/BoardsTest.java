package dev.plumbline.agent.run;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BoardsTest {
  private static final String HOST =
      """
      DCGM_FI_DEV_GPU_TEMP{UUID="GPU-1",gpu="0"} 61
      DCGM_FI_DEV_GPU_TEMP{UUID="GPU-2",gpu="1"} 35
      """;

  private static final String EXPORTER =
      """
      # TYPE DCGM_FI_DEV_GPU_TEMP gauge
      DCGM_FI_DEV_GPU_TEMP{gpu="0",UUID="GPU-1",GPU_I_ID="3",Hostname="n1"} 61
      """;

  private final Boards boards = new Boards();

  @Test
  void aGpuThatAnExporterTellsIsNotToldByTheHost() {
    boards.told("dcgm", "n1", EXPORTER.getBytes(UTF_8));

    assertThat(boards.without(HOST, (source, name) -> true))
        .isEqualTo("DCGM_FI_DEV_GPU_TEMP{UUID=\"GPU-2\",gpu=\"1\"} 35\n");
  }

  @Test
  void withoutAnExporterTheHostTellsAll() {
    assertThat(boards.without(HOST, (source, name) -> true)).isEqualTo(HOST);
    assertThat(boards.isTold("dcgm", "n1")).isFalse();
  }

  @Test
  void theGpusOfAnExporterThatLeftAreTheHostsAgain() {
    boards.told("dcgm", "n1", EXPORTER.getBytes(UTF_8));
    boards.told("dcgm", "n2", EXPORTER.replace("GPU-1", "GPU-9").getBytes(UTF_8));

    assertThat(boards.without(HOST, (source, name) -> !name.equals("n1"))).isEqualTo(HOST);
    assertThat(boards.isTold("dcgm", "n2")).isTrue();
  }
}
