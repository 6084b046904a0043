package dev.plumbline.cli.command;

import dev.plumbline.cli.settings.Settings;
import dev.plumbline.schemas.registry.SchemaRegistry;
import dev.plumbline.streams.Detect;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Detection against a Kafka cluster. */
@Command(
    name = "detect",
    description = {
      "Judge snapshots, group findings into incidents, plan remediations.",
      "Run as many as you like, up to the partitions of the snapshot topics."
    },
    footer = {"", "Example: plumbline detect --config plumbline.yaml"},
    mixinStandardHelpOptions = true)
final class DetectCommand implements Callable<Integer> {
  @Mixin ConfigOption config;

  @Option(names = "--for", paramLabel = "TIME", description = "Stop by itself after this time.")
  String time;

  @Spec CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    Settings settings = config.read();
    int threads = number(settings, "threads", "1");
    int standbys = number(settings, "standby.replicas", "0");
    Detect.Guarantee judging;
    try {
      judging = Detect.Guarantee.of(settings.detect("judging.guarantee", "at-least-once"));
    } catch (IllegalArgumentException e) {
      throw new IOException(config.file + ": detect.judging.guarantee: " + e.getMessage(), e);
    }
    Detect.Settings detection =
        new Detect.Settings(
            settings.kafka(),
            SchemaRegistry.connect(settings.registry()),
            settings.detect("application", "plumbline"),
            threads,
            true,
            Path.of(
                settings.detect("state.dir", System.getProperty("java.io.tmpdir") + "/plumbline")),
            settings.http(),
            judging,
            standbys);
    Run run = new Run();
    try (Detect detect = Detect.start(detection)) {
      spec.commandLine().getOut().println("detection on port " + detect.port());
      spec.commandLine().getOut().flush();
      if (!run.await(time == null ? null : Settings.duration(time), detect::healthy)) {
        throw new IOException("detection can't go on; its log says why");
      }
    } finally {
      run.done();
    }
    return 0;
  }

  private int number(Settings settings, String name, String otherwise) throws IOException {
    String value = settings.detect(name, otherwise);
    try {
      return Integer.parseInt(value);
    } catch (NumberFormatException e) {
      throw new IOException(config.file + ": detect." + name + " must be a number, is " + value, e);
    }
  }
}
