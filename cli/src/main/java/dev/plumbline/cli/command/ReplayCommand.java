package dev.plumbline.cli.command;

import dev.plumbline.cli.control.ControlTopic;
import dev.plumbline.cli.control.Document;
import dev.plumbline.cli.control.Documents;
import dev.plumbline.cli.embedded.EmbeddedBroker;
import dev.plumbline.cli.embedded.Replay;
import dev.plumbline.cli.embedded.Workspace;
import dev.plumbline.schemas.json.EventJson;
import dev.plumbline.schemas.registry.SchemaRegistry;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Takes tapes through the production path. */
@Command(
    name = "replay",
    description = {
      "Take recorded tapes through the production path, in event time, as fast as it goes.",
      "Ends when the last record is fully processed. The same tape gives the same files."
    },
    footer = {"", "Example: plumbline replay day.tape.jsonl.gz --findings findings.jsonl"},
    mixinStandardHelpOptions = true)
final class ReplayCommand implements Callable<Integer> {
  @Parameters(arity = "1..*", paramLabel = "TAPE", description = "Tapes, plain or gzipped.")
  List<Path> tapes;

  @Option(names = "--findings", paramLabel = "FILE", description = "Write findings as JSON lines.")
  Path findings;

  @Option(names = "--incidents", paramLabel = "FILE", description = "Write incidents.")
  Path incidents;

  @Option(names = "--remediations", paramLabel = "FILE", description = "Write remediations.")
  Path remediations;

  @Option(
      names = "--control",
      paramLabel = "FILE",
      description = "Control documents that hold from the beginning of the tape.")
  List<Path> control = List.of();

  @Option(
      names = "--partitions",
      defaultValue = "4",
      description = "Partitions of the snapshot topics (default: ${DEFAULT-VALUE}).")
  int partitions;

  @Option(
      names = "--threads",
      defaultValue = "2",
      description = "Threads that judge (default: ${DEFAULT-VALUE}).")
  int threads;

  @Spec CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    if (partitions < 1 || threads < 1) {
      throw new ParameterException(
          spec.commandLine(), "--partitions and --threads must be at least 1");
    }
    for (Path tape : tapes) {
      if (!Files.isReadable(tape)) {
        throw new NoSuchFileException(tape + " can't be read; is the path right?");
      }
    }
    List<Document> documents = new ArrayList<>();
    for (Path file : control) {
      documents.addAll(Documents.read(file));
    }
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    Instant began = Instant.now();
    Replay.Result result;
    try (Workspace workspace = Workspace.temporary();
        EmbeddedBroker broker = EmbeddedBroker.start(workspace.folder("kafka"), 0)) {
      SchemaRegistry registry = SchemaRegistry.inMemory();
      Replay replay = new Replay(broker.client(), registry, problem -> err.println(problem));
      replay.load(tapes, partitions);
      if (!documents.isEmpty()) {
        new ControlTopic(broker.client(), registry)
            .apply(documents, Instant.EPOCH, "replay", "given on the command line");
      }
      result = replay.detect(workspace.folder("state"), threads, partitions);
    }
    write(findings, result.findings(), EventJson::of);
    write(incidents, result.incidents(), EventJson::of);
    write(remediations, result.remediations(), EventJson::of);
    out.printf(
        "%d lines in %.1f s: %d findings, %d incidents, %d remediations (lines of each)%n",
        result.lines(),
        Duration.between(began, Instant.now()).toMillis() / 1000.0,
        result.findings().size(),
        result.incidents().size(),
        result.remediations().size());
    if (result.broken() > 0) {
      out.println(result.broken() + " broken lines were passed over");
    }
    out.flush();
    return 0;
  }

  private static <T> void write(Path file, List<T> events, Function<T, ?> json) throws IOException {
    if (file == null) {
      return;
    }
    try (BufferedWriter writer = Files.newBufferedWriter(file)) {
      for (T event : events) {
        writer.write(json.apply(event).toString());
        writer.write('\n');
      }
    }
  }
}
