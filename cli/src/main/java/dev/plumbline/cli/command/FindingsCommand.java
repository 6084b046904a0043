package dev.plumbline.cli.command;

import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.json.EventJson;
import picocli.CommandLine.Command;

/** Shows findings. */
@Command(
    name = "findings",
    description = "Read the topic of findings.",
    footer = {"", "Example: plumbline findings --json --follow"},
    mixinStandardHelpOptions = true)
final class FindingsCommand extends EventsCommand<Finding> {
  FindingsCommand() {
    super(Topic.FINDINGS, Finding.class, EventJson::of, Screen::line);
  }
}
