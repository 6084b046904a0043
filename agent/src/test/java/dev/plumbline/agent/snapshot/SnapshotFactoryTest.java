package dev.plumbline.agent.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.plumbline.agent.tape.TapeLine;
import dev.plumbline.agent.tape.TapeLine.Format;
import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.event.ResourceSnapshot;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SnapshotFactoryTest {
  private final SnapshotFactory snapshots = new SnapshotFactory("agent-0", 42, Map.of());

  @Test
  void theSequenceCountsTheSnapshotsOfAClusterOverAllTopics() throws IOException {
    assertThat(header(scrape("c-1", "node", "up 1\n")).getSequence()).isZero();
    assertThat(header(scrape("c-1", "vllm", "up 1\n")).getSequence()).isEqualTo(1);
    assertThat(header(scrape("c-2", "node", "up 1\n")).getSequence()).isZero();
    assertThat(header(scrape("c-1", "node", "up 1\n")).getSequence()).isEqualTo(2);
  }

  @Test
  void eachSourceHasItsTopic() throws IOException {
    assertThat(snapshots.of(scrape("c", "dcgm", "")).topic()).isEqualTo(Topic.RESOURCE_SNAPSHOTS);
    assertThat(snapshots.of(scrape("c", "vllm", "")).topic()).isEqualTo(Topic.LATENCY_SNAPSHOTS);
    assertThat(snapshots.of(scrape("c", "mine", "")).topic()).isEqualTo(Topic.RESOURCE_SNAPSHOTS);
    assertThat(snapshots.of(line("c", Format.GONE, "kubernetes", "v1/Pod/a/b", null, null)).topic())
        .isEqualTo(Topic.POLICY_SNAPSHOTS);
  }

  @Test
  void aFailedScrapeIsASnapshotThatSaysWhy() {
    TapeLine failed = line("c", Format.PROMETHEUS, "node", "n1", null, "connection refused");

    assertThat(header(failed).getError()).isEqualTo("connection refused");
  }

  @Test
  void anExpositionThatBreaksTheFormatIsAFailedScrape() {
    assertThat(header(scrape("c", "node", "a 1\nb{ 2\n")).getError()).contains("line 2");
  }

  @Test
  void whatClustersSayOfThemselvesIsKept() throws IOException {
    var body = new ObjectMapper().readTree("{\"name\":\"fra\",\"jurisdiction\":\"eu\"}");
    TapeLine line =
        new TapeLine(
            Instant.EPOCH, "c", Format.IDENTITY, "cluster", "c", Map.of(), null, body, null);
    ResourceSnapshot snapshot = (ResourceSnapshot) snapshots.of(line).value();

    assertThat(snapshot.getIdentity().getJurisdiction()).isEqualTo("eu");
  }

  private Header header(TapeLine line) {
    return (Header) snapshots.of(line).value().get(0);
  }

  private static TapeLine scrape(String cluster, String source, String text) {
    return line(cluster, Format.PROMETHEUS, source, "t", text, null);
  }

  private static TapeLine line(
      String cluster, Format format, String source, String target, String text, String error) {
    return new TapeLine(
        Instant.parse("2026-11-02T10:00:00Z"),
        cluster,
        format,
        source,
        target,
        Map.of(),
        text == null ? null : text.getBytes(StandardCharsets.UTF_8),
        null,
        error);
  }
}
