package dev.plumbline.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.plumbline.bench.load.Size;
import dev.plumbline.bench.path.WholePath;
import dev.plumbline.bench.report.Table;
import dev.plumbline.cli.command.Subcommand;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What detection costs on this machine. */
@Command(
    name = "bench",
    description = {
      "Measure what detection costs on this machine, beside reading and decoding the same topics.",
      "Figures are CPU time of this process and of the broker for a snapshot of 190 samples."
    },
    footer = {"", "Example: plumbline bench --json bench.json"},
    mixinStandardHelpOptions = true)
public final class BenchCommand implements Subcommand, Callable<Integer> {
  @Option(names = "--json", paramLabel = "FILE", description = "Write all figures as JSON.")
  Path json;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "5",
      description = "Rounds that count (default: ${DEFAULT-VALUE}).")
  int rounds;

  @Option(
      names = "--snapshots",
      paramLabel = "N",
      defaultValue = "30000",
      description = "Snapshots on the topics, about (default: ${DEFAULT-VALUE}).")
  long snapshots;

  @Option(
      names = "--clusters",
      defaultValue = "8",
      description = "Clusters (default: ${DEFAULT-VALUE}).")
  int clusters;

  @Option(
      names = "--nodes",
      defaultValue = "8",
      description = "Nodes of 8 GPUs in each cluster (default: ${DEFAULT-VALUE}).")
  int nodes;

  @Option(
      names = "--partitions",
      defaultValue = "4",
      description = "Partitions of the snapshot topics (default: ${DEFAULT-VALUE}).")
  int partitions;

  @Option(
      names = "--stages",
      split = ",",
      paramLabel = "NAME",
      description = {
        "Only these: consume, decode, bare, pass-through, at-least-once, exactly-once, plain."
      })
  List<String> stages = List.of();

  @Spec CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    boolean terminal = System.console() != null;
    Consumer<String> progress =
        what -> {
          if (terminal) {
            err.print("\r\033[K" + what);
            err.flush();
          }
        };
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode figures = mapper.createObjectNode();
    WholePath.run(
        new WholePath.Settings(
            Size.of(clusters, nodes, snapshots, 30), partitions, rounds, 10, 2000, stages),
        progress,
        figures.putObject("path"));
    progress.accept("");
    if (json != null) {
      mapper.writerWithDefaultPrettyPrinter().writeValue(json.toFile(), figures);
    }
    Table.path(figures.get("path"), out);
    out.flush();
    return 0;
  }
}
