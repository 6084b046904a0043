package dev.plumbline.streams.latency;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.plumbline.detectors.tail.Rise;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.FindingStatus;
import dev.plumbline.schemas.event.Histogram;
import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.schemas.event.ModelServerSample;
import dev.plumbline.streams.Given;
import dev.plumbline.streams.findings.Kind;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * A model server of vLLM's buckets at 30 s a scrape. A first token takes about 60 ms, a step 15 ms;
 * some of either take much longer.
 */
class TailTest {
  private static final double[] FIRST = {
    .001, .005, .01, .02, .04, .06, .08, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10, 20
  };
  private static final double[] STEP = {.01, .025, .05, .075, .1, .15, .2, .3, .4, .5, .75, 1};

  /** What a histogram counts. */
  private static final class Counted {
    final String signal;
    double[] bounds;
    double[] counts;
    double sum;

    Counted(String signal, double[] bounds) {
      this.signal = signal;
      bounds(bounds);
    }

    void bounds(double[] bounds) {
      this.bounds = bounds;
      counts = new double[bounds.length + 1];
    }

    void add(double seconds, int times) {
      for (int i = 0; i < counts.length; i++) {
        counts[i] += i == bounds.length || seconds <= bounds[i] ? times : 0;
      }
      sum += seconds * times;
    }

    Histogram histogram() {
      Histogram histogram = new Histogram();
      histogram.setSignal(signal);
      histogram.setLabels(Map.of());
      histogram.setBounds(Arrays.stream(bounds).boxed().toList());
      histogram.setCounts(new ArrayList<>(Arrays.stream(counts).boxed().toList()));
      histogram.setSum(sum);
      return histogram;
    }
  }

  private final Given given = new Given();
  private final Random random = new Random(17);
  private final Counted first = new Counted("ttft", FIRST);
  private final Counted step = new Counted("inter_token", STEP);
  private double prompted;
  private double factor = 1;
  private double slowRequests;
  private double slowSeconds;
  private double stalls;

  @Test
  void oneRequestInTwentyThatHitsASlowPathIsATail() {
    scrapes(60, 20);
    slow(0.05, 0.8);
    scrapes(40, 20);

    Finding finding = only();
    assertThat(finding.getEvidence().getDetails())
        .containsEntry("signal", "ttft")
        .containsEntry("form", "tail");
    assertThat(detail(finding, "share")).isBetween(0.02, 0.12);
    assertThat(detail(finding, "usualShare")).isBetween(0.0, 0.02);
    assertThat(detail(finding, "effectMs")).isBetween(500.0, 1_100.0);
    assertThat(finding.getEvidence().getExpected()).isCloseTo(0.06, within(0.03));
  }

  @Test
  void aTailThatWasAlwaysThereIsNoNews() {
    slow(0.05, 0.8);
    scrapes(200, 20);

    assertThat(given.of(Kind.LATENCY_SWING)).isEmpty();
  }

  @Test
  void oneStepInTwentyThatStallsIsATail() {
    scrapes(60, 20);
    stalls = 0.05;
    scrapes(30, 20);

    assertThat(only().getEvidence().getDetails())
        .containsEntry("signal", "inter_token")
        .containsEntry("form", "tail");
  }

  @Test
  void aModelThatHardlyAnybodyAsksNeverPages() {
    scrapes(200, 1);
    slow(0.1, 3);
    scrapes(40, 1);

    assertThat(given.of(Kind.LATENCY_SWING)).isEmpty();
  }

  @Test
  void allThatTakeLongerAreALevel() {
    scrapes(60, 20);
    factor = 1.8;
    scrapes(30, 20);

    assertThat(only().getEvidence().getDetails()).containsEntry("form", "level");
    assertThat(detail(only(), "effectMs")).isPositive();
  }

  @Test
  void itClearsWhenTheSlowPathIsMended() {
    scrapes(60, 20);
    slow(0.05, 0.8);
    scrapes(60, 20);
    slow(0, 0);
    scrapes(60, 20);

    List<Finding> said = given.of(Kind.LATENCY_SWING);
    assertThat(said.get(said.size() - 1).getStatus()).isEqualTo(FindingStatus.resolved);
  }

  @Test
  void bucketsThatChangeInTheMiddleOfItChangeNothing() {
    scrapes(60, 20);
    first.bounds(new double[] {.05, .1, .25, .5, 1, 2, 4});
    scrapes(60, 20);
    slow(0.05, 0.8);
    scrapes(40, 20);

    assertThat(only().getEvidence().getDetails()).containsEntry("form", "tail");
  }

  @Test
  void aRestartOfDetectionAtAnyScrapeChangesNothing() {
    scrapes(60, 20);
    slow(0.05, 0.8);
    for (int i = 0; i < 40; i++) {
      given.restarted();
      scrapes(1, 20);
    }

    assertThat(only().getEvidence().getDetails()).containsEntry("form", "tail");
  }

  @Test
  void aSeriesTakesNoMoreThan512Bytes() throws IOException {
    Signal signal = new Signal(Judged.FIRST);
    Rise rise = new Rise();
    for (int i = 0; i < 200; i++) {
      for (int r = 0; r < 50_000; r++) {
        first.add(0.05 * Math.exp(random.nextGaussian()), 1);
      }
      Histogram histogram = first.histogram();
      boolean known = signal.buckets.advance(histogram.getBounds(), histogram.getCounts(), rise);
      double load = 1 + random.nextDouble();
      signal.judge(
          load, load, 0.08, 50_000, 1, known ? rise : null, i * 30_000L, false, new Sight());
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    signal.write(new DataOutputStream(bytes));

    assertThat(bytes.size()).isLessThanOrEqualTo(512);
  }

  private void slow(double share, double seconds) {
    slowRequests = share;
    slowSeconds = seconds;
  }

  private void scrapes(int count, int requests) {
    for (int i = 0; i < count; i++) {
      for (int r = 0; r < requests; r++) {
        double usual = 0.055 * Math.exp(0.3 * random.nextGaussian()) * factor;
        first.add(usual + (random.nextDouble() < slowRequests ? slowSeconds : 0), 1);
        prompted += 1_000;
      }
      for (int s = 0; s < 40 * requests; s++) {
        double usual = 0.015 * (1 + 0.1 * random.nextGaussian()) * factor;
        step.add(usual + (random.nextDouble() < stalls ? 0.06 : 0), 4);
      }
      double steps = step.counts[step.counts.length - 1];
      LatencySnapshot server = given.server("retail", "chat", "chat-0", steps, step.sum);
      ModelServerSample sample = server.getServers().get(0);
      sample.setPromptTokens(prompted);
      sample.setRequestsRunning(4);
      sample.setHistograms(List.of(step.histogram(), first.histogram()));
      given.shown(server).after(30);
    }
  }

  private Finding only() {
    assertThat(given.of(Kind.LATENCY_SWING)).extracting(Finding::getId).containsOnly(id());
    return given.of(Kind.LATENCY_SWING).get(0);
  }

  private String id() {
    return given.of(Kind.LATENCY_SWING).isEmpty()
        ? "none"
        : given.of(Kind.LATENCY_SWING).get(0).getId();
  }

  private static double detail(Finding finding, String name) {
    return Double.parseDouble(finding.getEvidence().getDetails().get(name));
  }
}
