package dev.plumbline.cli.command;

import dev.plumbline.cli.settings.Settings;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.kafka.connect.cli.ConnectDistributed;
import org.apache.kafka.connect.runtime.Connect;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A distributed Connect worker with the sinks of Plumbline. */
@Command(
    name = "connect",
    description = {
      "Run a Kafka Connect worker that has the sinks of Plumbline.",
      "Sinks are started over its REST interface; see docs/deliver-to-a-webhook.md."
    },
    footer = {"", "Example: plumbline connect --config plumbline.yaml"},
    mixinStandardHelpOptions = true)
final class ConnectCommand implements Callable<Integer> {
  @Mixin ConfigOption config;

  @Option(names = "--for", paramLabel = "TIME", description = "Stop by itself after this time.")
  String time;

  @Spec CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    Settings settings = config.read();
    Map<String, String> worker = new HashMap<>();
    worker.put("group.id", "plumbline-connect");
    worker.put("config.storage.topic", "plumbline-connect-configs");
    worker.put("offset.storage.topic", "plumbline-connect-offsets");
    worker.put("status.storage.topic", "plumbline-connect-status");
    worker.put("plugin.discovery", "service_load");
    worker.put("key.converter", "org.apache.kafka.connect.storage.StringConverter");
    worker.put("value.converter", "dev.plumbline.connectors.EventConverter");
    settings.registry().forEach((key, value) -> worker.put("value.converter." + key, value));
    settings.kafka().forEach((key, value) -> worker.put(key, value.toString()));
    worker.putAll(settings.connect());
    Run run = new Run();
    Connect<?> connect = new ConnectDistributed("plumbline").startConnect(worker);
    try {
      spec.commandLine().getOut().println("Connect worker on " + connect.rest().advertisedUrl());
      spec.commandLine().getOut().flush();
      run.await(time == null ? null : Settings.duration(time), () -> true);
    } finally {
      connect.stop();
      connect.awaitStop();
      run.done();
    }
    return 0;
  }
}
