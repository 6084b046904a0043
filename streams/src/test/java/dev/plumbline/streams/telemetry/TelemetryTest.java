package dev.plumbline.streams.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.FindingStatus;
import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.schemas.event.Resolution;
import dev.plumbline.schemas.event.ResourceSnapshot;
import dev.plumbline.streams.Given;
import dev.plumbline.streams.findings.Kind;
import org.junit.jupiter.api.Test;

class TelemetryTest {
  private final Given given = new Given();

  @Test
  void aTargetThatStopsWhileOthersGoOnIsStaleAndItsReturnClearsIt() {
    rounds(10, true);
    rounds(8, false);

    assertThat(given.of(Kind.TELEMETRY_STALE))
        .singleElement()
        .satisfies(it -> assertThat(it.getEntity()).containsEntry("pod", "chat-1"));
    rounds(1, true);
    assertThat(last().getStatus()).isEqualTo(FindingStatus.resolved);
  }

  @Test
  void aTargetThatAnswersWithErrorsIsStaleToo() {
    rounds(10, true);
    for (int i = 0; i < 8; i++) {
      LatencySnapshot failed = server();
      failed.getServers();
      failed.setServers(java.util.List.of());
      failed.getHeader().setError("connection refused");
      given.shown(failed).shown(given.node("n1", 0)).after(60);
    }

    assertThat(last().getEvidence().getDetails()).containsEntry("error", "connection refused");
  }

  @Test
  void oneMissedScrapeIsOrdinary() {
    rounds(10, true);
    rounds(1, false);
    rounds(10, true);

    assertThat(given.findings).isEmpty();
  }

  @Test
  void silenceOfTheWholeClusterIsNotTheTargetsFault() {
    rounds(10, true);
    given.after(1_200);
    rounds(3, true);

    assertThat(given.of(Kind.TELEMETRY_STALE)).isEmpty();
  }

  @Test
  void aTargetThatLeftIsNotSilent() {
    rounds(10, true);
    rounds(8, false);
    LatencySnapshot gone = server();
    gone.setServers(java.util.List.of());
    gone.getHeader().setGone(true);
    given.shown(gone);

    assertThat(last().getResolution()).isEqualTo(Resolution.gone);
  }

  @Test
  void aNodeThatIsDownIsOneStoryAndNotOneForEachTargetOnIt() {
    pods(10, true);
    pods(4, false);
    given.restarted();
    pods(4, false);

    assertThat(given.of(Kind.TELEMETRY_STALE))
        .singleElement()
        .satisfies(it -> assertThat(it.getEntity()).containsOnlyKeys("cluster", "node"));
    pods(1, true);
    assertThat(last().getStatus()).isEqualTo(FindingStatus.resolved);
  }

  @Test
  void aPodThatDoesNotReturnWithItsNodeIsItsOwnStory() {
    pods(10, true);
    pods(8, false);
    for (int i = 0; i < 8; i++) {
      given.shown(given.boards("n1", Given.gpu("GPU-1"))).shown(given.node("n2", 0)).after(60);
    }

    assertThat(last().getEntity()).containsEntry("pod", "chat-1");
  }

  @Test
  void aScrapeThatCameTwiceDoesNotMakeTheNextOneLate() {
    rounds(10, true);
    given.after(-55);
    rounds(1, true);
    rounds(2, false);
    rounds(3, true);

    assertThat(given.of(Kind.TELEMETRY_STALE)).isEmpty();
  }

  @Test
  void oneNodeWhoseClockIsWrongIsNamed() {
    for (int i = 0; i < 4; i++) {
      given.shown(given.node("n1", 0)).shown(given.node("n2", 0.2)).shown(given.node("n3", 42));
      given.after(60);
    }

    assertThat(given.of(Kind.TELEMETRY_SKEW))
        .singleElement()
        .satisfies(it -> assertThat(it.getEntity()).containsEntry("node", "n3"));
  }

  @Test
  void whenMostNodesAreOffItIsTheAgentsClock() {
    for (int i = 0; i < 4; i++) {
      for (int n = 0; n < 4; n++) {
        given.shown(given.node("n" + n, n == 0 ? 0 : -81));
      }
      given.after(60);
    }

    assertThat(given.of(Kind.TELEMETRY_SKEW))
        .anySatisfy(it -> assertThat(it.getEntity()).containsOnlyKeys("cluster"));
  }

  private void rounds(int count, boolean answering) {
    for (int i = 0; i < count; i++) {
      if (answering) {
        given.shown(server());
      }
      ResourceSnapshot node = given.node("n1", 0);
      given.shown(node).after(60);
    }
  }

  /** Node n1 with its exporter and a model server, beside a node that always answers. */
  private void pods(int count, boolean answering) {
    for (int i = 0; i < count; i++) {
      if (answering) {
        given.shown(server()).shown(given.boards("n1", Given.gpu("GPU-1")));
      }
      given.shown(given.node("n2", 0)).after(60);
    }
  }

  private LatencySnapshot server() {
    return given.server("retail", "chat", "chat-1", 1, 1);
  }

  private Finding last() {
    return given.findings.get(given.findings.size() - 1);
  }
}
