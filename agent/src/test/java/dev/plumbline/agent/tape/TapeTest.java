package dev.plumbline.agent.tape;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TapeTest {
  @TempDir Path folder;

  @Test
  void whatIsRecordedIsReadBack() throws IOException {
    Path file = folder.resolve("a.tape.jsonl.gz");
    TapeLine scrape = line(TapeLine.Format.PROMETHEUS, "up 1\n", null);
    TapeLine failed = line(TapeLine.Format.PROMETHEUS, null, "connection refused");
    TapeLine gone = line(TapeLine.Format.GONE, null, null);
    try (TapeWriter writer = new TapeWriter(file)) {
      writer.write(scrape);
      writer.write(failed);
      writer.write(gone);
    }

    assertThat(read(file, new ArrayList<>())).containsExactly(scrape, failed, gone);
  }

  @Test
  void brokenLinesAreNamedAndTheReadingGoesOn() throws IOException {
    Path file = folder.resolve("b.tape.jsonl");
    String good =
        "{\"at\":\"2026-11-02T10:00:00.000Z\",\"cluster\":\"c\",\"format\":\"gone\","
            + "\"source\":\"vllm\",\"target\":\"a/b\"}";
    Files.writeString(
        file,
        String.join(
            "\n",
            "not json",
            good.replace("\"cluster\":\"c\",", ""),
            good.replace("gone", "went"),
            good.replace("2026-11-02T10:00:00.000Z", "yesterday"),
            good.replace("gone", "prometheus"),
            "",
            good));
    List<String> problems = new ArrayList<>();

    assertThat(read(file, problems)).hasSize(1);
    assertThat(problems).hasSize(5);
    assertThat(problems.get(0)).contains("b.tape.jsonl:1: not valid JSON");
    assertThat(problems.get(1)).contains(":2: field cluster");
    assertThat(problems.get(2)).contains(":3: field format is went");
    assertThat(problems.get(3)).contains(":4: field at is yesterday");
    assertThat(problems.get(4)).contains(":5:").contains("error");
  }

  private static List<TapeLine> read(Path file, List<String> problems) throws IOException {
    List<TapeLine> lines = new ArrayList<>();
    try (TapeReader reader = new TapeReader(file, problems::add)) {
      for (Optional<TapeLine> line = reader.next(); line.isPresent(); line = reader.next()) {
        lines.add(line.get());
      }
      assertThat(reader.broken()).isEqualTo(problems.size());
    }
    return lines;
  }

  private static TapeLine line(TapeLine.Format format, String text, String error) {
    return new TapeLine(
        Instant.parse("2026-11-02T10:00:00.120Z"),
        "c-1",
        format,
        "vllm",
        "ns/pod",
        Map.of("pod", "pod"),
        text == null ? null : text.getBytes(StandardCharsets.UTF_8),
        null,
        error);
  }
}
