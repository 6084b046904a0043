package dev.plumbline.cli.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.cli.embedded.EmbeddedBroker;
import dev.plumbline.cli.embedded.Replay;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.registry.SchemaRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Four sites, one of which changes an image alone, with and without a document that allows it. */
class ControlIT {
  private static final String COHORT =
      """
      apiVersion: plumbline.dev/v1
      kind: Cohort
      metadata: {name: sites}
      spec: {ignore: ["spec.template.spec.containers[*].image"]}
      """;

  @TempDir Path folder;

  @Test
  void aDocumentInForceChangesWhatTheFleetFindsAndOneThatWasDeletedDoesNot() throws IOException {
    assertThat(fleetFindings("without", false, false)).isNotEmpty();
    assertThat(fleetFindings("with", true, false)).isEmpty();
    assertThat(fleetFindings("deleted", true, true)).isNotEmpty();
  }

  private List<Finding> fleetFindings(String name, boolean apply, boolean delete)
      throws IOException {
    SchemaRegistry registry = SchemaRegistry.inMemory();
    try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve(name), 0)) {
      Replay replay = new Replay(broker.client(), registry, problem -> {});
      replay.load(List.of(tape()), 1);
      ControlTopic control = new ControlTopic(broker.client(), registry);
      if (apply) {
        Path file = Files.writeString(folder.resolve("cohorts.yaml"), COHORT);
        control.apply(Documents.read(file), Instant.EPOCH, "operator", "a canary site");
        assertThat(control.all().get("Cohort/sites").getReason()).isEqualTo("a canary site");
      }
      if (delete) {
        assertThat(control.delete("Cohort/sites", Instant.EPOCH)).isTrue();
        assertThat(control.delete("Cohort/sites", Instant.EPOCH)).isFalse();
        assertThat(control.all()).isEqualTo(Map.of());
      }
      return replay.detect(folder.resolve(name + "-state"), 1, 1).findings().stream()
          .filter(it -> it.getEvidence().getSummary().contains("every other cluster"))
          .toList();
    }
  }

  private Path tape() throws IOException {
    List<String> lines = new ArrayList<>();
    for (int minute = 0; minute < 60; minute++) {
      for (String site : List.of("a", "b", "c", "d")) {
        if (minute == 0) {
          lines.add(
              """
              {"at":"2026-11-02T10:00:00.000Z","cluster":"%s","format":"identity",\
              "source":"cluster","target":"%s","body":{"name":"site-%s"}}"""
                  .formatted(site, site, site));
        }
        if (minute == 1 || minute == 5 && site.equals("b")) {
          lines.add(
              """
              {"at":"2026-11-02T10:%02d:00.000Z","cluster":"%s","format":"object",\
              "source":"kubernetes","target":"apps/v1/Deployment/retail/chat","body":\
              {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"namespace":"retail",\
              "name":"chat"},"spec":{"template":{"spec":{"containers":[{"name":"server",\
              "image":"server:%d"}]}}}}}"""
                  .formatted(minute, site, minute));
        }
        lines.add(
            """
            {"at":"2026-11-02T10:%02d:30.000Z","cluster":"%s","format":"prometheus",\
            "source":"node","target":"n-%s","body":"node_load1 1\\n"}"""
                .formatted(minute, site, site));
      }
    }
    return Files.write(folder.resolve("sites.tape.jsonl"), lines);
  }
}
