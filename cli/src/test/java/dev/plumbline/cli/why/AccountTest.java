package dev.plumbline.cli.why;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plumbline.cli.embedded.EmbeddedBroker;
import dev.plumbline.cli.embedded.Replay;
import dev.plumbline.schemas.event.Cause;
import dev.plumbline.schemas.event.Contrast;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.Remediation;
import dev.plumbline.schemas.json.EventJson;
import dev.plumbline.schemas.registry.SchemaRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A board that is held down by heat for ten of twenty minutes, replayed on a real broker. */
class AccountTest {
  private static final int PARTITIONS = 1;

  @TempDir static Path folder;

  private static EmbeddedBroker broker;
  private static Replay.Result result;
  private static History topics;
  private static History files;

  @BeforeAll
  static void replay() throws IOException {
    Path tape = folder.resolve("hot.tape.jsonl");
    StringBuilder lines = new StringBuilder();
    for (int minute = 0; minute < 20; minute++) {
      for (int board = 1; board <= 2; board++) {
        lines.append(
            ("{\"at\":\"2026-11-02T10:%02d:%02d.000Z\",\"cluster\":\"c\","
                    + "\"format\":\"prometheus\",\"source\":\"dcgm\",\"target\":\"n%d\","
                    + "\"labels\":{\"node\":\"n%d\"},\"body\":"
                    + "\"DCGM_FI_DEV_CLOCKS_EVENT_REASONS{gpu=\\\"0\\\",UUID=\\\"GPU-%d\\\"} %d\\n"
                    + "DCGM_FI_DEV_SM_CLOCK{gpu=\\\"0\\\",UUID=\\\"GPU-%d\\\"} %d\\n\"}\n")
                .formatted(
                    minute,
                    board,
                    board,
                    board,
                    board,
                    board == 1 && minute < 10 ? 64 : 0,
                    board,
                    board == 1 && minute < 10 ? 900 : 1410));
      }
    }
    Files.writeString(tape, lines);
    SchemaRegistry registry = SchemaRegistry.inMemory();
    broker = EmbeddedBroker.start(folder.resolve("kafka"), 0);
    Replay replay = new Replay(broker.client(), registry, problem -> {});
    replay.load(List.of(tape), PARTITIONS);
    result = replay.detect(folder.resolve("state"), 1, PARTITIONS);
    topics = new TopicHistory(broker.client(), registry);
    files =
        new FileHistory(
            written("findings", result.findings(), EventJson::of),
            written("incidents", result.incidents(), EventJson::of),
            written("remediations", result.remediations(), EventJson::of),
            tape);
  }

  @AfterAll
  static void stop() {
    broker.close();
  }

  @Test
  void aFindingIsToldWithItsEvidenceItsLifeAndTheRecordsOfItsBoardAlone() throws IOException {
    String account = String.join("\n", new Account(topics, 20).of(throttle().substring(0, 8)));

    assertThat(account)
        .contains("**finding " + throttle() + "**")
        .contains("gpu.throttle")
        .contains(result.findings().get(0).getEvidence().getSummary())
        .contains("open ")
        .contains("resolved cleared")
        .contains("incident " + result.incidents().get(0).getId())
        .contains("mode is observe")
        .contains("dcgm n1  plumbline.resource.snapshots-0@0")
        .contains("smClockMhz 900")
        .doesNotContain("GPU-2");
  }

  @Test
  void theFilesOfAReplayTellTheSameWithLinesInsteadOfOffsets() throws IOException {
    List<String> told = new Account(files, 20).of(throttle());

    assertThat(told).anyMatch(it -> it.contains("hot.tape.jsonl:1"));
    assertThat(places(told)).isEqualTo(places(new Account(topics, 20).of(throttle())));
  }

  @Test
  void anIncidentIsToldWithItsMembersAndARemediationWithItsGates() throws IOException {
    assertThat(new Account(files, 5).of(result.incidents().get(0).getId()))
        .anyMatch(it -> it.contains("(" + throttle() + ")"))
        .contains("**finding " + throttle() + "**");
    assertThat(new Account(files, 5).of(result.remediations().get(0).getId()))
        .anyMatch(it -> it.strip().startsWith("mode ") && it.contains("downgraded"))
        .contains("**records behind it**");
  }

  @Test
  void aCauseIsToldWithWhatItsCohortSaysOfItAndWithWhatElseWasConsidered() throws IOException {
    Finding swing =
        Finding.newBuilder(result.findings().get(0))
            .setId("abc")
            .setCause(candidate("the image went from v1 to v2", 0.97, 3, 3, 5, 0))
            .setCandidates(List.of(candidate("the driver of n1 changed", 0.2, 1, 1, 2, 2)))
            .build();

    List<String> told =
        new Account(
                new FileHistory(
                    written("explained", List.of(swing), EventJson::of), null, null, null),
                5)
            .of("abc");

    assertThat(told)
        .containsSubsequence(
            "  cause   drift.config of workload=chat, score 0.970",
            "          the image went from v1 to v2",
            "          cohort model=m, product=H100",
            "          have it: 3 of 3 (100 %) suffer; lack it: 0 of 5 (0 %) suffer; log odds +3.00:"
                + " 20 times as likely",
            "  rather than drift.config of workload=chat, score 0.200",
            "          the driver of n1 changed",
            "          cohort model=m, product=H100",
            "          have it: 1 of 1 (100 %) suffer; lack it: 2 of 2 (100 %) suffer; log odds"
                + " -3.00: 0.050 times as likely");
  }

  private static Cause candidate(
      String reason, double score, int having, int havingSuffer, int lacking, int lackingSuffer) {
    return Cause.newBuilder()
        .setKind("drift.config")
        .setEntity(Map.of("workload", "chat"))
        .setScore(score)
        .setReason(reason)
        .setContrast(
            new Contrast("model=m, product=H100", having, havingSuffer, lacking, lackingSuffer))
        .build();
  }

  @Test
  void olderRecordsAreCountedAndNotShown() throws IOException {
    assertThat(new Account(files, 1).of(throttle()))
        .anyMatch(it -> it.matches(" *\\(\\d+ older ones; --records \\d+ shows all\\)"));
  }

  @Test
  void anIdThatNamesNothingOrTooMuchIsRefused() throws IOException {
    assertThatThrownBy(() -> new Account(files, 5).of("no-such"))
        .isInstanceOf(IOException.class)
        .hasMessage(
            "nothing has the id no-such: there are 1 findings, 1 incidents and %d remediations"
                .formatted(
                    result.remediations().stream().map(Remediation::getId).distinct().count()));
    assertThatThrownBy(() -> new Account(files, 5).of(""))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("give more of it");
  }

  @Test
  void aBrokenLineOfAFileIsNamed() throws IOException {
    Path broken = folder.resolve("broken.jsonl");
    Files.writeString(broken, "{\"id\":\"a\"}\n[]\n");

    assertThatThrownBy(() -> new FileHistory(broken, null, null, null).findings())
        .hasMessage(broken + ":2: not an event: a JSON object with a field id is wanted");
  }

  private static String throttle() {
    return result.findings().stream()
        .filter(it -> it.getKind().equals("gpu.throttle"))
        .map(Finding::getId)
        .findFirst()
        .orElseThrow();
  }

  /** Lines without the places, which differ by nature. */
  private static List<String> places(List<String> account) {
    return account.stream()
        .map(it -> it.replaceAll("  (hot.tape|plumbline\\.resource)\\S+", "  PLACE"))
        .toList();
  }

  private static <T> Path written(String name, List<T> events, Function<T, ?> json)
      throws IOException {
    return Files.write(
        folder.resolve(name + ".jsonl"),
        events.stream().map(it -> json.apply(it).toString()).toList());
  }
}
