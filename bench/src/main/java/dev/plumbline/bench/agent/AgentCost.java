package dev.plumbline.bench.agent;

import com.sun.net.httpserver.HttpServer;
import dev.plumbline.cli.embedded.EmbeddedBroker;
import dev.plumbline.cli.embedded.Workspace;
import dev.plumbline.schemas.Topics;
import dev.plumbline.schemas.registry.RegistryServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;

/**
 * What an agent costs: the real process, started by the command of the distribution, scrapes an
 * 8-GPU node (dcgm-exporter and node-exporter) every 15 s, watches its host, and sends to a real
 * broker. Its CPU and memory come from /proc.
 *
 * <p>{@code bench/agent [WARM-UP SECONDS] [SECONDS]}
 */
public final class AgentCost {
  /** Clock ticks of /proc/PID/stat; the same on every Linux that Java runs on. */
  private static final double TICKS_A_SECOND = 100;

  private AgentCost() {}

  /**
   * @param args the plumbline command, seconds of warm-up, seconds that count
   */
  public static void main(String[] args) throws Exception {
    Path command = Path.of(args[0]);
    long warmUp = Long.parseLong(args[1]);
    long seconds = Long.parseLong(args[2]);
    HttpServer exporters = exporters();
    try (Workspace workspace = Workspace.temporary();
        EmbeddedBroker broker = EmbeddedBroker.start(workspace.folder("kafka"), 0);
        RegistryServer registry = RegistryServer.start(broker.client(), 0)) {
      try (Admin admin = Admin.create(broker.client())) {
        Topics.create(admin, 1, 1);
      }
      Path config =
          config(
              workspace.folder("agent"),
              broker.address(),
              registry.url(),
              exporters.getAddress().getPort());
      Process agent =
          new ProcessBuilder(command.toString(), "agent", "--config", config.toString())
              .redirectErrorStream(true)
              .redirectOutput(workspace.folder("agent").resolve("log").toFile())
              .start();
      try {
        TimeUnit.SECONDS.sleep(warmUp);
        double before = cpuSeconds(agent.pid());
        long began = System.nanoTime();
        double resident = 0;
        for (long i = 0; i < seconds; i++) {
          TimeUnit.SECONDS.sleep(1);
          resident = Math.max(resident, residentMegabytes(agent.pid()));
        }
        double cpu = cpuSeconds(agent.pid()) - before;
        double wall = (System.nanoTime() - began) / 1e9;
        System.out.printf(
            Locale.ROOT,
            "RSS %.0f MB (largest), CPU %.2f %% of a core over %.0f s, %s%n",
            resident,
            100 * cpu / wall,
            wall,
            sent(workspace.folder("agent")));
      } finally {
        agent.destroy();
        if (!agent.waitFor(30, TimeUnit.SECONDS)) {
          agent.destroyForcibly();
        }
      }
    } finally {
      exporters.stop(0);
    }
    System.exit(0);
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

  /** What the agent itself says that it did: its port stands in its first line. */
  private static String sent(Path folder) throws IOException, InterruptedException {
    String log = Files.readString(folder.resolve("log"));
    String port = log.replaceFirst("(?s).*on port (\\d+).*", "$1");
    HttpResponse<String> metrics =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics")).build(),
                HttpResponse.BodyHandlers.ofString());
    return metrics
        .body()
        .lines()
        .filter(it -> it.startsWith("plumbline_agent_snapshots_sent_total"))
        .findFirst()
        .orElse("nothing sent");
  }

  /** User and system time: fields 14 and 15 of /proc/PID/stat, behind the name in brackets. */
  private static double cpuSeconds(long pid) throws IOException {
    String stat = Files.readString(Path.of("/proc/" + pid + "/stat"), StandardCharsets.UTF_8);
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS_A_SECOND;
  }

  private static double residentMegabytes(long pid) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
      }
    }
    throw new IOException("process " + pid + " has no VmRSS");
  }
}
