package dev.plumbline.bench.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;

/** Figures for people. */
public final class Table {
  private Table() {}

  /** All figures that there are. */
  public static void print(JsonNode figures, PrintWriter out) {
    if (figures.has("path")) {
      path(figures.get("path"), out);
    }
    out.println();
    for (Goals.Goal goal : Goals.of(figures)) {
      if (!Double.isNaN(goal.figure())) {
        out.printf(
            "%-66s %12s   %s%n",
            goal.about(),
            Page.number(goal.figure()) + goal.unit(),
            goal.verdict().replace("*", "") + " (goal " + goal.bound(goal.goal()) + ")");
      }
    }
  }

  /** The stages of the whole path. */
  private static void path(JsonNode path, PrintWriter out) {
    JsonNode load = path.get("load");
    out.printf(
        "%,d snapshots of %.0f samples on average, %d clusters of %d nodes with 8 GPUs, scraped"
            + " every %d s%n",
        load.get("snapshots").asLong(),
        load.get("samplesPerSnapshot").asDouble(),
        load.get("clusters").asInt(),
        load.get("nodes").asInt(),
        load.get("intervalSeconds").asInt());
    out.printf(
        "median of %d rounds [least - most]; CPU of a snapshot of 190 samples, microseconds%n%n",
        load.get("rounds").asInt());
    out.printf(
        "%-14s %26s %8s %8s %12s %10s %10s %10s%n",
        "", "CPU", "app", "broker", "samples/s", "/ decode", "/ bare", "log/input");
    path.get("stages")
        .properties()
        .forEach(
            it -> {
              JsonNode stage = it.getValue();
              out.printf(
                  "%-14s %26s %8.1f %8.1f %,12.0f %10s %10s %10s%n",
                  it.getKey(),
                  "%.1f [%.1f - %.1f]"
                      .formatted(
                          stage.at("/micros/median").asDouble(),
                          stage.at("/micros/least").asDouble(),
                          stage.at("/micros/most").asDouble()),
                  stage.at("/appMicros/median").asDouble(),
                  stage.at("/brokerMicros/median").asDouble(),
                  stage.at("/samplesPerSecond/median").asDouble(),
                  figure(stage, "toDecode"),
                  figure(stage, "toBare"),
                  figure(stage, "changelogToInput"));
            });
  }

  private static String figure(JsonNode stage, String name) {
    return stage.has(name) ? "%.2f".formatted(stage.get(name).get("median").asDouble()) : "";
  }
}
