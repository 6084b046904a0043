package dev.plumbline.cli.command;

import dev.plumbline.cli.settings.Settings;
import dev.plumbline.schemas.Topics;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.registry.RegistryException;
import dev.plumbline.schemas.registry.SchemaRegistry;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Says what is wrong and how to mend it. */
@Command(
    name = "doctor",
    description = "Look at Java, broker, topics and registry; say what is wrong and the remedy.",
    footer = {"", "Example: plumbline doctor --config plumbline.yaml"},
    mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {
  private static final long LEAST_HEAP = 256L << 20;

  @Mixin ConfigOption config;
  @Spec CommandSpec spec;

  private boolean well = true;

  @Override
  public Integer call() throws IOException {
    Settings settings = config.read();
    say(Runtime.version().feature() >= 17, "java " + Runtime.version(), "run on Java 17 or later");
    say(
        Runtime.getRuntime().maxMemory() >= LEAST_HEAP,
        "heap of %d MB".formatted(Runtime.getRuntime().maxMemory() >> 20),
        "give it at least 256 MB: PLUMBLINE_OPTS=-Xmx512m");
    broker(settings);
    registry(settings);
    return well ? 0 : 1;
  }

  private void broker(Settings settings) throws IOException {
    Map<String, Object> kafka = new HashMap<>(settings.kafka());
    kafka.put("request.timeout.ms", 5_000);
    kafka.put("default.api.timeout.ms", 8_000);
    String address = kafka.get("bootstrap.servers").toString();
    try (Admin admin = Admin.create(kafka)) {
      int nodes = admin.describeCluster().nodes().get(10, TimeUnit.SECONDS).size();
      say(true, "broker " + address + ", " + nodes + " node(s)", "");
      List<Topics.Difference> differences = Topics.check(admin);
      say(differences.isEmpty(), "topics", "see below");
      differences.forEach(spec.commandLine().getOut()::println);
    } catch (ExecutionException | TimeoutException | KafkaException e) {
      say(
          false,
          "broker " + address + " doesn't answer: " + e.getMessage(),
          "is kafka.bootstrap.servers right, and is the broker up?");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void registry(Settings settings) throws IOException {
    String address = settings.registry().get("schema.registry.url");
    try {
      SchemaRegistry.connect(settings.registry())
          .register("plumbline.findings-value", Finding.getClassSchema());
      say(true, "registry " + address, "");
    } catch (RegistryException e) {
      say(false, "registry: " + e.getMessage(), "is registry.schema.registry.url right?");
    }
  }

  private void say(boolean fine, String what, String remedy) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(
        Screen.text(fine ? "@|green ok|@     " : "@|red wrong|@  ")
            + what
            + (fine || remedy.isEmpty() ? "" : "; " + remedy));
    out.flush();
    well &= fine;
  }
}
