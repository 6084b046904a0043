package dev.plumbline.cli.command;

import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.event.Incident;
import dev.plumbline.schemas.json.EventJson;
import picocli.CommandLine.Command;

/** Shows incidents. */
@Command(
    name = "incidents",
    description = "Read the topic of incidents.",
    footer = {"", "Example: plumbline incidents --json --follow"},
    mixinStandardHelpOptions = true)
final class IncidentsCommand extends EventsCommand<Incident> {
  IncidentsCommand() {
    super(Topic.INCIDENTS, Incident.class, EventJson::of, Screen::block);
  }
}
