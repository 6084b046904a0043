package dev.plumbline.cli.command;

import dev.plumbline.cli.settings.Settings;
import dev.plumbline.schemas.registry.SchemaRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import picocli.CommandLine.Option;

/** Which broker a tool asks: that of the settings, or that of this machine's {@code up}. */
final class BrokerOption {
  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "Settings; without it, a plumbline up of this machine is asked.")
  Path file;

  /** Client settings of the broker, to be changed freely. */
  Map<String, Object> kafka() throws IOException {
    return new HashMap<>(
        file == null ? Map.of("bootstrap.servers", "127.0.0.1:9092") : Settings.read(file).kafka());
  }

  SchemaRegistry registry() throws IOException {
    return SchemaRegistry.connect(
        file == null
            ? Map.of("schema.registry.url", "http://127.0.0.1:8081")
            : Settings.read(file).registry());
  }
}
