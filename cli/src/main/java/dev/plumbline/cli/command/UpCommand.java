package dev.plumbline.cli.command;

import dev.plumbline.agent.run.Agent;
import dev.plumbline.agent.run.AgentSettings;
import dev.plumbline.agent.scrape.ScrapeTarget;
import dev.plumbline.agent.scrape.Scraper;
import dev.plumbline.cli.embedded.EmbeddedBroker;
import dev.plumbline.cli.embedded.EmbeddedConnect;
import dev.plumbline.cli.embedded.Workspace;
import dev.plumbline.cli.settings.Settings;
import dev.plumbline.schemas.Topics;
import dev.plumbline.schemas.registry.RegistryServer;
import dev.plumbline.schemas.registry.SchemaRegistry;
import dev.plumbline.streams.Detect;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.admin.Admin;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Everything in one process, live. */
@Command(
    name = "up",
    description = {
      "Watch this machine, and the targets you name, live: broker, registry, agent, detection and",
      "deliveries in one process. Data stays in a folder; a restart loses nothing."
    },
    footer = {"", "Example: plumbline up --scrape node=http://127.0.0.1:9100/metrics"},
    mixinStandardHelpOptions = true)
final class UpCommand implements Callable<Integer> {
  @Option(
      names = "--scrape",
      paramLabel = "SOURCE=URL",
      description = "Scrape a target: dcgm, vllm, node, ksm ... or a name of yours.")
  Map<String, String> scrapes = Map.of();

  @Option(names = "--interval", defaultValue = "15s", description = "Time between two scrapes.")
  String interval;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      defaultValue = ".plumbline",
      description = "Where data is kept (default: ${DEFAULT-VALUE}).")
  Path data;

  @Option(names = "--webhook", paramLabel = "URL", description = "Post findings to this address.")
  String webhook;

  @Option(names = "--no-host", description = "Don't watch this machine itself.")
  boolean noHost;

  @Option(names = "--http-port", defaultValue = "8080", description = "API and metrics.")
  int httpPort;

  @Option(names = "--kafka-port", defaultValue = "9092", description = "The broker; 0: any.")
  int kafkaPort;

  @Option(names = "--registry-port", defaultValue = "8081", description = "The registry; 0: any.")
  int registryPort;

  @Option(names = "--for", paramLabel = "TIME", description = "Stop by itself after this time.")
  String time;

  @Option(names = "--partitions", defaultValue = "1", hidden = true)
  int partitions;

  @Spec CommandSpec spec;

  @Override
  @SuppressWarnings("try") // the deliveries run beside the others and are closed with them
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    AgentSettings watched = watched();
    Run run = new Run();
    try (Workspace workspace = Workspace.kept(data);
        EmbeddedBroker broker = EmbeddedBroker.start(workspace.folder("kafka"), kafkaPort);
        RegistryServer registry = RegistryServer.start(broker.client(), registryPort)) {
      try (Admin admin = Admin.create(broker.client())) {
        Topics.create(admin, partitions, 1);
      }
      SchemaRegistry schemas =
          SchemaRegistry.connect(Map.of("schema.registry.url", registry.url()));
      InetSocketAddress http = new InetSocketAddress(InetAddress.getLoopbackAddress(), httpPort);
      Detect.Settings settings =
          new Detect.Settings(
              broker.client(), schemas, "plumbline", 1, true, workspace.folder("state"), http);
      try (Detect detect = Detect.start(settings);
          Agent agent = Agent.start(watched, broker.client(), schemas);
          EmbeddedConnect connect = connect(workspace, broker, registry)) {
        out.println(Screen.text("@|bold Plumbline is up|@  (Ctrl-C stops it, a restart goes on)"));
        out.println("  findings   http://127.0.0.1:" + detect.port() + "/api/v1/findings");
        out.println("  metrics    http://127.0.0.1:" + detect.port() + "/metrics");
        out.println("  broker     " + broker.address());
        out.println("  registry   " + registry.url());
        out.println("  data       " + data.toAbsolutePath());
        out.flush();
        boolean fine = run.await(time == null ? null : Settings.duration(time), detect::healthy);
        out.println(
            "stopping: %d snapshots sent, %d of %d scrapes failed"
                .formatted(agent.sent(), agent.failures(), agent.scrapes()));
        out.flush();
        if (!fine) {
          throw new IOException("detection can't go on; its log says why");
        }
      }
    } finally {
      run.done();
    }
    return 0;
  }

  private EmbeddedConnect connect(
      Workspace workspace, EmbeddedBroker broker, RegistryServer registry) throws IOException {
    if (webhook == null) {
      return null;
    }
    EmbeddedConnect connect =
        new EmbeddedConnect(
            broker.address(), registry.url(), workspace.folder("connect").resolve("offsets"));
    connect.deliver(webhook, "info");
    return connect;
  }

  private AgentSettings watched() {
    String node = Settings.hostname();
    List<ScrapeTarget> targets = new ArrayList<>();
    scrapes.forEach(
        (source, url) -> {
          URI uri;
          try {
            uri = URI.create(url);
          } catch (IllegalArgumentException e) {
            throw new ParameterException(
                spec.commandLine(), "--scrape " + source + ": " + e.getMessage());
          }
          if (uri.getHost() == null) {
            throw new ParameterException(
                spec.commandLine(), "--scrape " + source + ": " + url + " names no host");
          }
          ScrapeTarget plain = ScrapeTarget.of(source, uri.getHost() + ":" + uri.getPort(), uri);
          targets.add(
              new ScrapeTarget(
                  source,
                  plain.name(),
                  uri,
                  Map.of("node", node),
                  Settings.duration(interval),
                  plain.timeout(),
                  null,
                  null,
                  null,
                  false));
        });
    return new AgentSettings(
        node,
        node,
        node,
        "",
        "",
        "",
        "",
        Map.of(),
        targets,
        !noHost,
        node,
        Map.of(),
        null,
        data.resolve("spool"),
        AgentSettings.SPOOL_BYTES,
        Scraper.LARGEST,
        null);
  }
}
