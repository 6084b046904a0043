package dev.plumbline.cli.command;

import java.io.PrintWriter;
import java.util.ServiceLoader;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Option;

/** The command and its subcommands. */
@Command(
    name = "plumbline",
    description = "Watches whether a fleet of AI clusters still behaves as one.",
    footer = {
      "",
      "Start here:  plumbline demo",
      "Help on one: plumbline replay --help",
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      DemoCommand.class,
      UpCommand.class,
      AgentCommand.class,
      DetectCommand.class,
      ConnectCommand.class,
      ReplayCommand.class,
      BacktestCommand.class,
      FindingsCommand.class,
      IncidentsCommand.class,
      RemediationsCommand.class,
      WhyCommand.class,
      ApplyCommand.class,
      GetCommand.class,
      DeleteCommand.class,
      TopicsCommand.class,
      DoctorCommand.class,
      VersionCommand.class,
    })
public final class Plumbline implements Runnable {
  @Option(
      names = "--verbose",
      scope = CommandLine.ScopeType.INHERIT,
      description = "Say where an error came from.")
  boolean verbose;

  @CommandLine.Spec CommandLine.Model.CommandSpec spec;

  /** The command line, ready to execute: 0 done, 1 failed, 2 wrong use. */
  public static CommandLine commandLine() {
    CommandLine command = new CommandLine(new Plumbline());
    ServiceLoader.load(Subcommand.class).forEach(command::addSubcommand);
    command.setExecutionExceptionHandler(
        (e, failed, result) -> {
          Plumbline root =
              failed.getCommandSpec().root().userObject() instanceof Plumbline it ? it : null;
          PrintWriter err = failed.getErr();
          err.println(Ansi.AUTO.string("@|bold,red error:|@ ") + sentence(e));
          if (root != null && root.verbose) {
            e.printStackTrace(err);
          }
          err.flush();
          return 1;
        });
    return command;
  }

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }

  private static String sentence(Throwable e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }
}
