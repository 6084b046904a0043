package dev.plumbline.cli.command;

import dev.plumbline.cli.settings.Settings;
import dev.plumbline.schemas.Topics;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.admin.Admin;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Creates the topics and checks them. */
@Command(
    name = "topics",
    description = "Check the topics of Plumbline on a broker, and create those that are missing.",
    footer = {"", "Example: plumbline topics --create --config plumbline.yaml"},
    mixinStandardHelpOptions = true)
final class TopicsCommand implements Callable<Integer> {
  @Mixin ConfigOption config;

  @Option(names = "--create", description = "Create the topics that are missing.")
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
      if (differences.isEmpty()) {
        out.println("all topics are as they should be");
      }
      out.flush();
      return differences.isEmpty() ? 0 : 1;
    }
  }
}
