package dev.plumbline.cli.command;

import dev.plumbline.cli.why.Account;
import dev.plumbline.cli.why.FileHistory;
import dev.plumbline.cli.why.History;
import dev.plumbline.cli.why.TopicHistory;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows what is behind a finding, an incident or a remediation. */
@Command(
    name = "why",
    description = {
      "Show the evidence, the arithmetic, the gates and the records behind a finding, an incident",
      "or a remediation. Without files it reads the topics."
    },
    footer = {
      "",
      "Example: plumbline why 3f9a1c",
      "         plumbline why 3f9a1c --findings findings.jsonl --tape day.tape.jsonl.gz"
    },
    mixinStandardHelpOptions = true)
final class WhyCommand implements Callable<Integer> {
  @Parameters(paramLabel = "ID", description = "Its id, or enough of its beginning.")
  String id;

  @Mixin BrokerOption broker;

  @Option(names = "--findings", paramLabel = "FILE", description = "What replay wrote.")
  Path findings;

  @Option(names = "--incidents", paramLabel = "FILE", description = "What replay wrote.")
  Path incidents;

  @Option(names = "--remediations", paramLabel = "FILE", description = "What replay wrote.")
  Path remediations;

  @Option(names = "--tape", paramLabel = "TAPE", description = "The tape that was replayed.")
  Path tape;

  @Option(
      names = "--records",
      paramLabel = "N",
      defaultValue = "10",
      description = "Show so many of the records behind it (default: ${DEFAULT-VALUE}).")
  int records;

  @Spec CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    for (String line : new Account(history(), records).of(id)) {
      boolean heading = line.startsWith("**");
      out.println(heading ? Screen.text("@|bold " + line.replace("**", "") + "|@") : line);
    }
    out.flush();
    return 0;
  }

  private History history() throws IOException {
    if (findings != null) {
      return new FileHistory(findings, incidents, remediations, tape);
    }
    if (incidents != null || remediations != null || tape != null) {
      throw new ParameterException(
          spec.commandLine(), "--incidents, --remediations and --tape go with --findings");
    }
    return new TopicHistory(broker.kafka(), broker.registry());
  }
}
