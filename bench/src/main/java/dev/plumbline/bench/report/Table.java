package dev.plumbline.bench.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;

/** Figures for people. */
public final class Table {
  private Table() {}

  /** The stages of the whole path. */
  public static void path(JsonNode path, PrintWriter out) {
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
    if (path.has("exactlyOnceToAtLeastOnce")) {
      out.printf(
          "%nexactly-once / at-least-once: %.2f%n",
          path.at("/exactlyOnceToAtLeastOnce/median").asDouble());
    }
  }

  private static String figure(JsonNode stage, String name) {
    return stage.has(name) ? "%.2f".formatted(stage.get(name).get("median").asDouble()) : "";
  }
}
