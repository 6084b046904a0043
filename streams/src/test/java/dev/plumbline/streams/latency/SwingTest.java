package dev.plumbline.streams.latency;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.FindingStatus;
import dev.plumbline.schemas.event.Histogram;
import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.schemas.event.ModelServerSample;
import dev.plumbline.streams.Given;
import dev.plumbline.streams.findings.Kind;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Replicas of one model server at 30 s a scrape; a step takes 10 ms and a little more under load.
 */
class SwingTest {
  private final Given given = new Given();
  private final Random random = new Random(7);
  private final double[] steps = new double[3];
  private final double[] seconds = new double[3];
  private List<Double> bounds = List.of(0.05, 0.1, 1.0);
  private double asked;
  private double waited;
  private double prompted;
  private double started = 1_000;

  @BeforeEach
  void aNodeWithOneBoardThatTwoPodsShare() {
    given.shown(given.identity("eu"));
    given.shown(
        given.labelled(
            given.object("v1/Node/n1", ""), "nvidia.com/gpu.sharing-strategy", "time-slicing"));
    given.shown(given.boards("n1", Given.gpu("GPU-1", "retail/chat-0", "legal/summarize-1")));
  }

  @Test
  void stepsThatTakeMuchLongerAtTheSameLoadAreASwing() {
    scrapes(40, 100, 1);
    scrapes(5, 100, 1.7);

    assertThat(given.of(Kind.LATENCY_SWING)).hasSize(1);
    Finding finding = given.of(Kind.LATENCY_SWING).get(0);
    assertThat(finding.getEntity())
        .containsEntry("namespace", "retail")
        .containsEntry("workload", "chat")
        .containsEntry("pod", "chat-0");
    assertThat(finding.getEvidence().getExpected()).isBetween(0.010, 0.013);
  }

  @Test
  void aServerWhoseClockRunsAheadIsJudgedLikeAnyOther() {
    started = Given.START / 1000.0 + 30 * 86_400;
    scrapes(40, 100, 1);
    scrapes(5, 100, 1.7);

    assertThat(given.of(Kind.LATENCY_SWING)).hasSize(1);
  }

  @Test
  void itClearsWhenStepsAreQuickAgain() {
    scrapes(40, 100, 1);
    scrapes(8, 100, 2);
    scrapes(12, 100, 1);

    assertThat(last(Kind.LATENCY_SWING).getStatus()).isEqualTo(FindingStatus.resolved);
  }

  @Test
  void aFlashCrowdIsNoSwing() {
    scrapes(40, 100, 1);
    scrapes(20, 900, 3);
    scrapes(10, 100, 1);

    assertThat(given.of(Kind.LATENCY_SWING)).isEmpty();
  }

  @Test
  void oneSlowScrapeIsNoSwing() {
    scrapes(40, 100, 1);
    scrapes(1, 100, 3);
    scrapes(10, 100, 1);

    assertThat(given.of(Kind.LATENCY_SWING)).isEmpty();
  }

  @Test
  void aModelThatHardlyAnybodyAsksNeverPages() {
    scrapes(40, 0.3, 1);
    scrapes(20, 0.3, 4);

    assertThat(given.of(Kind.LATENCY_SWING)).isEmpty();
  }

  @Test
  void aSlowdownOfAThirdTakesMoreScrapesAndIsFoundToo() {
    scrapes(60, 100, 1);
    scrapes(12, 100, 1.33);

    assertThat(given.of(Kind.LATENCY_SWING)).hasSize(1);
  }

  @Test
  void firstTokensThatTakeLongerWhileStepsDoNotAreASwing() {
    answers(60, 1_000, 1);
    answers(15, 1_000, 2);

    assertThat(last(Kind.LATENCY_SWING).getEvidence().getDetails()).containsEntry("signal", "ttft");
  }

  @Test
  void longerPromptsAreNoSwing() {
    answers(40, 1_000, 1);
    answers(12, 1_800, 1);
    answers(12, 1_200, 1);

    assertThat(given.of(Kind.LATENCY_SWING)).isEmpty();
  }

  @Test
  void bucketsThatChangeInTheMiddleChangeNothing() {
    answers(40, 1_000, 1);
    bounds = List.of(0.02, 0.04, 0.08, 1.0);
    answers(20, 1_000, 1);
    assertThat(given.of(Kind.LATENCY_SWING)).isEmpty();
    given.restarted();
    answers(12, 1_000, 2);

    assertThat(given.of(Kind.LATENCY_SWING)).isNotEmpty();
  }

  @Test
  void aSlowdownThatComesAndGoesIsSaidToOscillate() {
    scrapes(60, 100, 1);
    for (int i = 0; i < 8; i++) {
      scrapes(2, 100, 1.6);
      scrapes(2, 100, 1);
    }

    assertThat(given.of(Kind.LATENCY_SWING)).isNotEmpty();
  }

  @Test
  void aRestartOfDetectionInTheMiddleChangesNothing() {
    scrapes(40, 100, 1);
    given.restarted();
    scrapes(2, 100, 1.7);
    given.restarted();
    scrapes(3, 100, 1.7);

    assertThat(given.of(Kind.LATENCY_SWING)).hasSize(1);
  }

  @Test
  void theImageThatWasChangedJustBeforeIsTheCause() {
    deployed("v1");
    scrapes(40, 100, 1);
    deployed("v2");
    scrapes(6, 100, 2);

    Finding finding = last(Kind.LATENCY_SWING);
    assertThat(finding.getCause().getKind()).isEqualTo(Kind.DRIFT_CONFIG);
    assertThat(finding.getCause().getEntity())
        .containsEntry("field", "spec.template.spec.containers[0].image");
  }

  @Test
  void aNeighbourOnTheBoardThatGrewAtTheSameTimeIsTheAggressor() {
    for (int i = 0; i < 40; i++) {
      neighbour(20);
      scrapes(1, 100, 1);
    }
    for (int i = 0; i < 8; i++) {
      neighbour(400);
      scrapes(1, 100, 2);
    }

    Finding contention = last(Kind.GPU_CONTENTION);
    assertThat(contention.getEntity()).containsEntry("workload", "chat");
    assertThat(contention.getCause().getEntity()).containsEntry("workload", "summarize");
    assertThat(last(Kind.LATENCY_SWING).getCause().getFinding()).isEqualTo(contention.getId());
  }

  @Test
  void aNeighbourThatDoesWhatItAlwaysDidIsNotAccused() {
    for (int i = 0; i < 48; i++) {
      neighbour(20);
      scrapes(1, 100, i < 40 ? 1 : 2);
    }

    assertThat(given.of(Kind.LATENCY_SWING)).isNotEmpty();
    assertThat(given.of(Kind.GPU_CONTENTION)).isEmpty();
  }

  @Test
  void aBatchJobThatMerelyLandedOnTheNodeIsNotAccused() {
    scrapes(40, 100, 1);
    var job = given.object("v1/Pod/research/reindex-1", "", "spec.nodeName", "n1");
    job.setOwner("Job/reindex");
    given.shown(job);
    scrapes(8, 100, 2);

    assertThat(given.of(Kind.LATENCY_SWING)).isNotEmpty();
    assertThat(given.of(Kind.GPU_CONTENTION)).isEmpty();
  }

  private void scrapes(int count, double tokensPerSecond, double slower) {
    for (int i = 0; i < count; i++) {
      double load = tokensPerSecond * (0.7 + 0.6 * random.nextDouble());
      double done = Math.rint(load * 30);
      double step = (0.010 + 0.00001 * load) * slower * (1 + 0.03 * random.nextGaussian());
      steps[0] += done;
      seconds[0] += done * step;
      LatencySnapshot server = given.server("retail", "chat", "chat-0", steps[0], seconds[0]);
      server.setProcessStartSeconds(started);
      given.shown(server).after(30);
    }
  }

  /** Scrapes of 20 requests: the first token takes 20 ms, and 0.05 ms for each of the prompt. */
  private void answers(int count, double promptTokens, double slower) {
    for (int i = 0; i < count; i++) {
      double length = promptTokens * (0.7 + 0.6 * random.nextDouble());
      double wait = (0.020 + 0.00005 * length) * slower * (1 + 0.1 * random.nextGaussian());
      asked += 20;
      waited += 20 * wait;
      prompted += 20 * length;
      steps[0] += 3_000;
      seconds[0] += 3_000 * 0.01 * (1 + 0.03 * random.nextGaussian());
      LatencySnapshot server = given.server("retail", "chat", "chat-0", steps[0], seconds[0]);
      ModelServerSample sample = server.getServers().get(0);
      sample.setPromptTokens(prompted);
      Histogram first = new Histogram();
      first.setSignal("ttft");
      first.setLabels(Map.of());
      first.setBounds(bounds);
      first.setCounts(new ArrayList<>(Collections.nCopies(bounds.size() + 1, asked)));
      first.setSum(waited);
      sample.setHistograms(List.of(sample.getHistograms().get(0), first));
      given.shown(server).after(30);
    }
  }

  private void neighbour(double tokensPerSecond) {
    steps[1] += tokensPerSecond * 30;
    seconds[1] += tokensPerSecond * 30 * 0.02;
    given.shown(given.server("legal", "summarize", "summarize-1", steps[1], seconds[1]));
  }

  private void deployed(String image) {
    given.shown(
        given.object(
            "apps/v1/Deployment/retail/chat",
            "",
            "spec.template.spec.containers[0].image",
            "vllm:" + image));
  }

  private Finding last(String kind) {
    return given.of(kind).get(given.of(kind).size() - 1);
  }
}
