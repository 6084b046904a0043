package dev.plumbline.agent.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.plumbline.agent.mapping.Mapper;
import dev.plumbline.agent.mapping.Mapping;
import dev.plumbline.schemas.event.GpuSample;
import dev.plumbline.schemas.event.NodeSample;
import dev.plumbline.schemas.event.ResourceSnapshot;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said of this machine, beside what its kernel says in /proc. */
class HostCollectorTest {
  @TempDir Path folder;

  @Test
  void thisMachineIsReadByTheMappingOfNodeExporter() throws Exception {
    NodeSample node = node();

    assertThat(node.getNode()).isEqualTo("here");
    assertThat(node.getCpuCount()).isPositive();
    assertThat(node.getMemoryAvailableBytes()).isBetween(1.0, node.getMemoryTotalBytes());
    assertThat(node.getTimeSeconds()).isCloseTo(System.currentTimeMillis() / 1e3, within(60.0));
    assertThat(node.getFilesystemAvailableBytes()).isBetween(0.0, node.getFilesystemSizeBytes());
    assertThat(node.getKernelRelease()).isEqualTo(System.getProperty("os.version"));
  }

  @Test
  void processorsAndMemoryAreWhatTheKernelSays() throws Exception {
    List<String> stat = proc("stat");
    NodeSample node = node();
    List<String> later = proc("stat");

    assertThat(node.getCpuCount())
        .isEqualTo(stat.stream().filter(it -> it.matches("cpu\\d+ .*")).count());
    assertThat(node.getCpuIdleSecondsTotal()).isBetween(ticks(stat, 4) - 1, ticks(later, 4) + 1);
    assertThat(node.getCpuSecondsTotal()).isGreaterThan(node.getCpuIdleSecondsTotal());
    assertThat(node.getMemoryTotalBytes()).isEqualTo(number("meminfo", "MemTotal:") * 1024);
    assertThat(node.getMemoryAvailableBytes())
        .isCloseTo(number("meminfo", "MemAvailable:") * 1024, within(2e9));
    assertThat(node.getBootTimeSeconds()).isCloseTo(number("stat", "btime"), within(5.0));
    assertThat(node.getOomKills()).isEqualTo(number("vmstat", "oom_kill"));
  }

  @Test
  void pressureIsWhatTheKernelSays() throws Exception {
    assumeTrue(Files.isReadable(Path.of("/proc/pressure/cpu")), "a kernel without PSI");
    double before = pressure("cpu");
    double io = pressure("io");
    NodeSample node = node();

    assertThat(node.getCpuPressureWaitingSeconds()).isBetween(before, pressure("cpu"));
    assertThat(node.getIoPressureWaitingSeconds()).isBetween(io, pressure("io"));
    assertThat(node.getMemoryPressureStalledSeconds()).isNotNegative();
  }

  @Test
  void networkAndDisksAreWhatTheKernelSays() throws Exception {
    NodeSample node = node();
    double received = 0;
    for (String line : proc("net/dev")) {
      String[] cells = line.strip().split("[:\\s]+");
      if (cells.length > 10 && !cells[0].equals("lo") && cells[1].matches("\\d+")) {
        received += Double.parseDouble(cells[1]);
      }
    }
    assertThat(node.getNetworkReceiveBytes()).isBetween(0.0, received);
    double busy = 0;
    for (String line : proc("diskstats")) {
      busy += Double.parseDouble(line.strip().split("\\s+")[12]) / 1e3;
    }
    assertThat(node.getDiskIoSeconds()).isBetween(0.0, busy);
  }

  @Test
  void aKernelThatSaysLessIsNoError() throws Exception {
    byte[] exposition = new HostCollector(folder, new GpuQuery()).expose();

    assertThat(mapped("node", exposition).getNodes().get(0).getCpuPressureWaitingSeconds()).isNaN();
  }

  @Test
  void boardsAreReadAsTheirExporterWouldTellThem() throws Exception {
    Path tool = folder.resolve("nvidia-smi");
    Files.writeString(
        tool,
        "#!/bin/sh\necho 'GPU-1f, 0, NVIDIA H100 80GB HBM3, 580.95.05, 1980, 2619, 67, 641.22,"
            + " 99, 61, 76215, 4817, 528'\n"
            + "echo 'GPU-2f, 1, NVIDIA H100 80GB HBM3, 580.95.05, 345, 2619, 31, 71.00,"
            + " [N/A], [N/A], 0, 81032, 528'\n");
    assertThat(tool.toFile().setExecutable(true)).isTrue();
    HostCollector host =
        new HostCollector(Path.of("/proc"), new GpuQuery(List.of(tool.toString())));

    List<GpuSample> gpus =
        mapped("dcgm", host.exposeGpus().getBytes(StandardCharsets.UTF_8)).getGpus();

    assertThat(gpus).extracting(GpuSample::getUuid).containsExactly("GPU-1f", "GPU-2f");
    assertThat(gpus.get(0).getPowerWatts()).isEqualTo(641.22);
    assertThat(gpus.get(0).getUtilizationRatio()).isEqualTo(0.99);
    assertThat(gpus.get(0).getFrameBufferUsedBytes()).isEqualTo(76215.0 * 1048576);
    assertThat(gpus.get(0).getNode()).isEqualTo("here");
    assertThat(gpus.get(1).getUtilizationRatio()).isNaN();
    assertThat(gpus.get(1).getDriverVersion()).isEqualTo("580.95.05");
  }

  @Test
  void aMachineWithoutBoardsHasNone() {
    GpuQuery none = new GpuQuery(List.of(folder.resolve("nothing").toString()));

    assertThat(none.expose()).isEmpty();
    assertThat(none.expose()).isEmpty();
  }

  private static NodeSample node() throws Exception {
    return mapped("node", new HostCollector().expose()).getNodes().get(0);
  }

  private static ResourceSnapshot mapped(String source, byte[] exposition) throws Exception {
    return (ResourceSnapshot)
        new Mapper(Mapping.shipped(source)).map(exposition, Map.of("node", "here"));
  }

  private static List<String> proc(String file) throws IOException {
    return Files.readAllLines(Path.of("/proc", file));
  }

  private static double number(String file, String name) throws IOException {
    return proc(file).stream()
        .map(it -> it.split("\\s+"))
        .filter(it -> it[0].equals(name))
        .mapToDouble(it -> Double.parseDouble(it[1]))
        .findFirst()
        .orElseThrow();
  }

  /** A column of the line of all processors, in seconds. */
  private static double ticks(List<String> stat, int column) {
    return Double.parseDouble(stat.get(0).split("\\s+")[column]) / 100;
  }

  private static double pressure(String resource) throws IOException {
    String some = proc("pressure/" + resource).get(0);
    return Arrays.stream(some.split(" "))
            .filter(it -> it.startsWith("total="))
            .mapToLong(it -> Long.parseLong(it.substring("total=".length())))
            .sum()
        / 1e6;
  }
}
