package dev.plumbline.cli.command;

import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.event.Remediation;
import dev.plumbline.schemas.json.EventJson;
import picocli.CommandLine.Command;

/** Shows remediations. */
@Command(
    name = "remediations",
    description = "Read the topic of remediations.",
    footer = {"", "Example: plumbline remediations --json --follow"},
    mixinStandardHelpOptions = true)
final class RemediationsCommand extends EventsCommand<Remediation> {
  RemediationsCommand() {
    super(Topic.REMEDIATIONS, Remediation.class, EventJson::of, Screen::block);
  }
}
