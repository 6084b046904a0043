package dev.plumbline.cli.command;

import dev.plumbline.cli.settings.Settings;
import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.Topics;
import dev.plumbline.schemas.registry.Compatibility;
import dev.plumbline.schemas.registry.SchemaRegistry;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.avro.specific.SpecificData;
import org.apache.kafka.clients.admin.Admin;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Creates the topics and checks them. */
@Command(
    name = "topics",
    description = {
      "Check the topics of Plumbline on a broker and their schemas in the registry, and create",
      "those that are missing."
    },
    footer = {"", "Example: plumbline topics --create --config plumbline.yaml"},
    mixinStandardHelpOptions = true)
final class TopicsCommand implements Callable<Integer> {
  @Mixin ConfigOption config;

  @Option(names = "--create", description = "Create what is missing, register the schemas.")
  boolean create;

  @Option(
      names = "--partitions",
      defaultValue = "12",
      description = "Partitions of snapshots and findings (default: ${DEFAULT-VALUE}).")
  int partitions;

  @Option(
      names = "--replication",
      defaultValue = "-1",
      description = "Replicas of each partition (default: as the broker has it).")
  int replication;

  @Spec CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    Settings settings = config.read();
    PrintWriter out = spec.commandLine().getOut();
    try (Admin admin = Admin.create(settings.kafka())) {
      if (create) {
        for (String name : Topics.create(admin, partitions, replication)) {
          out.println("created " + name);
        }
      }
      List<Topics.Difference> differences = Topics.check(admin);
      differences.forEach(out::println);
      List<String> loose = subjects(SchemaRegistry.connect(settings.registry()));
      loose.forEach(out::println);
      boolean fine = differences.isEmpty() && loose.isEmpty();
      if (fine) {
        out.println("all topics and schemas are as they should be");
      }
      out.flush();
      return fine ? 0 : 1;
    }
  }

  /** Subjects that the registry would let go another way than the contract; one line each. */
  private List<String> subjects(SchemaRegistry registry) {
    List<String> loose = new ArrayList<>();
    for (Topic topic : Topic.ALL) {
      if (topic.type() == null) {
        continue;
      }
      if (create) {
        registry.hold(topic.subject(), Compatibility.OF_EVENTS);
        registry.register(topic.subject(), SpecificData.get().getSchema(topic.type()));
      }
      Compatibility held = registry.compatibility(topic.subject());
      if (held != Compatibility.OF_EVENTS) {
        loose.add(
            "%s: compatibility is %s, should be %s; run plumbline topics --create"
                .formatted(topic.subject(), held, Compatibility.OF_EVENTS));
      }
    }
    return loose;
  }
}
