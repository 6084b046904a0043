package dev.plumbline.cli.command;

import dev.plumbline.cli.settings.Settings;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The settings file, as every process and tool takes it. */
final class ConfigOption {
  @Option(
      names = "--config",
      paramLabel = "FILE",
      required = true,
      description = "Settings; see docs/run-in-production.md.")
  Path file;

  Settings read() throws IOException {
    return Settings.read(file);
  }
}
