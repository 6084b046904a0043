package dev.plumbline.streams;

import dev.plumbline.agent.snapshot.SnapshotFactory;
import dev.plumbline.agent.tape.TapeLine;
import dev.plumbline.agent.tape.TapeReader;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.json.EventJson;
import dev.plumbline.streams.fleet.Facts;
import dev.plumbline.streams.fleet.FleetJudge;
import dev.plumbline.streams.judge.ClusterJudge;
import dev.plumbline.streams.state.Tables;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Judges tapes without Kafka, for work on detection: the same judges in the same order as the
 * topology. Arguments: output folder, then tapes.
 */
public final class TapeRun {
  private TapeRun() {}

  public static void main(String[] args) throws IOException {
    Path out = Files.createDirectories(Path.of(args[0]));
    for (int i = 1; i < args.length; i++) {
      Path tape = Path.of(args[i]);
      String name = tape.getFileName().toString().replaceAll("\\.tape\\.jsonl(\\.gz)?$", "");
      List<String> lines = new ArrayList<>();
      for (Finding finding : findings(tape)) {
        lines.add(EventJson.of(finding).toString());
      }
      Files.write(out.resolve(name + ".findings.jsonl"), lines);
    }
  }

  /** Findings of a tape, sorted by time and id. */
  public static List<Finding> findings(Path tape) {
    List<Finding> findings = new ArrayList<>();
    List<Finding> found = new ArrayList<>();
    SnapshotFactory snapshots = new SnapshotFactory("tape", 0, Map.of());
    Map<String, ClusterJudge> judges = new TreeMap<>();
    Map<String, Facts> facts = new TreeMap<>();
    Map<String, Tables> fleetTables = new TreeMap<>();
    FleetJudge fleet =
        new FleetJudge(
            new Tables(),
            cluster -> fleetTables.computeIfAbsent(cluster, k -> new Tables()),
            findings::add);
    try (TapeReader reader = new TapeReader(tape, problem -> {})) {
      for (Optional<TapeLine> line = reader.next(); line.isPresent(); line = reader.next()) {
        SnapshotFactory.Event event = snapshots.of(line.get());
        ClusterJudge judge =
            judges.computeIfAbsent(
                event.key(), uid -> new ClusterJudge(uid, new Tables(), found::add));
        judge.judge(event.value());
        facts
            .computeIfAbsent(event.key(), uid -> new Facts(uid, new Tables()))
            .tell(event.value(), judge, found, fleet::judge);
        findings.addAll(found);
        found.clear();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    findings.sort(
        Comparator.comparing(Finding::getAt)
            .thenComparing(Finding::getId)
            .thenComparing(Finding::getRevision));
    return findings;
  }
}
