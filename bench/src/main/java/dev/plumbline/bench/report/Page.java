package dev.plumbline.bench.report;

import com.fasterxml.jackson.databind.JsonNode;
import dev.plumbline.bench.report.Chart.Bar;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The page on performance, made of the figures alone. */
public final class Page {
  private final JsonNode all;
  private final StringBuilder text = new StringBuilder();

  private Page(JsonNode all) {
    this.all = all;
  }

  /**
   * Writes it, and its charts into a folder of the same name beside it.
   *
   * @param file ends in .md
   */
  public static void write(JsonNode figures, Path file) throws IOException {
    String name = file.getFileName().toString().replaceAll("\\.md$", "");
    Path folder = file.toAbsolutePath().resolveSibling(name);
    Page page = new Page(figures);
    page.all(name, folder);
    Files.writeString(file, page.text.toString());
  }

  private void all(String name, Path folder) throws IOException {
    say(
        "# What detection costs",
        "",
        "Made by `bench/performance` from its own run; no figure on this page was written by hand.",
        "",
        "    bench/performance                 measures everything and writes this page",
        "    ./plumbline bench                 a short form of the first table, on your machine",
        "    bench/performance --only agent    one section; `plumbline bench --help` names them",
        "",
        "The unit is CPU time, of the application and of the broker, for a snapshot of 190 samples"
            + " (a node with 8 GPUs). What is compared ran in turns in one process on the same"
            + " topics; a figure is the median of its rounds, with the least and the greatest in"
            + " brackets. Ratios are taken within a round: on a busy machine they hold where"
            + " seconds do not.",
        "");
    JsonNode machine = all.path("machine");
    if (!machine.isMissingNode()) {
      say(
          "Taken on %d processors (%s), %s GB, %s, %s; load average before the run %s."
              .formatted(
                  machine.path("processors").asInt(),
                  machine.path("processor").asText(),
                  number(machine.path("memoryBytes").asDouble() / (1 << 30)),
                  machine.path("system").asText(),
                  machine.path("java").asText(),
                  number(machine.path("loadBefore").asDouble())),
          "");
    }
    goals();
    path(name, folder);
    prometheus();
    micro();
    latency(name, folder);
    scale();
    sharing(name, folder);
    failover(name, folder);
    others();
    agent();
    exposition();
  }

  private void goals() {
    say(
        "## Against what was set",
        "",
        "| figure | is | good enough | goal | |",
        "|---|---|---|---|---|");
    for (Goals.Goal goal : Goals.of(all)) {
      say(
          "| %s | %s | %s | %s | %s |"
              .formatted(
                  goal.about(),
                  Double.isNaN(goal.figure()) ? "" : number(goal.figure()) + goal.unit(),
                  goal.bound(goal.ship()),
                  goal.bound(goal.goal()),
                  goal.verdict()));
    }
    say("");
  }

  private void path(String name, Path folder) throws IOException {
    JsonNode path = all.path("path");
    if (path.isMissingNode()) {
      return;
    }
    JsonNode load = path.get("load");
    say(
        "## The whole path",
        "",
        "%s snapshots of %s clusters with %s nodes each: boards, model server and node exporter of"
                .formatted(
                    number(load.get("snapshots").asDouble()),
                    load.get("clusters").asText(),
                    load.get("nodes").asText())
            + " every node at every %s s, %s samples each on average, %s bytes (%s in the log, lz4);"
                .formatted(
                    load.get("intervalSeconds").asText(),
                    number(load.get("samplesPerSnapshot").asDouble()),
                    number(load.get("bytesPerSnapshot").asDouble()),
                    number(load.get("loggedBytesPerSnapshot").asDouble()))
            + " a daily rhythm, and a throttled board and a slow server in each cluster in the last"
            + " third. %s rounds after one to warm up, %s partitions, one thread unless said."
                .formatted(load.get("rounds").asText(), load.get("partitions").asText()),
        "",
        "| stage | CPU, us | app | broker | samples/s | samples per CPU-second | / decode | / bare"
            + " | log / input |",
        "|---|---|---|---|---|---|---|---|---|");
    List<Bar> cost = new ArrayList<>();
    List<Bar> work = new ArrayList<>();
    for (Map.Entry<String, JsonNode> entry : path.get("stages").properties()) {
      JsonNode stage = entry.getValue();
      say(
          "| **%s**: %s | %s | %s | %s | %s | %s | %s | %s | %s |"
              .formatted(
                  entry.getKey(),
                  stage.get("about").asText(),
                  spread(stage.get("micros")),
                  median(stage, "appMicros"),
                  median(stage, "brokerMicros"),
                  median(stage, "samplesPerSecond"),
                  median(stage, "samplesPerCpuSecond"),
                  median(stage, "toDecode"),
                  median(stage, "toBare"),
                  median(stage, "changelogToInput")));
      if (!entry.getKey().equals("plain")) {
        cost.add(
            new Bar(
                entry.getKey(),
                stage.at("/appMicros/median").asDouble(),
                stage.at("/brokerMicros/median").asDouble()));
      }
      work.add(new Bar(entry.getKey(), stage.at("/samplesPerCpuSecond/median").asDouble()));
    }
    if (all.at("/prometheus/samplesPerCpuSecond").has("median")) {
      work.add(
          new Bar("Prometheus rules", all.at("/prometheus/samplesPerCpuSecond/median").asDouble()));
    }
    chart(
        name,
        folder,
        "path",
        Chart.bars(
            "CPU of a snapshot of 190 samples",
            "microseconds",
            List.of("application", "broker"),
            false,
            cost));
    chart(
        name,
        folder,
        "work",
        Chart.bars("Samples for a second of CPU", "samples", List.of(), true, work));
    say(
        "",
        "*decode* reads and decodes with the production deserialiser; *bare* judges with the same"
            + " detectors in a consumer's loop and keeps nothing; *plain* is what one would build"
            + " first: the same detectors, and each series an entry of RocksDB, got and put with"
            + " every sample (without the repartitioning that the DSL would add). *log / input* are"
            + " bytes of the changelog to bytes of the snapshots, both as they lie in the broker's"
            + " log; judging writes a checkpoint at most every few seconds, and in so short a run"
            + " hardly one is due: the goal is held against the burst below, which lasts.",
        "");
  }

  private void prometheus() {
    JsonNode peer = all.path("prometheus");
    if (!peer.has("samplesPerCpuSecond")) {
      return;
    }
    say(
        "## Prometheus on the same series",
        "",
        "Debian's Prometheus holds an hour of the same load, %s series, and evaluates the %s rules of"
                .formatted(number(peer.get("series").asDouble()), peer.get("rules").asText())
            + " [rules.yml](../bench/src/main/resources/prometheus/rules.yml), which come to the"
            + " same kinds of verdicts. An evaluation judges one new sample of every series, as it"
            + " would"
            + " at every scrape. It takes %s us of CPU for 190 samples, %s samples per CPU-second."
                .formatted(
                    spread(peer.get("micros")),
                    number(peer.at("/samplesPerCpuSecond/median").asDouble()))
            + " Scraping and storing are not counted for Prometheus; transport and decoding are for"
            + " Plumbline. Alerts at the end of the run: `%s`.".formatted(peer.get("alerts")),
        "");
  }

  private void micro() {
    JsonNode micro = all.path("micro");
    if (micro.isMissingNode()) {
      return;
    }
    say(
        "## The steps alone",
        "",
        "JMH, a JVM of its own for each; *boards* is the snapshot of a node with 8 GPUs, *server*"
            + " that of a model server with its histograms.",
        "",
        "| step | ns | +- | bytes allocated |",
        "|---|---|---|---|");
    micro
        .properties()
        .forEach(
            it ->
                say(
                    "| %s | %s | %s | %s |"
                        .formatted(
                            it.getKey(),
                            number(it.getValue().get("nanos").asDouble()),
                            number(it.getValue().get("error").asDouble()),
                            number(it.getValue().get("bytes").asDouble()))));
    say("");
  }

  private void latency(String name, Path folder) throws IOException {
    JsonNode latency = all.path("latency");
    if (latency.isMissingNode()) {
      return;
    }
    say(
        "## From append to record",
        "",
        "%s snapshots a second for %s s%s; generator, broker, detection and readers share the machine."
            .formatted(
                number(latency.get("snapshotsPerSecond").asDouble()),
                latency.get("seconds").asText(),
                latency.has("sustainedPerSecond")
                    ? ", half of the %s that it sustains"
                        .formatted(number(latency.get("sustainedPerSecond").asDouble()))
                    : ""),
        "",
        "| judging | record | n | p50, ms | p90 | p99 | p99.9 |",
        "|---|---|---|---|---|---|---|");
    List<Bar> bars = new ArrayList<>();
    for (String guarantee : List.of("at-least-once", "exactly-once")) {
      for (String stage : List.of("judging", "deciding")) {
        JsonNode one = latency.path(guarantee).path(stage);
        String record = stage.equals("judging") ? "finding" : "incident";
        say(
            "| %s | %s | %s | %s | %s | %s | %s |"
                .formatted(
                    guarantee,
                    record,
                    one.path("records").asText(),
                    number(one.path("p50").asDouble()),
                    number(one.path("p90").asDouble()),
                    number(one.path("p99").asDouble()),
                    number(one.path("p99.9").asDouble())));
        bars.add(new Bar(record + ", " + guarantee, one.path("p99").asDouble(1)));
      }
    }
    chart(
        name,
        folder,
        "latency",
        Chart.bars(
            "From append to record, 99th percentile", "milliseconds", List.of(), false, bars));
    say("");
  }

  private void scale() {
    JsonNode scale = all.path("scale");
    if (scale.isMissingNode()) {
      return;
    }
    say(
        "## A million signals",
        "",
        "%s series of %s targets: %s B of heap and %s B of serialised state for each on average (few"
                .formatted(
                    number(scale.get("signals").asDouble()),
                    number(scale.get("targets").asDouble()),
                    number(scale.get("heapBytesPerSignal").asDouble()),
                    number(scale.get("stateBytesPerSignal").asDouble()))
            + " series have a detector to themselves; most are looked at with their board or"
            + " server,"
            + " whose state takes %s B)."
                .formatted(number(scale.path("stateBytesPerTarget").asDouble(Double.NaN)))
            + " A process that starts anew is ready after %s s, with %s MB resident; its changelog"
                .formatted(
                    number(scale.get("restoreSeconds").asDouble()),
                    number(scale.get("residentBytes").asDouble() / 1e6))
            + " holds %s MB.".formatted(number(scale.get("changelogBytes").asDouble() / 1e6)),
        "");
  }

  private void sharing(String name, Path folder) throws IOException {
    JsonNode sharing = all.path("sharing");
    if (sharing.isMissingNode()) {
      return;
    }
    say(
        "## Two processes",
        "",
        "Detect processes come and leave while the snapshots of a fleet are sent; in between, one"
            + " judges alone, then two together, in turns.",
        "",
        "| judging | CPU, us | app | broker |",
        "|---|---|---|---|");
    List<Bar> bars = new ArrayList<>();
    for (String how : List.of("one", "two")) {
      JsonNode cost = sharing.get(how);
      String who = how.equals("one") ? "one process" : "two processes";
      say(
          "| %s | %s | %s | %s |"
              .formatted(
                  who,
                  spread(cost.get("micros")),
                  median(cost, "appMicros"),
                  median(cost, "brokerMicros")));
      bars.add(
          new Bar(
              who,
              cost.at("/appMicros/median").asDouble(),
              cost.at("/brokerMicros/median").asDouble()));
    }
    chart(
        name,
        folder,
        "sharing",
        Chart.bars(
            "CPU of a snapshot of 190 samples, shared",
            "microseconds",
            List.of("application", "broker"),
            false,
            bars));
    say(
        "",
        "Two to one: %s x. Of the %s partitions one of the two has %s, and does %s %% of the work."
                .formatted(
                    spread(sharing.get("twoToOne")),
                    sharing.get("partitions").asText(),
                    spread(sharing.get("partitionsOfOne")),
                    number(sharing.at("/shareOfOne/median").asDouble() * 100))
            + " In %s hand-overs, of %s snapshots sent %s were judged, each once; of %s changes of"
                .formatted(
                    sharing.get("handOvers").asText(),
                    number(sharing.get("sent").asDouble()),
                    number(sharing.get("judged").asDouble()),
                    number(sharing.get("findingsAlone").asDouble()))
            + " findings that one process says which reads all of it alone, %s were lost, %s were"
                .formatted(
                    number(sharing.get("lost").asDouble()),
                    number(sharing.get("repeated").asDouble()))
            + " said twice, and %s others were said.".formatted(sharing.get("other").asText())
            + " Silence is left out: the fleet's clock runs hundreds of times too fast here.",
        "");
  }

  private void failover(String name, Path folder) throws IOException {
    JsonNode failover = all.path("failover");
    if (!failover.has("parts")) {
      return;
    }
    say(
        "## After kill -9",
        "",
        "Two detect processes share the partitions of a fleet of %s signals, as snapshots come"
                .formatted(number(failover.get("signals").asDouble()))
            + " in; one is killed. Until the other has judged and committed the first snapshot of a"
            + " partition that was not its own, in seconds after the kill, %s rounds in turns:"
                .formatted(failover.get("rounds").asText()),
        "",
        "| step | without a standby | with `detect.standby.replicas: 1` |",
        "|---|---|---|");
    Map<String, String> steps = new LinkedHashMap<>();
    steps.put("session", "it is missed: its session ends");
    steps.put("rebalance", "its partitions are given to the other");
    steps.put("changelog", "Kafka Streams has read the changelog of the first");
    steps.put("unpack", "its state is made of that");
    steps.put("replay", "what was committed behind the checkpoint is judged again");
    steps.put("said", "the newest findings are read");
    steps.put("first", "the first snapshot is judged and committed");
    List<Bar> bars = new ArrayList<>();
    for (Map.Entry<String, String> step : steps.entrySet()) {
      JsonNode without = failover.get("parts").get(step.getKey());
      JsonNode with = failover.get("partsWithStandby").get(step.getKey());
      say("| %s | %s | %s |".formatted(step.getValue(), spread(without), spread(with)));
      bars.add(new Bar(step.getKey(), without.get("median").asDouble()));
    }
    say(
        "| **all** | **%s** | **%s** |"
            .formatted(
                spread(failover.get("survivorSeconds")),
                spread(failover.get("survivorWithStandbySeconds"))));
    chart(
        name,
        folder,
        "failover",
        Chart.bars(
            "From kill -9 to the survivor's first record", "seconds", List.of(), false, bars));
    say("");
  }

  private void others() {
    say("## Start, history, size, burst", "");
    JsonNode start = all.path("start");
    if (!start.isMissingNode()) {
      say(
          "- A cold JVM with the launcher's options acknowledges the first record of its embedded"
              + " broker after %s s, with an archive of class data after %s s."
                  .formatted(spread(start.get("seconds")), spread(start.get("sharedSeconds"))));
    }
    JsonNode history = all.path("history");
    if (!history.isMissingNode()) {
      say(
          "- Judging a snapshot, writing of state aside, takes %s us after an hour of history and %s"
                  .formatted(
                      spread(history.get("microsAfterAnHour")),
                      spread(history.get("microsAfterADay")))
              + " us a day later: %s x.".formatted(spread(history.get("dayToHour"))));
    }
    JsonNode size = all.path("size");
    if (!size.isMissingNode()) {
      say(
          "- In one cluster of %s nodes, where replicas come and go, judging a snapshot takes %s us, in"
                  .formatted(number(size.get("nodes").asDouble()), spread(size.get("largeMicros")))
              + " %s clusters of %s nodes %s us: %s x."
                  .formatted(
                      number(size.get("nodes").asDouble() / size.get("smallNodes").asDouble()),
                      number(size.get("smallNodes").asDouble()),
                      spread(size.get("smallMicros")),
                      spread(size.get("largeToSmall"))));
    }
    JsonNode burst = all.path("burst");
    if (!burst.isMissingNode()) {
      say(
          "- %s s of 10 times %s snapshots a second leave %s snapshots behind; they are gone after %s"
                  .formatted(
                      burst.get("burstSeconds").asText(),
                      number(burst.get("meanSnapshotsPerSecond").asDouble()),
                      number(burst.get("lagAtItsEnd").asDouble()),
                      number(burst.get("secondsUntilClear").asDouble()))
              + " s. Of %s snapshots sent, %s were judged."
                  .formatted(
                      number(burst.get("sent").asDouble()), number(burst.get("judged").asDouble()))
              + " The changelog took %s MB beside %s MB of snapshots."
                  .formatted(
                      number(burst.path("changelogBytes").asDouble() / 1e6),
                      number(burst.path("inputBytes").asDouble() / 1e6)));
    }
  }

  private void agent() {
    JsonNode agent = all.path("agent");
    if (!agent.has("cores")) {
      return;
    }
    say(
        "",
        "## An agent",
        "",
        "The real process beside a node with 8 GPUs: it scrapes dcgm-exporter and node-exporter"
            + " every"
            + " 15 s, watches its host and sends %s snapshots in %s s. It takes %s %% of a core and %s"
                .formatted(
                    number(agent.get("snapshots").asDouble()),
                    number(Math.rint(agent.get("seconds").asDouble())),
                    number(agent.get("cores").asDouble() * 100),
                    number(agent.at("/residentBytes/median").asDouble() / 1e6))
            + " MB resident, %s MB at most."
                .formatted(number(agent.at("/residentBytes/most").asDouble() / 1e6)));
  }

  private void exposition() {
    JsonNode exposition = all.path("exposition");
    if (!exposition.has("payloads")) {
      return;
    }
    say(
        "",
        "## Parsing expositions",
        "",
        "The agent's parser, warm as an agent's is, and the one on Maven Central"
            + " (org.hawkular.agent:prometheus-scraper) in turns in one run, on what each source"
            + " exposes; MB for a second of CPU, %s rounds. *To the snapshot* includes the mapping to"
                .formatted(exposition.get("rounds").asText())
            + " the record that is sent.",
        "",
        "| source | bytes | Plumbline | hawkular | ratio | to the snapshot |",
        "|---|---|---|---|---|---|");
    for (Map.Entry<String, JsonNode> entry : exposition.get("payloads").properties()) {
      JsonNode one = entry.getValue();
      say(
          "| %s | %s | %s | %s | %s | %s |"
              .formatted(
                  entry.getKey(),
                  number(one.get("bytes").asDouble()),
                  spread(one.get("plumblineMegabytesPerSecond")),
                  spread(one.get("hawkularMegabytesPerSecond")),
                  spread(one.get("ratio")),
                  spread(one.get("snapshotMegabytesPerSecond"))));
    }
  }

  private void chart(String page, Path folder, String name, String svg) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve(name + ".svg"), svg);
    say("", "![%s](%s/%s.svg)".formatted(name, page, name));
  }

  private void say(String... lines) {
    for (String line : lines) {
      text.append(line).append('\n');
    }
  }

  private static String median(JsonNode parent, String name) {
    return parent.has(name) ? number(parent.get(name).get("median").asDouble()) : "";
  }

  private static String spread(JsonNode spread) {
    return "%s [%s - %s]"
        .formatted(
            number(spread.get("median").asDouble()),
            number(spread.get("least").asDouble()),
            number(spread.get("most").asDouble()));
  }

  /** Three digits that count, or all before the point. */
  static String number(double value) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      return "-";
    }
    double size = Math.abs(value);
    String format =
        size >= 100 || value == Math.rint(value) ? "%,.0f" : size >= 10 ? "%.1f" : "%.2f";
    return String.format(Locale.ROOT, format, value);
  }
}
