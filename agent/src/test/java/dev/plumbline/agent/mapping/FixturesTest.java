package dev.plumbline.agent.mapping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import dev.plumbline.agent.exposition.ExpositionException;
import dev.plumbline.schemas.event.ContainerSample;
import dev.plumbline.schemas.event.DatabaseSample;
import dev.plumbline.schemas.event.GpuHolder;
import dev.plumbline.schemas.event.GpuSample;
import dev.plumbline.schemas.event.Histogram;
import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.schemas.event.ModelServerSample;
import dev.plumbline.schemas.event.NodeSample;
import dev.plumbline.schemas.event.PoolSample;
import dev.plumbline.schemas.event.ResourceSnapshot;
import dev.plumbline.schemas.event.VirtualMachineSample;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Payloads in the sources' own formats against the samples they must become. */
class FixturesTest {

  @Test
  void eightBoardsOfWhichOneIsCutIntoFourInstances() throws Exception {
    List<GpuSample> gpus = dcgm("dcgm-exporter.prom");

    assertThat(gpus).hasSize(11);
    assertThat(gpus).filteredOn(it -> it.getMigInstance() != null).hasSize(4);
    assertThat(gpus).allSatisfy(it -> assertThat(it.getNode()).isEqualTo("gpu-worker-03"));
  }

  @Test
  void aThrottledBoardSaysWhyAndForHowLong() throws Exception {
    GpuSample gpu = board(dcgm("dcgm-exporter.prom"), "5");

    assertThat(gpu.getClockEventReasons()).isEqualTo(72);
    assertThat(gpu.getThermalViolationSeconds()).isPositive();
    assertThat(gpu.getWindowed()).containsKeys("hw_slowdown", "hw_thermal");
    assertThat(gpu.getModel()).isEqualTo("NVIDIA H100 80GB HBM3");
    assertThat(gpu.getDriverVersion()).isEqualTo("580.95.05");
  }

  @Test
  void aBusyBoardComesInTheUnitsOfTheContract() throws Exception {
    GpuSample gpu = board(dcgm("dcgm-exporter.prom"), "1");

    assertThat(gpu.getUtilizationRatio()).isEqualTo(0.98);
    assertThat(gpu.getEnergyJoules()).isEqualTo(9_812_347_412.192);
    assertThat(gpu.getFrameBufferUsedBytes()).isEqualTo(79_899_394_048.0);
    assertThat(gpu.getPcieTransmitBytesPerSecond()).isEqualTo(4_211_339_876.0);
    assertThat(gpu.getSmActiveRatio()).isEqualTo(0.829004);
    assertThat(gpu.getHolders())
        .extracting(GpuHolder::getPod)
        .containsExactly("llama-33-70b-kserve-7c9d5f8b6d-4xk2p");
  }

  @Test
  void anInstanceHasNoUtilisationAndAFreeOneNoHolder() throws Exception {
    List<GpuSample> instances =
        dcgm("dcgm-exporter.prom").stream().filter(it -> it.getMigInstance() != null).toList();

    assertThat(instances).allSatisfy(it -> assertThat(it.getUtilizationRatio()).isNaN());
    assertThat(instances).filteredOn(it -> it.getHolders().isEmpty()).hasSize(1);
    assertThat(instances)
        .extracting(GpuSample::getMigProfile)
        .containsExactlyInAnyOrder("1g.10gb", "1g.10gb", "2g.20gb", "3g.40gb");
  }

  @Test
  void theIdleBoardKeepsItsOldXidAndHasNoHolder() throws Exception {
    GpuSample gpu = board(dcgm("dcgm-exporter.prom"), "7");

    assertThat(gpu.getXid()).isEqualTo(94);
    assertThat(gpu.getHolders()).isEmpty();
  }

  @Test
  void aBoardThatPodsShareTellsTheUseOfEach() throws Exception {
    String board = "DCGM_FI_DEV_GPU_UTIL{gpu=\"0\",UUID=\"GPU-1\",hostname=\"n1\"";
    ResourceSnapshot snapshot =
        (ResourceSnapshot)
            new Mapper(Mapping.shipped("dcgm"))
                .map(
                    (board
                            + "} 90\n"
                            + board
                            + ",namespace=\"a\",pod=\"one\",vgpu=\"0\"} 75\n"
                            + board
                            + ",namespace=\"b\",pod=\"two\",vgpu=\"1\"} 25\n")
                        .getBytes(java.nio.charset.StandardCharsets.UTF_8),
                    java.util.Map.of());

    GpuSample gpu = snapshot.getGpus().get(0);
    assertThat(gpu.getUtilizationRatio()).isEqualTo(0.9);
    assertThat(gpu.getHolders())
        .extracting(GpuHolder::getUtilizationRatio)
        .containsExactlyInAnyOrder(0.75, 0.25);
  }

  @Test
  void theCountersOfNvlinkComeOnceHoweverManyPodsShareTheBoard() throws Exception {
    String board = "{gpu=\"0\",UUID=\"GPU-1\",hostname=\"n1\",namespace=\"a\",pod=\"%s\"} %d\n";
    GpuSample gpu =
        dcgmText(
            "DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL"
                + board.formatted("one", 12)
                + "DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL"
                + board.formatted("two", 12)
                + "DCGM_FI_DEV_NVLINK_CRC_DATA_ERROR_COUNT_TOTAL"
                + board.formatted("two", 3)
                + "DCGM_FI_DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL"
                + board.formatted("one", 4)
                + "DCGM_FI_DEV_NVLINK_COUNT_LINK_RECOVERY_EVENTS"
                + board.formatted("one", 2));

    assertThat(gpu.getNvlinkCrcErrors()).isEqualTo(12);
    assertThat(gpu.getNvlinkReplays()).isEqualTo(4);
    assertThat(gpu.getNvlinkRecoveries()).isEqualTo(2);
    assertThat(gpu.getNvlinkFailedRecoveries()).isNull();
  }

  @Test
  void eachHealthWatchOfABoardArrivesUnderItsName() throws Exception {
    String board =
        "DCGM_EXP_GPU_HEALTH_STATUS{gpu=\"0\",UUID=\"GPU-1\",hostname=\"n1\","
            + "health_error_code=\"%s\",health_watch=\"%s\"} %d\n";
    GpuSample gpu =
        dcgmText(
            board.formatted("DCGM_FR_OK", "PCIE", 0)
                + board.formatted("DCGM_FR_NVLINK_DOWN", "NVLINK", 20));

    assertThat(gpu.getHealth()).containsOnly(entry("PCIE", 0.0), entry("NVLINK", 20.0));
  }

  private static GpuSample dcgmText(String text) throws ExpositionException {
    ResourceSnapshot snapshot =
        (ResourceSnapshot)
            new Mapper(Mapping.shipped("dcgm"))
                .map(text.getBytes(java.nio.charset.StandardCharsets.UTF_8), Map.of());
    return snapshot.getGpus().get(0);
  }

  @Test
  void theOlderSpellingOfTheHostLabelIsTheSameNode() throws Exception {
    assertThat(dcgm("dcgm-exporter-hostname-v4.5.prom"))
        .isNotEmpty()
        .allSatisfy(it -> assertThat(it.getNode()).isEqualTo("gpu-worker-03"));
  }

  @Test
  void aFullModelServer() throws Exception {
    LatencySnapshot snapshot = (LatencySnapshot) map("vllm", "vllm.prom");
    ModelServerSample server = snapshot.getServers().get(0);

    assertThat(snapshot.getServers()).hasSize(1);
    assertThat(server.getModel()).isEqualTo("meta-llama/Llama-3.3-70B-Instruct");
    assertThat(server.getRequestsRunning()).isEqualTo(37);
    assertThat(server.getRequestsWaitingForCapacity()).isEqualTo(11);
    assertThat(server.getKvCacheUsageRatio()).isEqualTo(0.9314159);
    assertThat(server.getPreemptions()).isEqualTo(214);
    assertThat(server.getFinished())
        .containsOnly(
            entry("stop", 5390.0),
            entry("length", 702.0),
            entry("abort", 101.0),
            entry("error", 7.0),
            entry("repetition", 0.0));
    assertThat(server.getRequests()).isEqualTo(6200);
    assertThat(server.getSleepState()).isZero();
    assertThat(server.getCacheConfig()).contains(entry("block_size", "16"));
    assertThat(snapshot.getProcessStartSeconds()).isEqualTo(1_795_104_098.71);
    Histogram tokens = histogram(server, "inter_token");
    assertThat(tokens.getBounds()).hasSize(19).startsWith(0.01, 0.025);
    assertThat(tokens.getCounts()).hasSize(20).startsWith(2614.0).endsWith(1_525_215.0);
    assertThat(tokens.getSum()).isEqualTo(48008.76407935265);
    assertThat(histogram(server, "ttft").getCounts()).endsWith(6237.0);
  }

  @Test
  void anEndpointPickerIsNotCountedTwiceForItsTwoSetsOfNames() throws Exception {
    LatencySnapshot snapshot = (LatencySnapshot) map("epp", "epp.prom");
    ModelServerSample server = snapshot.getServers().get(0);
    PoolSample pool = snapshot.getPools().get(0);

    assertThat(server.getRequests()).isEqualTo(3410 + 2174 + 865);
    assertThat(server.getRequestErrors()).isEqualTo(249);
    assertThat(server.getHistograms())
        .filteredOn(it -> it.getSignal().equals("e2e"))
        .extracting(it -> it.getLabels().get("fairness_id"))
        .containsExactlyInAnyOrder("tenant-a", "tenant-b", "default");
    assertThat(pool.getPool()).isEqualTo("llama-33-70b-inference-pool");
    assertThat(pool.getSaturationRatio()).isEqualTo(1.1375);
    assertThat(pool.getReadyEndpoints()).isEqualTo(2);
    assertThat(pool.getOutcomes()).containsKeys("Dispatched", "RejectedCapacity", "EvictedTTL");
  }

  @Test
  void aNode() throws Exception {
    NodeSample node = ((ResourceSnapshot) map("node", "node-exporter.prom")).getNodes().get(0);

    assertThat(node.getNode()).isEqualTo("n1");
    assertThat(node.getCpuCount()).isEqualTo(2);
    assertThat(node.getCpuIdleSecondsTotal()).isEqualTo(811233.12 + 811240.12);
    assertThat(node.getMemoryAvailableBytes()).isEqualTo(1.212334411776e12);
    assertThat(node.getIoPressureStalledSeconds()).isEqualTo(8011.2);
    assertThat(node.getInfinibandPorts()).isEqualTo(2);
    assertThat(node.getInfinibandPortsActive()).isEqualTo(1);
    assertThat(node.getFailedCollectors()).isEqualTo(1);
    assertThat(node.getOomKills()).isEqualTo(9);
    assertThat(node.getTimeSeconds()).isEqualTo(1.795169700118233e9);
    assertThat(node.getKernelRelease()).isEqualTo("5.14.0-570.58.1.el9_6.x86_64");
  }

  @Test
  void containersOfAKubelet() throws Exception {
    List<ContainerSample> containers =
        ((ResourceSnapshot) map("kubelet", "kubelet-cadvisor.prom")).getContainers();
    ContainerSample embed =
        containers.stream().filter(it -> it.getPod().startsWith("embed")).findFirst().orElseThrow();

    assertThat(containers).hasSize(3);
    assertThat(embed.getCpuThrottledPeriods()).isEqualTo(2901);
    assertThat(embed.getMemoryWorkingSetBytes()).isEqualTo(6.8612334592e10);
    assertThat(embed.getMemoryPressureStalledSeconds()).isEqualTo(58.8);
    assertThat(embed.getOomEvents()).isEqualTo(9);
  }

  @Test
  void whatKubeStateMetricsSays() throws Exception {
    ResourceSnapshot snapshot = (ResourceSnapshot) map("ksm", "kube-state-metrics.prom");
    NodeSample node = snapshot.getNodes().get(0);

    assertThat(node.getAllocatable()).contains(entry("nvidia.com/gpu", 6.0));
    assertThat(node.getCapacity())
        .contains(entry("nvidia.com/gpu", 7.0), entry("nvidia.com/mig-3g.40gb", 1.0));
    assertThat(node.getConditions()).contains(entry("Ready", "true"));
    assertThat(snapshot.getNodes().get(1).getConditions())
        .contains(entry("MemoryPressure", "true"));
    ContainerSample failing =
        snapshot.getContainers().stream()
            .filter(it -> it.getPod().startsWith("embed"))
            .findFirst()
            .orElseThrow();
    assertThat(failing.getWaitingReason()).isEqualTo("CrashLoopBackOff");
    assertThat(failing.getLastTerminatedReason()).isEqualTo("OOMKilled");
    assertThat(failing.getRestarts()).isEqualTo(9);
    assertThat(snapshot.getWorkloads())
        .filteredOn(it -> it.getGeneration() != it.getObservedGeneration())
        .isNotEmpty()
        .allSatisfy(it -> assertThat(it.getKind()).isNotEmpty());
    assertThat(snapshot.getQuotas()).isNotEmpty();
  }

  @Test
  void machinesOfKubeVirt() throws Exception {
    List<VirtualMachineSample> machines =
        ((ResourceSnapshot) map("kubevirt", "kubevirt.prom")).getVirtualMachines();
    VirtualMachineSample machine =
        machines.stream()
            .filter(it -> it.getName().equals("pg-legacy-01"))
            .findFirst()
            .orElseThrow();

    assertThat(machine.getVcpuDelaySeconds()).isEqualTo(36853.0);
    assertThat(machine.getMemoryUsableBytes()).isEqualTo(9.87842478e8);
    assertThat(machine.getStorageReads()).isEqualTo(5.1930207e7);
    assertThat(machine.getMigrationDataRemainingBytes()).isEqualTo(2.911220736e9);
    assertThat(machine.getInfo()).contains(entry("outdated", "true"));
    assertThat(machines)
        .anySatisfy(
            it ->
                assertThat(it.getGpus())
                    .containsExactly("GPU-aa10b3c2-5d4e-4f60-8a7b-9c8d7e6f5a41"));
  }

  @Test
  void aDatabase() throws Exception {
    DatabaseSample database = ((ResourceSnapshot) map("cnpg", "cnpg.prom")).getDatabases().get(0);

    assertThat(database.getDatabase()).isEqualTo("pg-orders");
    assertThat(database.getVersion()).isEqualTo("17.6");
    assertThat(database.getBackends()).isEqualTo(38);
    assertThat(database.getMaxTransactionSeconds()).isEqualTo(88.2);
    assertThat(database.getInactiveReplicationSlots()).isEqualTo(1);
    assertThat(database.getWalSizeBytes()).isEqualTo(5.7243860992e10);
    assertThat(database.getWalVolumeMaxBytes()).isEqualTo(1.073741824e11);
    assertThat(database.getSettings())
        .contains(entry("work_mem", 16384.0), entry("max_connections", 200.0));
    assertThat(database.getExtensions()).contains(entry("vector", "0.8.0"));
    assertThat(database.getOutdatedExtensions()).containsExactly("postgis", "vector");
  }

  private static List<GpuSample> dcgm(String file) throws IOException, ExpositionException {
    return ((ResourceSnapshot) map("dcgm", file)).getGpus();
  }

  private static GpuSample board(List<GpuSample> gpus, String index) {
    return gpus.stream().filter(it -> it.getIndex().equals(index)).findFirst().orElseThrow();
  }

  private static Histogram histogram(ModelServerSample server, String signal) {
    return server.getHistograms().stream()
        .filter(it -> it.getSignal().equals(signal))
        .findFirst()
        .orElseThrow();
  }

  private static Object map(String source, String file) throws IOException, ExpositionException {
    try (InputStream in = FixturesTest.class.getResourceAsStream("/fixtures/" + file)) {
      return new Mapper(Mapping.shipped(source)).map(in.readAllBytes(), Map.of("node", "n1"));
    }
  }
}
