package dev.plumbline.schemas.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;

/**
 * Client of the Confluent REST protocol. An id never changes its meaning, so both directions are
 * kept for ever; a registry that doesn't answer is asked again, then the next address is.
 */
final class HttpRegistry implements SchemaRegistry {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final String CONTENT = "application/vnd.schemaregistry.v1+json";

  /** Waits before the rounds after the first, milliseconds. */
  private static final int[] BACKOFF_MILLIS = {100, 400, 1_600};

  private static final ObjectMapper JSON = new ObjectMapper();

  private record Registered(String subject, Schema schema) {}

  private final List<String> urls;
  private final String authorization;
  private final HttpClient client;
  private final Map<Registered, Integer> ids = new ConcurrentHashMap<>();
  private final Map<Integer, Schema> schemas = new ConcurrentHashMap<>();

  HttpRegistry(Map<String, ?> settings) {
    urls = urls(settings.get("schema.registry.url"));
    authorization = authorization(settings);
    HttpClient.Builder builder =
        HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(TIMEOUT);
    Tls.context(settings).ifPresent(builder::sslContext);
    client = builder.build();
  }

  @Override
  public int register(String subject, Schema schema) {
    Registered key = new Registered(subject, schema);
    Integer known = ids.get(key);
    if (known != null) {
      return known;
    }
    String body =
        JSON.createObjectNode()
            .put("schema", schema.toString())
            .put("schemaType", "AVRO")
            .toString();
    int id =
        ask(
                "/subjects/"
                    + URLEncoder.encode(subject, StandardCharsets.UTF_8).replace("+", "%20")
                    + "/versions",
                body)
            .path("id")
            .asInt();
    ids.put(key, id);
    schemas.put(id, schema);
    return id;
  }

  @Override
  public Schema schema(int id) {
    Schema known = schemas.get(id);
    if (known != null) {
      return known;
    }
    JsonNode answer = ask("/schemas/ids/" + id, null);
    try {
      Schema schema = new Schema.Parser().parse(answer.path("schema").asText());
      schemas.put(id, schema);
      return schema;
    } catch (AvroRuntimeException e) {
      throw new RegistryException(200, 42201, "schema " + id + " is not an Avro schema", e);
    }
  }

  private JsonNode ask(String path, String body) {
    RegistryException last = null;
    for (int round = 0; round <= BACKOFF_MILLIS.length; round++) {
      for (String url : urls) {
        try {
          return ask(url + path, body, url);
        } catch (RegistryException e) {
          if (!e.isTransient()) {
            throw e;
          }
          last = e;
        }
      }
      if (round < BACKOFF_MILLIS.length) {
        pause(BACKOFF_MILLIS[round]);
      }
    }
    throw last;
  }

  private JsonNode ask(String address, String body, String base) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(address)).timeout(TIMEOUT).header("Accept", CONTENT);
    if (authorization != null) {
      request.header("Authorization", authorization);
    }
    if (body != null) {
      request.header("Content-Type", CONTENT).POST(BodyPublishers.ofString(body));
    }
    HttpResponse<String> response;
    try {
      response = client.send(request.build(), BodyHandlers.ofString());
    } catch (IOException e) {
      throw new RegistryException(
          0, 0, "no answer from the schema registry at " + base + ": " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RegistryException(0, 0, "interrupted while asking " + base, e);
    }
    JsonNode answer = json(response.body());
    if (response.statusCode() == 200) {
      return answer;
    }
    throw new RegistryException(
        response.statusCode(),
        answer.path("error_code").asInt(),
        "the schema registry at "
            + base
            + " answered "
            + response.statusCode()
            + ": "
            + answer.path("message").asText("no message"),
        null);
  }

  private static void pause(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static JsonNode json(String body) {
    try {
      return JSON.readTree(body);
    } catch (JsonProcessingException e) {
      return MissingNode.getInstance();
    }
  }

  private static List<String> urls(Object setting) {
    Stream<String> urls =
        setting instanceof Collection<?> list
            ? list.stream().map(Object::toString)
            : setting == null ? Stream.empty() : Stream.of(setting.toString().split(","));
    List<String> found =
        urls.map(url -> url.trim().replaceAll("/+$", "")).filter(url -> !url.isEmpty()).toList();
    if (found.isEmpty()) {
      throw new IllegalArgumentException(
          "schema.registry.url is missing; name the address of a schema registry");
    }
    return found;
  }

  private static String authorization(Map<String, ?> settings) {
    Object user = settings.get("basic.auth.user.info");
    Object token = settings.get("bearer.auth.token");
    if (user != null && token != null) {
      throw new IllegalArgumentException(
          "basic.auth.user.info and bearer.auth.token are both set; keep one");
    }
    if (user != null) {
      return "Basic "
          + Base64.getEncoder().encodeToString(user.toString().getBytes(StandardCharsets.UTF_8));
    }
    return token == null ? null : "Bearer " + token;
  }
}
