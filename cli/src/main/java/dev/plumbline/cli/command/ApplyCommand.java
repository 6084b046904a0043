package dev.plumbline.cli.command;

import dev.plumbline.cli.control.ControlTopic;
import dev.plumbline.cli.control.Document;
import dev.plumbline.cli.control.Documents;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Puts control documents in force. */
@Command(
    name = "apply",
    description = {
      "Put control documents in force: all of the files, or none when one of them is wrong."
    },
    footer = {"", "Example: plumbline apply -f cohorts.yaml"},
    mixinStandardHelpOptions = true)
final class ApplyCommand implements Callable<Integer> {
  @Option(
      names = {"-f", "--file"},
      paramLabel = "FILE",
      required = true,
      description = "YAML or JSON, several documents separated by ---.")
  List<Path> files;

  @Option(names = "--reason", paramLabel = "TEXT", description = "Why, for whoever asks later.")
  String reason = "";

  @Option(names = "--dry-run", description = "Check the documents and change nothing.")
  boolean dryRun;

  @Mixin BrokerOption broker;
  @Spec CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    List<Document> documents = new ArrayList<>();
    for (Path file : files) {
      documents.addAll(Documents.read(file));
    }
    if (!dryRun) {
      new ControlTopic(broker.kafka(), broker.registry())
          .apply(
              documents,
              Instant.now().truncatedTo(ChronoUnit.MILLIS),
              System.getProperty("user.name"),
              reason);
    }
    PrintWriter out = spec.commandLine().getOut();
    documents.forEach(it -> out.println(it.key() + (dryRun ? " is well-formed" : " is in force")));
    out.flush();
    return 0;
  }
}
