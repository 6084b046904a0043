package dev.plumbline.streams.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.FindingStatus;
import dev.plumbline.schemas.event.GpuSample;
import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.schemas.event.ModelServerSample;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.streams.Given;
import dev.plumbline.streams.findings.Kind;
import java.util.List;
import org.junit.jupiter.api.Test;

class BoardsTest {
  private final Given given = new Given();

  @Test
  void clocksHeldDownByHeatAreAFindingAndTheirReturnClearsIt() {
    scrapes(5, 0, 1980);
    scrapes(3, 0x40, 900);

    assertThat(given.of(Kind.GPU_THROTTLE)).hasSize(1);
    assertThat(given.findings.get(0).getSeverity()).isEqualTo(Severity.critical);
    assertThat(given.findings.get(0).getEvidence().getExpected()).isEqualTo(1980);
    given.restarted();
    scrapes(5, 0, 1980);
    assertThat(given.findings.get(1).getStatus()).isEqualTo(FindingStatus.resolved);
  }

  @Test
  void anIdleBoardAndOneAtItsPowerCapAreWell() {
    scrapes(5, 0x1, 345);
    scrapes(5, 0x4, 1700);

    assertThat(given.findings).isEmpty();
  }

  @Test
  void anXidThatWasThereAtFirstSightIsNoNews() {
    xid(94);
    xid(94);
    xid(Double.NaN);
    xid(94);

    assertThat(given.findings).isEmpty();
  }

  @Test
  void aNewXidIsAsGraveAsItsClass() {
    xid(0);
    xid(79);

    assertThat(given.of(Kind.GPU_FAULT))
        .singleElement()
        .satisfies(it -> assertThat(it.getSeverity()).isEqualTo(Severity.critical));
  }

  @Test
  void anXidThatAnApplicationCausesWakesNobody() {
    xid(0);
    xid(13);

    assertThat(given.of(Kind.GPU_FAULT))
        .allSatisfy(it -> assertThat(it.getSeverity()).isEqualTo(Severity.info));
  }

  @Test
  void aBoardThatVanishesWhileItsExporterAnswersIsLost() {
    for (int i = 0; i < 3; i++) {
      given.shown(given.boards("n1", Given.gpu("GPU-1"), Given.gpu("GPU-2"))).after(30);
    }
    for (int i = 0; i < 3; i++) {
      given.shown(given.boards("n1", Given.gpu("GPU-1"))).after(30);
    }

    assertThat(given.of(Kind.GPU_FAULT))
        .singleElement()
        .satisfies(it -> assertThat(it.getEntity()).containsEntry("gpu", "GPU-2"));
  }

  @Test
  void anExporterThatSaysNothingHasLostNoBoard() {
    given.shown(given.boards("n1", Given.gpu("GPU-1"), Given.gpu("GPU-2"))).after(30);
    for (int i = 0; i < 5; i++) {
      given.shown(given.boards("n1")).after(30);
    }

    assertThat(given.of(Kind.GPU_FAULT)).isEmpty();
  }

  @Test
  void rowsThatCanNotBeRemappedAreAFault() {
    GpuSample failing = Given.gpu("GPU-1");
    failing.setRowRemapFailure(1);
    given.shown(given.boards("n1", failing));

    assertThat(given.of(Kind.GPU_FAULT)).hasSize(1);
  }

  @Test
  void anNvlinkThatHadToBeTrainedAgainIsACriticalFault() {
    links(7, 40, 3);
    given.restarted();
    links(7, 40, 4);

    assertThat(given.of(Kind.GPU_FAULT))
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it.getSeverity()).isEqualTo(Severity.critical);
              assertThat(it.getEvidence().getSummary())
                  .isEqualTo("NVLinks had to be trained again 1 times");
            });
  }

  @Test
  void packetsSentAgainOverNvlinkAreAFaultUntilNoMoreAre() {
    links(7, 40, 3);
    links(7, 45, 3);
    assertThat(last().getSeverity()).isEqualTo(Severity.warning);
    for (int i = 0; i < 62; i++) {
      links(7, 45, 3);
    }

    assertThat(given.of(Kind.GPU_FAULT))
        .extracting(Finding::getStatus)
        .containsExactly(FindingStatus.open, FindingStatus.resolved);
  }

  @Test
  void whatNvlinkCountedInThePastAndACounterThatBeganAnewAreNoNews() {
    for (int i = 0; i < 3; i++) {
      links(90_000, 40, 3);
    }
    links(0, 0, 0);
    links(0, 0, 0);

    assertThat(given.findings).isEmpty();
  }

  @Test
  void brokenPacketsMatterWhenTheyAreManyASecond() {
    links(0, 0, 0);
    links(100, 0, 0);
    assertThat(given.findings).isEmpty();
    links(100 + 30 * 150, 0, 0);

    assertThat(last().getEvidence().getSummary())
        .isEqualTo("150 packets a second arrive broken over NVLink");
  }

  @Test
  void theHealthCheckOfNvlinkIsNamedAndItsPassingClearsIt() {
    GpuSample failing = Given.gpu("GPU-1");
    failing.setHealth(new java.util.HashMap<>(java.util.Map.of("NVLINK", 20.0, "MEM", 0.0)));
    given.shown(given.boards("n1", failing)).after(30);
    assertThat(last().getSeverity()).isEqualTo(Severity.critical);
    assertThat(last().getEvidence().getSummary())
        .isEqualTo("the health check of NVLINK does not pass");
    GpuSample well = Given.gpu("GPU-1");
    well.setHealth(new java.util.HashMap<>(java.util.Map.of("NVLINK", 0.0, "MEM", 0.0)));
    given.shown(given.boards("n1", well)).after(30);

    assertThat(last().getStatus()).isEqualTo(FindingStatus.resolved);
  }

  @Test
  void theHealthChecksOfHeatAndPowerAreNoFaultOfTheBoard() {
    GpuSample capped = Given.gpu("GPU-1");
    capped.setHealth(new java.util.HashMap<>(java.util.Map.of("POWER", 10.0, "THERMAL", 10.0)));
    given.shown(given.boards("n1", capped)).after(30);

    assertThat(given.of(Kind.GPU_FAULT)).isEmpty();
  }

  @Test
  void aQueueForCapacityBesideAFullCacheIsExhaustion() {
    for (int i = 0; i < 4; i++) {
      given.shown(full(11, 0.97)).after(30);
    }

    assertThat(given.of(Kind.GPU_EXHAUSTION)).hasSize(1);
  }

  @Test
  void oneFullEngineOfSeveralIsExhaustion() {
    for (int i = 0; i < 4; i++) {
      LatencySnapshot server = full(11, 0.97);
      ModelServerSample idle = ModelServerSample.newBuilder(server.getServers().get(0)).build();
      idle.setEngine("1");
      idle.setRequestsWaitingForCapacity(0);
      idle.setKvCacheUsageRatio(0.1);
      server.setServers(List.of(server.getServers().get(0), idle));
      given.shown(server).after(30);
    }

    assertThat(given.of(Kind.GPU_EXHAUSTION)).hasSize(1);
  }

  @Test
  void preemptionsAloneAreExhaustionAndSayOnlyWhatIsKnown() {
    for (int i = 0; i < 5; i++) {
      LatencySnapshot server = full(Double.NaN, Double.NaN);
      server.getServers().get(0).setPreemptions(10 * i);
      given.shown(server).after(30);
    }

    assertThat(given.of(Kind.GPU_EXHAUSTION))
        .singleElement()
        .satisfies(
            it ->
                assertThat(it.getEvidence().getSummary())
                    .isEqualTo("0 requests wait, 10 were preempted"));
  }

  @Test
  void heatThatComesAndGoesBetweenScrapesIsReadFromTheTimeItCost() {
    for (int i = 0; i < 6; i++) {
      GpuSample gpu = Given.gpu("GPU-1");
      gpu.setThermalViolationSeconds(i < 3 ? 5 : 5 + 20 * (i - 2));
      given.shown(given.boards("n1", gpu)).after(60);
    }

    assertThat(given.of(Kind.GPU_THROTTLE)).hasSize(1);
  }

  @Test
  void timeLostToThePowerCapIsNoThrottling() {
    for (int i = 0; i < 6; i++) {
      GpuSample gpu = Given.gpu("GPU-1");
      gpu.setClockEventReasons(0x4);
      gpu.setPowerViolationSeconds(30 * i);
      given.shown(given.boards("n1", gpu)).after(60);
    }

    assertThat(given.findings).isEmpty();
  }

  @Test
  void aQueueAloneIsLoad() {
    for (int i = 0; i < 10; i++) {
      given.shown(full(11, 0.3)).after(30);
    }

    assertThat(given.of(Kind.GPU_EXHAUSTION)).isEmpty();
  }

  @Test
  void aServerThatDoesNotSayWhyRequestsWaitIsBelievedByItsCache() {
    for (int i = 0; i < 4; i++) {
      LatencySnapshot server = full(Double.NaN, 0.97);
      server.getServers().get(0).setRequestsWaiting(6);
      given.shown(server).after(30);
    }

    assertThat(given.of(Kind.GPU_EXHAUSTION)).hasSize(1);
  }

  @Test
  void withoutTheBitsAClockAtHalfOfWhatItWorksAtIsHeldDown() {
    working(10, 1980, 0.6);
    given.restarted();
    working(3, 900, 0.6);

    assertThat(given.of(Kind.GPU_THROTTLE)).hasSize(1);
  }

  @Test
  void withoutTheBitsAnIdleClockIsNotHeldDown() {
    working(10, 1980, 0.6);
    working(10, 345, 0.02);

    assertThat(given.findings).isEmpty();
  }

  @Test
  void theInstancesOfABoardAreOneWitness() {
    GpuSample one = Given.gpu("GPU-1");
    one.setClockEventReasons(0x40);
    one.setMigInstance("1");
    GpuSample two = Given.gpu("GPU-1");
    two.setClockEventReasons(0x40);
    two.setMigInstance("2");
    given.shown(given.boards("n1", one, two));

    assertThat(given.of(Kind.GPU_THROTTLE)).isEmpty();
  }

  @Test
  void aBoardThatReportsAnXidAndVanishesIsOneStory() {
    for (double code : new double[] {0, 0, 79}) {
      GpuSample failing = Given.gpu("GPU-2");
      failing.setXid(code);
      given.shown(given.boards("n1", Given.gpu("GPU-1"), failing)).after(30);
    }
    given.restarted();
    for (int i = 0; i < 3; i++) {
      given.shown(given.boards("n1", Given.gpu("GPU-1"))).after(30);
    }

    assertThat(given.of(Kind.GPU_FAULT)).extracting(Finding::getId).containsOnly(last().getId());
  }

  @Test
  void anXidOnABoardThatNeverShowedTheGaugeIsNews() {
    for (int i = 0; i < 5; i++) {
      xid(Double.NaN);
    }
    xid(48);

    assertThat(given.of(Kind.GPU_FAULT)).hasSize(1);
  }

  @Test
  void theBoardsOfANodeThatLeftAreNotMissed() {
    given.shown(given.boards("n1", Given.gpu("GPU-1"), Given.gpu("GPU-2"))).after(30);
    var gone = given.boards("n1");
    gone.getHeader().setGone(true);
    given.shown(gone).after(30);
    for (int i = 0; i < 5; i++) {
      given.shown(given.boards("n1", Given.gpu("GPU-1"))).after(30);
    }

    assertThat(given.findings).isEmpty();
  }

  private void links(double crcErrors, double replays, double recoveries) {
    GpuSample gpu = Given.gpu("GPU-1");
    gpu.setNvlinkCrcErrors(crcErrors);
    gpu.setNvlinkReplays(replays);
    gpu.setNvlinkRecoveries(recoveries);
    given.shown(given.boards("n1", gpu)).after(30);
  }

  private void working(int count, double clock, double busy) {
    for (int i = 0; i < count; i++) {
      GpuSample gpu = Given.gpu("GPU-1");
      gpu.setClockEventReasons(Double.NaN);
      gpu.setSmClockMhz(clock);
      gpu.setGraphicsEngineActiveRatio(busy);
      given.shown(given.boards("n1", gpu)).after(60);
    }
  }

  private Finding last() {
    return given.findings.get(given.findings.size() - 1);
  }

  private LatencySnapshot full(double waiting, double used) {
    LatencySnapshot snapshot = given.server("retail", "chat", "chat-1", 1, 1);
    snapshot.getServers().get(0).setRequestsWaitingForCapacity(waiting);
    snapshot.getServers().get(0).setKvCacheUsageRatio(used);
    return snapshot;
  }

  private void xid(double code) {
    GpuSample gpu = Given.gpu("GPU-1");
    gpu.setXid(code);
    given.shown(given.boards("n1", gpu)).after(30);
  }

  private void scrapes(int count, int reasons, double clock) {
    for (int i = 0; i < count; i++) {
      GpuSample gpu = Given.gpu("GPU-1");
      gpu.setClockEventReasons(reasons);
      gpu.setSmClockMhz(clock);
      given.shown(given.boards("n1", gpu)).after(60);
    }
  }
}
