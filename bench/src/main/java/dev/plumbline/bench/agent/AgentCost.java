package dev.plumbline.bench.agent;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpServer;
import dev.plumbline.bench.path.BrokerProcess;
import dev.plumbline.bench.path.Cpu;
import dev.plumbline.bench.report.Spread;
import dev.plumbline.cli.embedded.Workspace;
import dev.plumbline.schemas.Topics;
import dev.plumbline.schemas.registry.RegistryServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;

/**
 * What an agent costs: the real process, started by the command of the distribution, scrapes an
 * 8-GPU node (dcgm-exporter and node-exporter) every 15 s, watches its host, and sends to a real
 * broker. Its CPU and memory come from /proc.
 */
public final class AgentCost {
  private AgentCost() {}

  /**
   * Runs it.
   *
   * @param warmUp seconds until all is compiled and pooled
   * @param seconds that count
   */
  public static void run(long warmUp, long seconds, Consumer<String> progress, ObjectNode out)
      throws IOException {
    Path command = command();
    if (!Files.isExecutable(command)) {
      out.put("missing", command + " is not there: run the bench of a distribution");
      return;
    }
    progress.accept("an agent beside 8 GPUs, for %d s".formatted(warmUp + seconds));
    HttpServer exporters = exporters();
    try (Workspace workspace = Workspace.temporary();
        BrokerProcess broker =
            BrokerProcess.start(workspace.folder("kafka"), "-Xmx512m", "-XX:+UseSerialGC");
        RegistryServer registry = RegistryServer.start(broker.client(), 0)) {
      try (Admin admin = Admin.create(broker.client())) {
        Topics.create(admin, 1, 1);
      }
      Path folder = workspace.folder("agent");
      Path config =
          config(folder, broker.address(), registry.url(), exporters.getAddress().getPort());
      Process agent =
          new ProcessBuilder(command.toString(), "agent", "--config", config.toString())
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("log").toFile())
              .start();
      try {
        measure(agent.toHandle(), folder, warmUp, seconds, out);
      } finally {
        agent.destroy();
        if (!agent.waitFor(30, TimeUnit.SECONDS)) {
          agent.destroyForcibly();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      exporters.stop(0);
    }
  }

  private static void measure(
      ProcessHandle agent, Path folder, long warmUp, long seconds, ObjectNode out)
      throws IOException, InterruptedException {
    TimeUnit.SECONDS.sleep(warmUp);
    final long cpuBefore = Cpu.of(agent);
    final double sentBefore = sent(folder);
    long began = System.nanoTime();
    double[] resident = new double[(int) seconds];
    for (int i = 0; i < seconds; i++) {
      TimeUnit.SECONDS.sleep(1);
      resident[i] = Cpu.resident(agent);
    }
    double wall = (System.nanoTime() - began) / 1e9;
    out.put("warmUpSeconds", warmUp);
    out.put("seconds", wall);
    out.put("snapshots", sent(folder) - sentBefore);
    out.put("cores", (Cpu.of(agent) - cpuBefore) / 1e9 / wall);
    Spread.of(resident).put(out, "residentBytes");
  }

  /** The launcher of the distribution that this class came from. */
  private static Path command() {
    try {
      Path jar =
          Path.of(AgentCost.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      return jar.resolveSibling("../bin/plumbline").normalize();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static HttpServer exporters() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    for (String name : new String[] {"dcgm-exporter", "node-exporter"}) {
      byte[] body;
      try (InputStream in = AgentCost.class.getResourceAsStream("/fixtures/" + name + ".prom")) {
        body = in.readAllBytes();
      }
      server.createContext(
          "/" + name,
          exchange -> {
            try (exchange) {
              exchange.sendResponseHeaders(200, body.length);
              exchange.getResponseBody().write(body);
            }
          });
    }
    server.start();
    return server;
  }

  private static Path config(Path folder, String broker, String registry, int port)
      throws IOException {
    return Files.writeString(
        folder.resolve("plumbline.yaml"),
        """
        kafka: {bootstrap.servers: "%s"}
        registry: {schema.registry.url: "%s"}
        http: {port: 0}
        agent:
          name: agent-0
          cluster: {uid: c-1}
          host: true
          node: gpu-worker-03
          spool.dir: %s
          scrapes:
            - {source: dcgm, url: "http://127.0.0.1:%d/dcgm-exporter", interval: 15s}
            - {source: node, url: "http://127.0.0.1:%d/node-exporter", interval: 15s}
        """
            .formatted(broker, registry, folder.resolve("spool"), port, port));
  }

  /** Snapshots that the agent says it has sent: its port stands in its first line. */
  private static double sent(Path folder) throws IOException, InterruptedException {
    String log = Files.readString(folder.resolve("log"));
    Matcher port = Pattern.compile("on port (\\d+)").matcher(log);
    if (!port.find()) {
      throw new IOException("the agent did not start: " + log);
    }
    HttpResponse<String> metrics =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port.group(1) + "/metrics"))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
    return metrics
        .body()
        .lines()
        .filter(it -> it.startsWith("plumbline_agent_snapshots_sent_total"))
        .mapToDouble(it -> Double.parseDouble(it.substring(it.lastIndexOf(' ') + 1)))
        .sum();
  }
}
