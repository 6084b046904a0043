package dev.plumbline.cli.command;

import dev.plumbline.cli.control.ControlTopic;
import dev.plumbline.schemas.event.Control;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows the control documents in force. */
@Command(
    name = "get",
    description = "Show the control documents in force: since when, by whom and why.",
    footer = {"", "Example: plumbline get Cohort/europe"},
    mixinStandardHelpOptions = true)
final class GetCommand implements Callable<Integer> {
  @Parameters(
      arity = "0..1",
      paramLabel = "KIND[/NAME]",
      defaultValue = "",
      description = "Only these.")
  String wanted;

  @Mixin BrokerOption broker;
  @Spec CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    Map<String, Control> all = new ControlTopic(broker.kafka(), broker.registry()).all();
    int shown = 0;
    for (Map.Entry<String, Control> one : all.entrySet()) {
      if (wanted.isEmpty()
          || one.getKey().equals(wanted)
          || one.getKey().startsWith(wanted + "/")) {
        Control control = one.getValue();
        out.println(
            "%s  since %s by %s%s%n  %s"
                .formatted(
                    one.getKey(),
                    control.getAt(),
                    control.getBy(),
                    control.getReason().isEmpty() ? "" : ": " + control.getReason(),
                    control.getSpec()));
        shown++;
      }
    }
    if (shown == 0) {
      out.println(wanted.isEmpty() ? "no document is in force" : "no " + wanted + " is in force");
    }
    out.flush();
    return wanted.contains("/") && shown == 0 ? 1 : 0;
  }
}
