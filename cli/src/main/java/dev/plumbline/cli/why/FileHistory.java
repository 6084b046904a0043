package dev.plumbline.cli.why;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.plumbline.agent.snapshot.SnapshotFactory;
import dev.plumbline.agent.tape.TapeLine;
import dev.plumbline.agent.tape.TapeReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The files that {@code replay} wrote, and the tape they were made from. */
public final class FileHistory implements History {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path findings;
  private final Path incidents;
  private final Path remediations;
  private final Path tape;

  /**
   * @param findings as {@code replay --findings} writes them
   * @param incidents null when there are none
   * @param remediations null when there are none
   * @param tape null when it is not at hand: then there are no snapshots
   */
  public FileHistory(Path findings, Path incidents, Path remediations, Path tape) {
    this.findings = findings;
    this.incidents = incidents;
    this.remediations = remediations;
    this.tape = tape;
  }

  @Override
  public List<ObjectNode> findings() throws IOException {
    return lines(findings);
  }

  @Override
  public List<ObjectNode> incidents() throws IOException {
    return lines(incidents);
  }

  @Override
  public List<ObjectNode> remediations() throws IOException {
    return lines(remediations);
  }

  @Override
  public void snapshots(String cluster, Instant from, Instant to, Reader reader)
      throws IOException {
    if (tape == null) {
      return;
    }
    SnapshotFactory snapshots = new SnapshotFactory(tape.getFileName().toString(), 0, Map.of());
    try (TapeReader lines = new TapeReader(tape, broken -> {})) {
      for (Optional<TapeLine> line = lines.next(); line.isPresent(); line = lines.next()) {
        TapeLine said = line.get();
        if (said.cluster().equals(cluster) && !said.at().isBefore(from) && !said.at().isAfter(to)) {
          reader.read(tape.getFileName() + ":" + lines.number(), snapshots.of(said).value());
        }
      }
    }
  }

  private static List<ObjectNode> lines(Path file) throws IOException {
    List<ObjectNode> events = new ArrayList<>();
    if (file == null) {
      return events;
    }
    int number = 0;
    for (String line : Files.readAllLines(file)) {
      number++;
      if (line.isBlank()) {
        continue;
      }
      try {
        JsonNode event = JSON.readTree(line);
        if (!(event instanceof ObjectNode object) || !event.path("id").isTextual()) {
          throw new IOException(
              file + ":" + number + ": not an event: a JSON object with a field id is wanted");
        }
        events.add(object);
      } catch (JsonProcessingException e) {
        throw new IOException(
            file + ":" + number + ": not valid JSON: " + e.getOriginalMessage(), e);
      }
    }
    return events;
  }
}
