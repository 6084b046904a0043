package dev.plumbline.streams.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.plumbline.schemas.Samples;
import dev.plumbline.schemas.event.ContainerSample;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.FindingStatus;
import dev.plumbline.schemas.event.GpuSample;
import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.schemas.event.NodeSample;
import dev.plumbline.schemas.event.ResourceSnapshot;
import dev.plumbline.streams.Given;
import dev.plumbline.streams.findings.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One node, minute by minute: chat-1 of retail is the server that becomes slow. */
class ContentionTest {
  private static final String VICTIM = "retail/chat-1";
  private static final String JOB = "lab/etl-1";

  private final Given given = new Given();
  private final Map<String, Double> coreSeconds = new TreeMap<>();

  // the world of the present minute
  private double stepSeconds = 0.010;
  private double started = 1_000;
  private double pressure = 0.01;
  private double busy = 0.2;
  private final Map<String, Double> cores = new TreeMap<>(Map.of(VICTIM, 1.0, JOB, 0.5));
  private final List<GpuSample> boards = new ArrayList<>();
  private double throttled;
  private double victimWaits = Double.NaN;
  private double otherTokens = Double.NaN;

  // what counts up
  private double steps = 1e6;
  private double seconds = 1e4;
  private double tokens = 1e6;
  private double waiting;
  private double idle;
  private double total;
  private double periods;
  private double throttledPeriods;
  private double victimWaiting;

  @BeforeEach
  void aNodeThatIsKnownForHalfAnHour() {
    boards.add(Given.gpu("GPU-0", VICTIM));
    boards.add(Given.gpu("GPU-1"));
    boards.forEach(ContentionTest::calm);
    pod(VICTIM);
    pod(JOB);
    minutes(30);
  }

  @Test
  void processorsThatAPodTookAreMeasuredAndTheVictimIsTold() {
    starve();
    cores.put(JOB, 110.0);
    minutes(8);

    Finding told = contention();
    assertThat(told.getEntity()).containsEntry("pod", "chat-1").containsEntry("node", "n1");
    assertThat(told.getCause().getEntity()).containsEntry("pod", "etl-1");
    assertThat(told.getEvidence().getDetails())
        .containsEntry("resource", "CPU")
        .containsEntry("attribution", "measured")
        .containsEntry("aggressor", JOB);
  }

  @Test
  void starvedProcessorsWithoutWordOfTheContainersAccuseNobody() {
    cores.clear();
    starve();
    minutes(8);

    assertThat(contention().getEvidence().getDetails())
        .containsEntry("attribution", "device-wide")
        .doesNotContainKey("aggressor");
    assertThat(contention().getCause()).isNull();
  }

  @Test
  void whoIsMeasuredLaterIsNamedLater() {
    Map<String, Double> known = new TreeMap<>(cores);
    cores.clear();
    starve();
    minutes(6);
    assertThat(contention().getCause()).isNull();

    cores.putAll(known);
    cores.put(JOB, 110.0);
    minutes(4);

    assertThat(given.of(Kind.GPU_CONTENTION))
        .hasSize(2)
        .last()
        .satisfies(it -> assertThat(it.getCause().getEntity()).containsEntry("pod", "etl-1"))
        .satisfies(it -> assertThat(it.getStatus()).isEqualTo(FindingStatus.update));
  }

  @Test
  void withoutPressureInformationProcessorsThatAreUsedUpAreShort() {
    pressure = Double.NaN;
    busy = 0.99;
    stepSeconds = 0.02;
    cores.put(JOB, 110.0);
    minutes(8);

    assertThat(contention().getEvidence().getDetails()).containsEntry("resource", "CPU");
  }

  @Test
  void aServerAtItsOwnCpuLimitLacksNothingThatOthersTake() {
    starve();
    throttled = 0.6;
    cores.put(JOB, 110.0);
    minutes(8);

    assertThat(given.of(Kind.GPU_CONTENTION)).isEmpty();
  }

  @Test
  void aServerThatWaitsForNoProcessorIsNotStarved() {
    victimWaits = 0.001;
    starve();
    cores.put(JOB, 110.0);
    minutes(8);

    assertThat(given.of(Kind.GPU_CONTENTION)).isEmpty();
  }

  @Test
  void whoTakesTheProcessorsItselfAccusesNobody() {
    starve();
    cores.put(VICTIM, 110.0);
    minutes(8);

    assertThat(given.of(Kind.GPU_CONTENTION)).isEmpty();
  }

  @Test
  void aJobThatMerelyStartsOnTheNodeIsNoAggressor() {
    pod("lab/train-1");
    boards.get(1).setHolders(Given.gpu("GPU-1", "lab/train-1").getHolders());
    boards.get(1).setGraphicsEngineActiveRatio(0.99);
    stepSeconds = 0.02;
    minutes(8);

    assertThat(given.of(Kind.LATENCY_SWING)).isNotEmpty();
    assertThat(given.of(Kind.GPU_CONTENTION)).isEmpty();
  }

  @Test
  void aBoardThatFillsPcieIsMeasuredAndItsHolderNamed() {
    boards.get(1).setHolders(Given.gpu("GPU-1", JOB).getHolders());
    minutes(3);
    boards.get(1).setPcieReceiveBytesPerSecond(22e9);
    stepSeconds = 0.02;
    minutes(8);

    assertThat(contention().getCause().getEntity()).containsEntry("pod", "etl-1");
    assertThat(contention().getEvidence().getDetails())
        .containsEntry("resource", "PCIe")
        .containsEntry("attribution", "measured");
  }

  @Test
  void trafficToABoardOfManyIsNobodysInParticular() {
    boards.get(1).setHolders(Given.gpu("GPU-1", JOB, "lab/other-1").getHolders());
    pod("lab/other-1");
    minutes(15);
    boards.get(1).setPcieReceiveBytesPerSecond(22e9);
    stepSeconds = 0.02;
    minutes(8);

    assertThat(contention().getCause()).isNull();
    assertThat(contention().getEvidence().getDetails()).containsEntry("attribution", "device-wide");
  }

  @Test
  void ordinaryTrafficIsNoContention() {
    boards.get(1).setHolders(Given.gpu("GPU-1", JOB).getHolders());
    boards.get(1).setPcieReceiveBytesPerSecond(2e9);
    stepSeconds = 0.02;
    minutes(8);

    assertThat(given.of(Kind.GPU_CONTENTION)).isEmpty();
  }

  @Test
  void theOnlyNeighbourThatDoesNotTellItsWorkIsWhoTakesTheMemoryBandwidth() {
    share(VICTIM, JOB);
    minutes(15);
    load(0.95, 0.85);
    stepSeconds = 0.02;
    minutes(8);

    assertThat(contention().getCause().getEntity()).containsEntry("pod", "etl-1");
    assertThat(contention().getEvidence().getDetails())
        .containsEntry("resource", "memory bandwidth")
        .containsEntry("attribution", "apportioned");
  }

  @Test
  void onASlicedBoardWhoseExporterNamesOnlyOneThatOneIsWhoTakesOfIt() {
    sliced();
    share(JOB);
    minutes(15);
    load(0.95, 0.85);
    stepSeconds = 0.02;
    minutes(8);

    assertThat(contention().getCause().getEntity()).containsEntry("pod", "etl-1");
    assertThat(contention().getEvidence().getDetails()).containsEntry("attribution", "apportioned");
  }

  @Test
  void onABoardOfItsOwnAPodTheExporterNamesTakesNothingOfTheVictims() {
    share(JOB);
    minutes(15);
    load(0.95, 0.85);
    stepSeconds = 0.02;
    minutes(8);

    assertThat(given.of(Kind.GPU_CONTENTION)).isEmpty();
  }

  @Test
  void ofTwoSilentNeighboursNeitherIsAccusedOnTheBoardsNumbersAlone() {
    pod("lab/other-1");
    share(VICTIM, JOB, "lab/other-1");
    minutes(15);
    load(0.95, 0.85);
    stepSeconds = 0.02;
    minutes(8);

    assertThat(contention().getCause()).isNull();
    assertThat(contention().getEvidence().getDetails()).containsEntry("attribution", "device-wide");
  }

  @Test
  void kernelsThatAreReportedPerProcessAreMeasured() {
    pod("lab/other-1");
    share(VICTIM, JOB, "lab/other-1");
    perProcess(0.3, 0.05, 0.05);
    minutes(15);
    load(0.95, 0.4);
    perProcess(0.2, 0.05, 0.7);
    stepSeconds = 0.02;
    minutes(8);

    assertThat(contention().getCause().getEntity()).containsEntry("pod", "other-1");
    assertThat(contention().getEvidence().getDetails()).containsEntry("attribution", "measured");
  }

  @Test
  void theBoardsValueRepeatedForEachPodIsNotTheirOwn() {
    pod("lab/other-1");
    share(VICTIM, JOB, "lab/other-1");
    perProcess(0.4, 0.4, 0.4);
    minutes(15);
    load(0.95, 0.4);
    perProcess(0.95, 0.95, 0.95);
    stepSeconds = 0.02;
    minutes(8);

    assertThat(contention().getCause()).isNull();
  }

  @Test
  void aServerThatDoesManyTimesItsWorkIsMeasuredByItsOwnCount() {
    otherTokens = 100;
    share(VICTIM, "retail/digest-1");
    minutes(30);
    otherTokens = 900;
    stepSeconds = 0.02;
    minutes(8);

    assertThat(contention().getCause().getEntity()).containsEntry("workload", "digest");
    assertThat(contention().getEvidence().getDetails()).containsEntry("attribution", "measured");
  }

  @Test
  void aNeighboursEverydayBurstsAreNoContention() {
    share(VICTIM, "retail/digest-1");
    for (int i = 0; i < 12; i++) {
      otherTokens = 30;
      minutes(4);
      otherTokens = 300;
      minutes(2);
    }
    stepSeconds = 0.02;
    otherTokens = 30;
    minutes(2);
    otherTokens = 300;
    minutes(2);
    otherTokens = 30;
    minutes(4);

    assertThat(given.of(Kind.LATENCY_SWING)).isNotEmpty();
    assertThat(given.of(Kind.GPU_CONTENTION)).isEmpty();
  }

  @Test
  void aNeighbourOnAnotherInstanceTakesNeitherComputeNorMemoryBandwidth() {
    split();
    minutes(15);
    boards.get(1).setGraphicsEngineActiveRatio(1.0);
    boards.get(1).setDramActiveRatio(0.95);
    stepSeconds = 0.02;
    minutes(8);

    assertThat(given.of(Kind.LATENCY_SWING)).isNotEmpty();
    assertThat(given.of(Kind.GPU_CONTENTION)).isEmpty();
  }

  @Test
  void aNeighbourOnAnotherInstanceMayTakeThePowerOfTheBoard() {
    split();
    minutes(15);
    boards.get(1).setGraphicsEngineActiveRatio(1.0);
    for (GpuSample instance : boards) {
      instance.setClockEventReasons(0x4);
      instance.setSmClockMhz(1500);
    }
    stepSeconds = 0.02;
    minutes(8);

    assertThat(contention().getCause().getEntity()).containsEntry("pod", "etl-1");
    assertThat(contention().getEvidence().getDetails())
        .containsEntry("resource", "power")
        .containsEntry("attribution", "measured");
  }

  @Test
  void podsOfOneInstanceShareItsMemory() {
    split();
    boards.get(0).setHolders(Given.gpu("GPU-0", VICTIM, JOB).getHolders());
    boards.get(1).setHolders(List.of());
    minutes(15);
    load(0.95, 0.85);
    stepSeconds = 0.02;
    minutes(8);

    assertThat(contention().getEvidence().getDetails())
        .containsEntry("resource", "memory bandwidth")
        .containsEntry("aggressor", JOB);
  }

  @Test
  void aRolloutOfTheVictimOutranksAJobThatCameBesideIt() {
    given.shown(given.object("apps/v1/Deployment/retail/chat", "argocd-controller", "image", "a"));
    minutes(1);
    given.shown(given.object("apps/v1/Deployment/retail/chat", "kubectl-edit", "image", "b"));
    pod("lab/train-1");
    share(VICTIM, "lab/train-1");
    load(0.95, 0.85);
    stepSeconds = 0.02;
    minutes(8);

    assertThat(given.of(Kind.LATENCY_SWING)).isNotEmpty();
    assertThat(given.of(Kind.GPU_CONTENTION)).isEmpty();
  }

  @Test
  void aJobThatCameToTheBoardAndWorksIsApportionedWhatTheBoardDoesMore() {
    pod("lab/train-1");
    share(VICTIM, "lab/train-1");
    load(0.95, 0.3);
    stepSeconds = 0.02;
    minutes(8);

    assertThat(contention().getCause().getEntity()).containsEntry("pod", "train-1");
    assertThat(contention().getEvidence().getDetails()).containsEntry("attribution", "apportioned");
  }

  @Test
  void aBoardThatIdlesAtTheSameWorkPointsToTheHostAndToTheOneThatLoadsIt() {
    cores.put(JOB, 16.0);
    load(0.2, 0.1);
    stepSeconds = 0.02;
    minutes(8);

    assertThat(contention().getCause().getEntity()).containsEntry("pod", "etl-1");
    assertThat(contention().getEvidence().getDetails())
        .containsEntry("resource", "the host")
        .containsEntry("attribution", "apportioned");
  }

  @Test
  void aSlownessTooSmallToTellIsContentionBesideProcessorsThatAPodTook() {
    minutes(30);
    starve();
    stepSeconds = 0.0115;
    cores.put(JOB, 110.0);
    minutes(20);

    assertThat(given.of(Kind.LATENCY_SWING)).isEmpty();
    assertThat(contention().getCause().getEntity()).containsEntry("pod", "etl-1");
    assertThat(contention().getEvidence().getObserved()).isCloseTo(0.0115, within(1e-6));
    assertThat(contention().getEvidence().getExpected()).isCloseTo(0.010, within(5e-4));
  }

  @Test
  void aSlownessTooSmallToTellIsNoContentionWhereNobodyIsKnownToTakeAnything() {
    minutes(30);
    cores.clear();
    starve();
    stepSeconds = 0.0115;
    minutes(20);

    assertThat(given.of(Kind.GPU_CONTENTION)).isEmpty();
  }

  @Test
  void contentionBesideASmallSlownessEndsWithIt() {
    minutes(30);
    starve();
    stepSeconds = 0.0115;
    cores.put(JOB, 110.0);
    minutes(12);
    stepSeconds = 0.010;
    minutes(40);

    assertThat(given.of(Kind.GPU_CONTENTION))
        .extracting(Finding::getStatus)
        .containsExactly(FindingStatus.open, FindingStatus.resolved);
  }

  @Test
  void aBlipOfAFewScrapesIsNoContentionHoweverMuchItSlowsDown() {
    minutes(30);
    cores.put(JOB, 110.0);
    pressure = 0.5;
    busy = 0.97;
    stepSeconds = 0.014;
    minutes(2);
    stepSeconds = 0.010;
    minutes(20);

    assertThat(given.of(Kind.GPU_CONTENTION)).isEmpty();
  }

  @Test
  void aReplicaThatIsStillFindingItsPlaceIsNotSlowedDownByOthersUnlessMuch() {
    started = given.now / 1000.0;
    minutes(30);
    starve();
    stepSeconds = 0.0115;
    cores.put(JOB, 110.0);
    minutes(15);

    assertThat(given.of(Kind.GPU_CONTENTION)).isEmpty();
  }

  @Test
  void aServersBurstBesideASmallSlownessIsContentionOnlyOnceItLasts() {
    otherTokens = 100;
    share(VICTIM, "retail/digest-1");
    minutes(30);
    otherTokens = 900;
    stepSeconds = 0.0115;
    minutes(8);
    assertThat(given.of(Kind.GPU_CONTENTION)).isEmpty();

    minutes(6);
    assertThat(contention().getCause().getEntity()).containsEntry("workload", "digest");
  }

  @Test
  void aServerThatHasJustComeIsNotAccusedOfASmallSlownessForItHasNoUsualYet() {
    minutes(30);
    pod("retail/digest-1");
    share(VICTIM, "retail/digest-1");
    otherTokens = 900;
    stepSeconds = 0.0115;
    minutes(20);

    assertThat(given.of(Kind.GPU_CONTENTION)).isEmpty();
  }

  @Test
  void aRestartInTheMiddleSaysTheSame() {
    starve();
    cores.put(JOB, 110.0);
    minutes(2);
    given.restarted();
    minutes(6);

    assertThat(contention().getCause().getEntity()).containsEntry("pod", "etl-1");
  }

  // ---------------------------------------------------------------------------------------

  private Finding contention() {
    assertThat(given.of(Kind.GPU_CONTENTION)).hasSize(1);
    return given.of(Kind.GPU_CONTENTION).get(0);
  }

  private void starve() {
    pressure = 0.5;
    busy = 0.97;
    stepSeconds = 0.02;
  }

  private void sliced() {
    given.shown(
        given.labelled(
            given.object("v1/Node/n1", ""), "nvidia.com/gpu.sharing-strategy", "time-slicing"));
  }

  private void share(String... pods) {
    boards.get(0).setHolders(Given.gpu("GPU-0", pods).getHolders());
  }

  private void load(double engine, double memory) {
    boards.get(0).setGraphicsEngineActiveRatio(engine);
    boards.get(0).setDramActiveRatio(memory);
  }

  /** Utilisation of the board's holders; the board's own is the largest. */
  private void perProcess(double... ratios) {
    double most = 0;
    for (int i = 0; i < ratios.length; i++) {
      boards.get(0).getHolders().get(i).setUtilizationRatio(ratios[i]);
      most = Math.max(most, ratios[i]);
    }
    boards.get(0).setUtilizationRatio(most);
  }

  /** One board, two instances: the victim's and the job's. */
  private void split() {
    boards.set(0, Given.gpu("GPU-0", VICTIM));
    boards.set(1, Given.gpu("GPU-0", JOB));
    for (int i = 0; i < 2; i++) {
      boards.get(i).setMigInstance(Integer.toString(i + 1));
      calm(boards.get(i));
    }
  }

  private static void calm(GpuSample gpu) {
    gpu.setGraphicsEngineActiveRatio(0.4);
    gpu.setDramActiveRatio(0.3);
    gpu.setPcieTransmitBytesPerSecond(2e7);
    gpu.setPcieReceiveBytesPerSecond(2e7);
  }

  private void pod(String key) {
    given.shown(given.object("v1/Pod/" + key, "", "spec.nodeName", "n1"));
  }

  private void minutes(int count) {
    for (int i = 0; i < count; i++) {
      given.after(60);
      given.shown(given.boards("n1", boards.toArray(GpuSample[]::new)));
      given.shown(node());
      if (!cores.isEmpty()) {
        given.shown(kubelet());
      }
      steps += 600;
      seconds += 600 * stepSeconds;
      LatencySnapshot victim = given.server("retail", "chat", "chat-1", steps, seconds);
      victim.setProcessStartSeconds(started);
      given.shown(victim);
      if (!Double.isNaN(otherTokens)) {
        given.shown(digest());
      }
    }
  }

  /** The neighbour's steps always take the same: only its work changes. */
  private LatencySnapshot digest() {
    tokens += otherTokens * 60;
    return given.server("retail", "digest", "digest-1", tokens, tokens * 0.01);
  }

  private ResourceSnapshot node() {
    ResourceSnapshot snapshot = given.node("n1", 0);
    NodeSample sample = snapshot.getNodes().get(0);
    waiting += 60 * pressure;
    total += 60 * 128;
    idle += 60 * 128 * (1 - busy);
    sample.setCpuPressureWaitingSeconds(waiting);
    sample.setCpuSecondsTotal(total);
    sample.setCpuIdleSecondsTotal(idle);
    return snapshot;
  }

  private ResourceSnapshot kubelet() {
    ResourceSnapshot snapshot = given.resource(given.header("kubelet", "n1", "node", "n1"));
    periods += 600;
    throttledPeriods += 600 * throttled;
    victimWaiting += Double.isNaN(victimWaits) ? 0 : 60 * victimWaits;
    List<ContainerSample> containers = new ArrayList<>();
    cores.forEach(
        (pod, used) -> {
          ContainerSample container = Samples.blank(ContainerSample.class);
          container.setNamespace(pod.substring(0, pod.indexOf('/')));
          container.setPod(pod.substring(pod.indexOf('/') + 1));
          container.setContainer("main");
          container.setCpuSeconds(coreSeconds.merge(pod, 60 * used, Double::sum));
          if (pod.equals(VICTIM)) {
            container.setCpuPeriods(periods);
            container.setCpuThrottledPeriods(throttledPeriods);
            container.setCpuPressureWaitingSeconds(
                Double.isNaN(victimWaits) ? Double.NaN : victimWaiting);
          }
          containers.add(container);
        });
    snapshot.setContainers(containers);
    return snapshot;
  }
}
