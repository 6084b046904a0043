package dev.plumbline.agent.run;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

/** Health and metrics of an agent. */
public final class AgentHttp implements AutoCloseable {
  private final HttpServer server;

  /**
   * Listens at once.
   *
   * @throws IOException when the address is taken
   */
  public AgentHttp(InetSocketAddress address, Agent agent) throws IOException {
    server = HttpServer.create(address, 0);
    answer("/healthz", "text/plain; charset=utf-8", () -> "ok\n");
    answer("/readyz", "text/plain; charset=utf-8", () -> "ok\n");
    answer("/metrics", "text/plain; version=0.0.4; charset=utf-8", () -> metrics(agent));
    server.start();
  }

  /** Port it listens on. */
  public int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
  }

  private void answer(String path, String type, Supplier<String> body) {
    server.createContext(
        path,
        exchange -> {
          try (exchange) {
            byte[] bytes = body.get().getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", type);
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
          }
        });
  }

  private static String metrics(Agent agent) {
    return counter("plumbline_agent_scrapes_total", "Scrapes done.", agent.scrapes())
        + counter("plumbline_agent_scrape_failures_total", "Scrapes failed.", agent.failures())
        + counter("plumbline_agent_snapshots_sent_total", "Snapshots the broker has.", agent.sent())
        + counter("plumbline_agent_snapshots_lost_total", "Snapshots lost.", agent.lost());
  }

  private static String counter(String name, String help, long value) {
    return "# HELP "
        + name
        + ' '
        + help
        + "\n# TYPE "
        + name
        + " counter\n"
        + name
        + ' '
        + value
        + '\n';
  }
}
