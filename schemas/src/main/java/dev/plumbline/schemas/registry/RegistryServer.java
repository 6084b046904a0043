package dev.plumbline.schemas.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A schema registry for development, inside this process: the part of the Confluent REST protocol
 * by which clients register, look up, check and list schemas, kept in the compacted topic {@code
 * _schemas}. One writer, no security, loopback only: a fleet needs a real one.
 */
public final class RegistryServer implements AutoCloseable {
  private static final String CONTENT = "application/vnd.schemaregistry.v1+json";
  private static final Logger LOG = LoggerFactory.getLogger(RegistryServer.class);
  private static final int LONGEST_BODY = 4 << 20;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final SchemaLog log;
  private final HttpServer server;
  private final ExecutorService threads =
      Executors.newFixedThreadPool(
          4,
          task -> {
            Thread thread = new Thread(task, "registry");
            thread.setDaemon(true);
            return thread;
          });

  private RegistryServer(Map<String, Object> kafka, int port) throws IOException {
    log = new SchemaLog(kafka);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  /**
   * Reads back what the topic holds and listens.
   *
   * @param kafka client settings of the broker
   * @param port port on loopback; 0 takes a free one
   * @throws IOException when the port is taken
   */
  public static RegistryServer start(Map<String, Object> kafka, int port) throws IOException {
    return new RegistryServer(kafka, port);
  }

  /** Its base address. */
  public String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
    log.close();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readNBytes(LONGEST_BODY);
      String[] path = exchange.getRequestURI().getRawPath().replaceAll("^/+|/+$", "").split("/");
      String query = exchange.getRequestURI().getQuery();
      try {
        for (int i = 0; i < path.length; i++) {
          path[i] = URLDecoder.decode(path[i], StandardCharsets.UTF_8);
        }
        answer(
            exchange,
            200,
            route(exchange.getRequestMethod(), path, query == null ? "" : query, body));
      } catch (RegistryException e) {
        refuse(exchange, e.status(), e.code(), e.getMessage());
      } catch (RuntimeException e) {
        LOG.error("{} {} failed", exchange.getRequestMethod(), exchange.getRequestURI(), e);
        refuse(exchange, 500, 50001, "the registry failed: " + e);
      }
    }
  }

  private static void refuse(HttpExchange exchange, int status, int code, String message)
      throws IOException {
    answer(
        exchange, status, JSON.createObjectNode().put("error_code", code).put("message", message));
  }

  private JsonNode route(String method, String[] path, String query, byte[] body) {
    String where = method + " " + path[0];
    return switch (where) {
      case "GET " -> JSON.createObjectNode();
      case "GET subjects" -> subjects(path);
      case "POST subjects" -> post(path, body);
      case "DELETE subjects" -> delete(path);
      case "GET schemas" -> schemas(path);
      case "POST compatibility" -> check(path, body);
      case "GET config" -> compatibility(path, query.contains("defaultToGlobal=true"));
      case "PUT config" -> hold(path, body);
      case "GET mode" -> JSON.createObjectNode().put("mode", "READWRITE");
      default -> throw unknown(404, "no such resource: " + method + " /" + String.join("/", path));
    };
  }

  private JsonNode subjects(String[] path) {
    if (path.length == 1) {
      ArrayNode names = JSON.createArrayNode();
      log.subjects().forEach(names::add);
      return names;
    }
    if (path.length < 3 || !path[2].equals("versions")) {
      throw unknown(404, "no such resource; versions are at /subjects/" + path[1] + "/versions");
    }
    List<Registered> versions = versions(path[1]);
    if (path.length == 3) {
      ArrayNode numbers = JSON.createArrayNode();
      versions.forEach(it -> numbers.add(it.version()));
      return numbers;
    }
    Registered found = version(versions, path[3]);
    return path.length == 5 && path[4].equals("schema")
        ? json(found.schema().toString())
        : describe(found);
  }

  private JsonNode post(String[] path, byte[] body) {
    if (path.length < 2) {
      throw unknown(404, "name a subject");
    }
    Schema schema = schema(body);
    if (path.length == 3 && path[2].equals("versions")) {
      return JSON.createObjectNode().put("id", log.register(path[1], schema).id());
    }
    for (Registered each : versions(path[1])) {
      if (each.schema().equals(schema)) {
        return describe(each);
      }
    }
    throw unknown(40403, "subject " + path[1] + " has no such schema");
  }

  private JsonNode delete(String[] path) {
    if (path.length != 2 && path.length != 4) {
      throw unknown(404, "name a subject, or a subject and a version");
    }
    ArrayNode deleted = JSON.createArrayNode();
    if (path.length == 2) {
      versions(path[1]).forEach(it -> deleted.add(it.version()));
      log.delete(path[1], null);
      return deleted;
    }
    Registered one = version(versions(path[1]), path[3]);
    log.delete(path[1], one.version());
    return JSON.getNodeFactory().numberNode(one.version());
  }

  private JsonNode schemas(String[] path) {
    if (path.length == 2 && path[1].equals("types")) {
      return JSON.createArrayNode().add("AVRO");
    }
    if (path.length < 3 || !path[1].equals("ids")) {
      throw unknown(404, "no such resource");
    }
    int id = number(path[2]);
    if (log.withId(id).isEmpty()) {
      throw unknown(40403, "no schema has the id " + id);
    }
    String asked = path.length == 4 ? path[3] : "";
    if (asked.equals("schema")) {
      return json(log.withId(id).get(0).schema().toString());
    }
    if (asked.equals("subjects")) {
      ArrayNode list = JSON.createArrayNode();
      log.withId(id).stream().map(Registered::subject).distinct().forEach(list::add);
      return list;
    }
    if (asked.equals("versions")) {
      ArrayNode list = JSON.createArrayNode();
      log.withId(id)
          .forEach(
              it -> list.addObject().put("subject", it.subject()).put("version", it.version()));
      return list;
    }
    return JSON.createObjectNode().put("schema", log.withId(id).get(0).schema().toString());
  }

  private JsonNode check(String[] path, byte[] body) {
    Schema schema = schema(body);
    if (path.length < 4) {
      throw unknown(404, "name a subject and a version");
    }
    String trouble = log.incompatibility(path[2], schema);
    ObjectNode answer = JSON.createObjectNode().put("is_compatible", trouble == null);
    if (trouble != null) {
      answer.putArray("messages").add(trouble);
    }
    return answer;
  }

  private JsonNode compatibility(String[] path, boolean orDefault) {
    String subject = path.length > 1 ? path[1] : "";
    Compatibility held =
        log.compatibility(subject)
            .or(() -> orDefault ? log.compatibility("") : Optional.empty())
            .orElseThrow(
                () -> unknown(40408, "subject " + subject + " has no compatibility of its own"));
    return JSON.createObjectNode().put("compatibilityLevel", held.name());
  }

  private JsonNode hold(String[] path, byte[] body) {
    String wanted = json(new String(body, StandardCharsets.UTF_8)).path("compatibility").asText();
    try {
      log.hold(path.length > 1 ? path[1] : "", Compatibility.valueOf(wanted));
    } catch (IllegalArgumentException e) {
      throw new RegistryException(422, 42203, wanted + " is no compatibility", e);
    }
    return JSON.createObjectNode().put("compatibility", wanted);
  }

  private List<Registered> versions(String subject) {
    List<Registered> versions = log.versions(subject);
    if (versions.isEmpty()) {
      throw unknown(40401, "no subject is named " + subject);
    }
    return versions;
  }

  private static Registered version(List<Registered> versions, String wanted) {
    if (wanted.equals("latest") || wanted.equals("-1")) {
      return versions.get(versions.size() - 1);
    }
    int number = number(wanted);
    if (number < 1) {
      throw new RegistryException(422, 42202, wanted + " is no version; they begin with 1", null);
    }
    return versions.stream()
        .filter(it -> it.version() == number)
        .findFirst()
        .orElseThrow(() -> unknown(40402, "no version " + wanted));
  }

  private static int number(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new RegistryException(422, 42202, text + " is not a number", e);
    }
  }

  private static Schema schema(byte[] body) {
    JsonNode request = json(new String(body, StandardCharsets.UTF_8));
    String type = request.path("schemaType").asText("AVRO");
    if (!type.equals("AVRO")) {
      throw new RegistryException(422, 42201, "schemas of type " + type + " are not kept", null);
    }
    try {
      return new Schema.Parser().parse(request.path("schema").asText());
    } catch (AvroRuntimeException e) {
      throw new RegistryException(422, 42201, "not an Avro schema: " + e.getMessage(), e);
    }
  }

  private static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new RegistryException(400, 400, "not JSON: " + e.getOriginalMessage(), e);
    }
  }

  private static ObjectNode describe(Registered one) {
    return JSON.createObjectNode()
        .put("subject", one.subject())
        .put("id", one.id())
        .put("version", one.version())
        .put("schema", one.schema().toString());
  }

  private static RegistryException unknown(int code, String message) {
    return new RegistryException(404, code, message, null);
  }

  private static void answer(HttpExchange exchange, int status, JsonNode answer)
      throws IOException {
    byte[] bytes = JSON.writeValueAsBytes(answer);
    exchange.getResponseHeaders().set("Content-Type", CONTENT);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
  }
}
