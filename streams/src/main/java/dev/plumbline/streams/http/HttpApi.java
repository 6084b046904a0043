package dev.plumbline.streams.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.plumbline.schemas.json.EventJson;
import dev.plumbline.streams.health.Board;
import dev.plumbline.streams.health.Metrics;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * What a detect process answers over HTTP: metrics, health, and what is open now as JSON.
 * Parameters of the query filter by field or by part of the entity: {@code
 * ?kind=gpu.fault&cluster=UID}.
 */
public final class HttpApi implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpServer server;
  private final ExecutorService threads =
      Executors.newFixedThreadPool(
          2,
          task -> {
            Thread thread = new Thread(task, "http");
            thread.setDaemon(true);
            return thread;
          });

  /**
   * Listens at once.
   *
   * @param address where; port 0 takes a free one
   * @param healthy false when the process can't go on by itself
   * @param ready true when it judges
   * @throws IOException when the address is taken
   */
  public HttpApi(
      InetSocketAddress address,
      Board board,
      Metrics metrics,
      BooleanSupplier healthy,
      BooleanSupplier ready)
      throws IOException {
    server = HttpServer.create(address, 0);
    server.setExecutor(threads);
    server.createContext("/healthz", exchange -> health(exchange, healthy));
    server.createContext("/readyz", exchange -> health(exchange, ready));
    server.createContext("/metrics", exchange -> metrics(exchange, metrics));
    list("findings", () -> board.findings().stream().map(EventJson::of));
    list("incidents", () -> board.incidents().stream().map(EventJson::of));
    list("remediations", () -> board.remediations().stream().map(EventJson::of));
    list("entities", () -> board.entities().stream().map(JSON::<JsonNode>valueToTree));
    server.start();
  }

  /** Port it listens on. */
  public int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  private void list(String name, java.util.function.Supplier<Stream<? extends JsonNode>> things) {
    server.createContext(
        "/api/v1/" + name,
        exchange -> {
          Map<String, String> filter = query(exchange.getRequestURI().getRawQuery());
          ArrayNode list = JSON.createArrayNode();
          things.get().filter(thing -> matches(thing, filter)).forEach(list::add);
          byte[] body = JSON.writeValueAsBytes(JSON.createObjectNode().set(name, list));
          answer(exchange, 200, "application/json", body);
        });
  }

  private static boolean matches(JsonNode thing, Map<String, String> filter) {
    return filter.entrySet().stream()
        .allMatch(
            it ->
                it.getValue().equals(thing.path(it.getKey()).asText(null))
                    || it.getValue().equals(thing.path("entity").path(it.getKey()).asText(null))
                    || it.getValue().equals(thing.path("target").path(it.getKey()).asText(null)));
  }

  private static Map<String, String> query(String raw) {
    Map<String, String> query = new TreeMap<>();
    if (raw != null) {
      for (String pair : raw.split("&")) {
        int equals = pair.indexOf('=');
        if (equals > 0) {
          query.put(
              URLDecoder.decode(pair.substring(0, equals), StandardCharsets.UTF_8),
              URLDecoder.decode(pair.substring(equals + 1), StandardCharsets.UTF_8));
        }
      }
    }
    return query;
  }

  private static void health(HttpExchange exchange, BooleanSupplier fine) throws IOException {
    boolean ok = fine.getAsBoolean();
    answer(
        exchange,
        ok ? 200 : 503,
        "text/plain; charset=utf-8",
        (ok ? "ok\n" : "not ok\n").getBytes(StandardCharsets.UTF_8));
  }

  private static void metrics(HttpExchange exchange, Metrics metrics) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    metrics.write(body);
    answer(exchange, 200, metrics.contentType(), body.toByteArray());
  }

  private static void answer(HttpExchange exchange, int status, String type, byte[] body)
      throws IOException {
    try (exchange) {
      boolean reads =
          exchange.getRequestMethod().equals("GET") || exchange.getRequestMethod().equals("HEAD");
      exchange.getResponseHeaders().set("Content-Type", type);
      if (!reads) {
        exchange.getResponseHeaders().set("Allow", "GET, HEAD");
        exchange.sendResponseHeaders(405, -1);
      } else if (exchange.getRequestMethod().equals("HEAD")) {
        exchange.sendResponseHeaders(status, -1);
      } else {
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
      }
    }
  }
}
