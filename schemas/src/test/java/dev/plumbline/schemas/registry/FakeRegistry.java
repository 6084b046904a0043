package dev.plumbline.schemas.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;

/**
 * A registry that answers as Confluent's API reference says, or as another server was measured to,
 * and that can be ill. What it keeps are texts: it knows no Avro.
 */
final class FakeRegistry implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** An answer that is given instead of the contract's. */
  interface Illness {
    void strike(HttpExchange exchange) throws IOException, InterruptedException;
  }

  private final Map<String, List<String>> subjects = new LinkedHashMap<>();
  private final Map<String, Integer> ids = new LinkedHashMap<>();
  private final Map<String, String> compatibilities = new HashMap<>();
  private final Queue<Illness> illnesses = new ConcurrentLinkedQueue<>();
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpServer server;
  private final String scheme;
  private volatile String authorization;
  private volatile boolean readOnly;
  private volatile boolean chatty;
  private volatile String nameOfCompatibility = "compatibilityLevel";

  FakeRegistry() throws IOException {
    this(HttpServer.create(loopback(), 0), "http");
  }

  /** The same behind TLS, which asks for a client's certificate. */
  FakeRegistry(SSLContext tls) throws IOException {
    this(secured(tls), "https");
  }

  private FakeRegistry(HttpServer server, String scheme) {
    this.server = server;
    this.scheme = scheme;
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  private static HttpServer secured(SSLContext tls) throws IOException {
    HttpsServer server = HttpsServer.create(loopback(), 0);
    server.setHttpsConfigurator(
        new HttpsConfigurator(tls) {
          @Override
          public void configure(HttpsParameters parameters) {
            var wanted = tls.getDefaultSSLParameters();
            wanted.setNeedClientAuth(true);
            parameters.setSSLParameters(wanted);
          }
        });
    return server;
  }

  private static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  String url() {
    return scheme + "://127.0.0.1:" + server.getAddress().getPort();
  }

  /** What was asked: method, path and query. */
  List<String> asked() {
    return asked;
  }

  FakeRegistry admitsOnly(String header) {
    authorization = header;
    return this;
  }

  FakeRegistry readOnly() {
    readOnly = true;
    return this;
  }

  /** Answers {@code schemaType} and {@code references}, as Apicurio 3.0 does. */
  FakeRegistry chatty() {
    chatty = true;
    return this;
  }

  FakeRegistry callsItCompatibility() {
    nameOfCompatibility = "compatibility";
    return this;
  }

  FakeRegistry holds(String subject, int id, String schema) {
    subjects.computeIfAbsent(subject, k -> new ArrayList<>()).add(schema);
    ids.put(schema, id);
    return this;
  }

  /** The next answer is this. */
  FakeRegistry thenAnswers(int status, String type, String body) {
    illnesses.add(exchange -> answer(exchange, status, type, body));
    return this;
  }

  /** The next answer promises more bytes than come. */
  FakeRegistry thenBreaksOff(String body) {
    illnesses.add(
        exchange -> {
          exchange.sendResponseHeaders(200, body.length() + 100);
          exchange.getResponseBody().write(body.getBytes(StandardCharsets.UTF_8));
          exchange.getResponseBody().flush();
        });
    return this;
  }

  /** The next question is never answered. */
  FakeRegistry thenIsSilent() {
    illnesses.add(exchange -> closing.await());
    return this;
  }

  @Override
  public void close() {
    closing.countDown();
    server.stop(0);
    threads.shutdownNow();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      asked.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
      byte[] body = exchange.getRequestBody().readAllBytes();
      Illness illness = illnesses.poll();
      if (illness != null) {
        illness.strike(exchange);
      } else if (authorization != null
          && !authorization.equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
        answer(exchange, 401, "application/json", "{\"error_code\":401,\"message\":\"who?\"}");
      } else {
        contract(exchange, body);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void contract(HttpExchange exchange, byte[] body) throws IOException {
    String[] path = exchange.getRequestURI().getRawPath().substring(1).split("/");
    for (int i = 0; i < path.length; i++) {
      path[i] = URLDecoder.decode(path[i], StandardCharsets.UTF_8);
    }
    JsonNode asked = read(body);
    String method = exchange.getRequestMethod();
    if (method.equals("POST") && path.length == 3 && path[2].equals("versions")) {
      register(exchange, path[1], asked);
    } else if (method.equals("GET") && path[0].equals("schemas")) {
      schema(exchange, Integer.parseInt(path[2]));
    } else if (path[0].equals("config")) {
      config(exchange, path[1], asked);
    } else {
      error(exchange, 404, 404, "HTTP 404 Not Found");
    }
  }

  private void register(HttpExchange exchange, String subject, JsonNode asked) throws IOException {
    JsonNode schema = asked.path("schema");
    if (asked.has("schemaType")) {
      // the servers before 5.5 know no such field
      error(exchange, 422, 422, "Unrecognized field: schemaType");
    } else if (readOnly) {
      error(exchange, 422, 42205, "Subject " + subject + " is in read-only mode");
    } else if (schema.asText().isBlank()) {
      error(exchange, 422, 42201, "Empty schema");
    } else {
      holds(subject, ids.getOrDefault(schema.asText(), ids.size() + 1), schema.asText());
      ObjectNode answer = JSON.createObjectNode().put("id", ids.get(schema.asText()));
      answer(exchange, 200, "application/vnd.schemaregistry.v1+json", answer.toString());
    }
  }

  private void schema(HttpExchange exchange, int id) throws IOException {
    for (Map.Entry<String, Integer> each : ids.entrySet()) {
      if (each.getValue() == id) {
        ObjectNode answer = JSON.createObjectNode().put("schema", each.getKey());
        if (chatty) {
          answer.put("schemaType", "AVRO").putArray("references");
        }
        answer(exchange, 200, "application/json", answer.toString());
        return;
      }
    }
    error(exchange, 404, 40403, "Schema " + id + " not found");
  }

  private void config(HttpExchange exchange, String subject, JsonNode asked) throws IOException {
    String query = exchange.getRequestURI().getQuery();
    boolean orDefault = query != null && query.contains("defaultToGlobal=true");
    if (exchange.getRequestMethod().equals("PUT")) {
      compatibilities.put(subject, asked.path("compatibility").asText());
    } else if (!compatibilities.containsKey(subject) && !orDefault) {
      error(exchange, 404, 40408, "Subject " + subject + " has no subject-level compatibility");
      return;
    }
    answer(
        exchange,
        200,
        "application/vnd.schemaregistry.v1+json",
        JSON.createObjectNode()
            .put(nameOfCompatibility, compatibilities.getOrDefault(subject, "BACKWARD"))
            .toString());
  }

  private static JsonNode read(byte[] body) throws JsonProcessingException {
    return body.length == 0
        ? JSON.createObjectNode()
        : JSON.readTree(new String(body, StandardCharsets.UTF_8));
  }

  private static void error(HttpExchange exchange, int status, int code, String message)
      throws IOException {
    ObjectNode error = JSON.createObjectNode().put("error_code", code).put("message", message);
    answer(exchange, status, "application/vnd.schemaregistry.v1+json", error.toString());
  }

  private static void answer(HttpExchange exchange, int status, String type, String body)
      throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
  }
}
