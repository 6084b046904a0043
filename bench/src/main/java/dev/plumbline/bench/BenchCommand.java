package dev.plumbline.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.plumbline.bench.agent.AgentCost;
import dev.plumbline.bench.exposition.ExpositionBench;
import dev.plumbline.bench.load.Size;
import dev.plumbline.bench.micro.Micro;
import dev.plumbline.bench.path.Burst;
import dev.plumbline.bench.path.ClusterSize;
import dev.plumbline.bench.path.ColdStart;
import dev.plumbline.bench.path.Failover;
import dev.plumbline.bench.path.History;
import dev.plumbline.bench.path.Latency;
import dev.plumbline.bench.path.Scale;
import dev.plumbline.bench.path.Sharing;
import dev.plumbline.bench.path.WholePath;
import dev.plumbline.bench.prometheus.PrometheusPeer;
import dev.plumbline.bench.report.Machine;
import dev.plumbline.bench.report.Page;
import dev.plumbline.bench.report.Table;
import dev.plumbline.cli.command.Subcommand;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What detection costs on this machine. */
@Command(
    name = "bench",
    description = {
      "Measure what detection costs on this machine, beside reading and decoding the same topics.",
      "Figures are CPU time of this process and of the broker for a snapshot of 190 samples.",
      "Without options a short form of the whole path; --full measures everything else as well."
    },
    footer = {
      "",
      "Example: plumbline bench --json bench.json",
      "         plumbline bench --full --json performance.json --page performance.md"
    },
    mixinStandardHelpOptions = true)
public final class BenchCommand implements Subcommand, Callable<Integer> {
  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write all figures as JSON; sections that were not run stay as they are.")
  Path json;

  @Option(
      names = "--page",
      paramLabel = "FILE",
      description = "Write a page of the figures in the JSON file, with charts in a folder beside.")
  Path page;

  @Option(names = "--full", description = "Run every section; takes some minutes.")
  boolean full;

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "SECTION",
      description = {
        "Run only these: path, prometheus, micro, latency, scale, sharing, failover, start, history,",
        "size, burst, agent, exposition; none makes the page of an earlier run."
      })
  List<String> only = List.of();

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "Rounds that count (default: 3, with --full or --only 5).")
  Integer rounds;

  @Option(
      names = "--snapshots",
      paramLabel = "N",
      description = {
        "Snapshots on the topics, about (default: 20000, with --full or --only 300000:",
        "long enough for checkpoints to be written)."
      })
  Long snapshots;

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
        "Stages of the whole path: consume, decode, bare, pass-through, at-least-once,",
        "exactly-once, two-threads, plain."
      })
  List<String> stages = List.of();

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "0",
      description = {
        "Snapshots a second that latency is measured at;",
        "otherwise half of what the machine sustains with generator and readers."
      })
  double rate;

  @Option(
      names = "--burst-seconds",
      paramLabel = "N",
      defaultValue = "120",
      description = "How long the burst lasts (default: ${DEFAULT-VALUE}).")
  int burst;

  @Option(
      names = "--agent-warm-up",
      paramLabel = "SECONDS",
      defaultValue = "90",
      description = "How long an agent runs before it counts (default: ${DEFAULT-VALUE}).")
  int agentWarmUp;

  @Option(
      names = "--agent-seconds",
      paramLabel = "SECONDS",
      defaultValue = "180",
      description = "How long it counts (default: ${DEFAULT-VALUE}).")
  int agentSeconds;

  @Spec CommandSpec spec;

  /** A part of the run that writes its figures into an object of their own. */
  private interface Section {
    void run(ObjectNode out) throws IOException;
  }

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode figures = mapper.createObjectNode();
    if (json != null
        && Files.exists(json)
        && mapper.readTree(json.toFile()) instanceof ObjectNode it) {
      figures = it;
    }
    Map<String, Section> sections = sections(figures, progress(err));
    for (String name : only) {
      if (!sections.containsKey(name) && !name.equals("none")) {
        throw new ParameterException(
            spec.commandLine(), "--only " + name + ": there are " + sections.keySet());
      }
    }
    if (!only.equals(List.of("none"))) {
      Machine.describe(figures.putObject("machine"));
    }
    for (Map.Entry<String, Section> section : sections.entrySet()) {
      boolean wanted =
          only.isEmpty()
              ? full || section.getKey().equals("path")
              : only.contains(section.getKey());
      if (wanted) {
        ObjectNode one = mapper.createObjectNode();
        section.getValue().run(one);
        figures.set(section.getKey(), one);
        if (json != null) {
          // whatever ends the run early, what was measured is kept
          mapper.writerWithDefaultPrettyPrinter().writeValue(json.toFile(), figures);
        }
      }
    }
    progress(err).accept("");
    Table.print(figures, out);
    if (page != null) {
      Page.write(figures, page);
    }
    out.flush();
    return 0;
  }

  private Map<String, Section> sections(ObjectNode figures, Consumer<String> progress) {
    boolean thorough = full || !only.isEmpty();
    int rounds = this.rounds != null ? this.rounds : thorough ? 5 : 3;
    long snapshots = this.snapshots != null ? this.snapshots : thorough ? 300_000 : 20_000;
    // stages that only read go over a short load several times
    int passes = (int) Math.max(1, 100_000 / snapshots);
    Map<String, Section> sections = new LinkedHashMap<>();
    sections.put(
        "path",
        out ->
            WholePath.run(
                new WholePath.Settings(
                    Size.of(clusters, nodes, snapshots, 30),
                    partitions,
                    rounds,
                    passes,
                    2000,
                    stages),
                progress,
                out));
    sections.put(
        "prometheus",
        out -> {
          if (PrometheusPeer.isInstalled()) {
            PrometheusPeer.run(new Size(2, 8, 130, 30), rounds, 4, progress, out);
          } else {
            out.put("missing", "prometheus and promtool are not installed");
          }
        });
    sections.put("micro", out -> Micro.run(1, 300, "", progress, out));
    sections.put("latency", out -> Latency.run(rate, 15, progress, out));
    sections.put("scale", out -> Scale.run(1_000_000, progress, out));
    sections.put("sharing", out -> Sharing.run(rounds, progress, out));
    sections.put("failover", out -> Failover.run(rounds, progress, out));
    sections.put("start", out -> ColdStart.run(3, progress, out));
    sections.put("history", out -> History.run(3, progress, out));
    sections.put("size", out -> ClusterSize.run(3, progress, out));
    sections.put("burst", out -> Burst.run(mean(figures), burst, progress, out));
    sections.put("agent", out -> AgentCost.run(agentWarmUp, agentSeconds, progress, out));
    sections.put("exposition", out -> ExpositionBench.run(9, progress, out));
    return sections;
  }

  /** A fifth of half the load, so that ten times of it is all that the machine sustains. */
  private double mean(JsonNode figures) {
    double half = rate > 0 ? rate : figures.at("/latency/snapshotsPerSecond").asDouble(2000);
    return Math.max(1, Math.floor(half / 5));
  }

  private static Consumer<String> progress(PrintWriter err) {
    if (System.console() == null) {
      return what -> {};
    }
    return what -> {
      err.print("\r\033[K" + what);
      err.flush();
    };
  }
}
