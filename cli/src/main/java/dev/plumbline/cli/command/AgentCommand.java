package dev.plumbline.cli.command;

import dev.plumbline.agent.run.Agent;
import dev.plumbline.agent.run.AgentHttp;
import dev.plumbline.agent.run.AgentSettings;
import dev.plumbline.cli.settings.Settings;
import dev.plumbline.schemas.registry.SchemaRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The agent of a cluster. */
@Command(
    name = "agent",
    description = "Watch a cluster and publish its snapshots to Kafka.",
    footer = {
      "",
      "Example: plumbline agent --config plumbline.yaml --record incident.tape.jsonl.gz"
    },
    mixinStandardHelpOptions = true)
final class AgentCommand implements Callable<Integer> {
  @Mixin ConfigOption config;

  @Option(names = "--record", paramLabel = "FILE", description = "Record a tape as well.")
  Path record;

  @Option(names = "--for", paramLabel = "TIME", description = "Stop by itself after this time.")
  String time;

  @Spec CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    Settings settings = config.read();
    AgentSettings watched = settings.agent();
    if (record != null) {
      watched = watched.recordedTo(record);
    }
    Run run = new Run();
    try (Agent agent =
            Agent.start(watched, settings.kafka(), SchemaRegistry.connect(settings.registry()));
        AgentHttp http = new AgentHttp(settings.http(), agent)) {
      spec.commandLine()
          .getOut()
          .println("agent of cluster " + agent.cluster() + " on port " + http.port());
      spec.commandLine().getOut().flush();
      run.await(time == null ? null : Settings.duration(time), () -> true);
    } finally {
      run.done();
    }
    return 0;
  }
}
