package dev.plumbline.cli.command;

import dev.plumbline.cli.control.ControlTopic;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Takes a control document out of force. */
@Command(
    name = "delete",
    description = "Take a control document out of force.",
    footer = {"", "Example: plumbline delete Cohort/europe"},
    mixinStandardHelpOptions = true)
final class DeleteCommand implements Callable<Integer> {
  @Parameters(paramLabel = "KIND/NAME", description = "As plumbline get shows it.")
  String key;

  @Mixin BrokerOption broker;
  @Spec CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    boolean was = new ControlTopic(broker.kafka(), broker.registry()).delete(key, Instant.now());
    if (!was) {
      throw new IOException("no " + key + " is in force; plumbline get shows what is");
    }
    PrintWriter out = spec.commandLine().getOut();
    out.println(key + " is no longer in force");
    out.flush();
    return 0;
  }
}
