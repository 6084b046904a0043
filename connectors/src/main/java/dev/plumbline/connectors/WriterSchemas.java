package dev.plumbline.connectors;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntFunction;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.errors.RetriableException;

/** Schemas by id, asked of the registry once each: an id never changes its meaning. */
final class WriterSchemas implements IntFunction<Schema> {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final int UNKNOWN_ID = 40403;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Map<Integer, Schema> known = new ConcurrentHashMap<>();
  private final RegistryConfig config;
  private final HttpClient client = HttpClient.newBuilder().connectTimeout(TIMEOUT).build();

  WriterSchemas(RegistryConfig config) {
    this.config = config;
  }

  @Override
  public Schema apply(int id) {
    Schema schema = known.get(id);
    if (schema == null) {
      schema = parse(id, ask(id));
      known.put(id, schema);
    }
    return schema;
  }

  /** The first answer of a registry that has one. */
  private String ask(int id) {
    RetriableException last = null;
    for (String base : config.urls()) {
      try {
        return ask(base.replaceAll("/+$", "") + "/schemas/ids/" + id, id);
      } catch (RetriableException e) {
        last = e;
      }
    }
    throw last == null ? new RetriableException("schema.registry.url holds no address") : last;
  }

  private String ask(String url, int id) {
    HttpResponse<String> answer = get(url);
    JsonNode body = json(answer.body());
    if (answer.statusCode() == 200 && body.path("schema").isTextual()) {
      return body.path("schema").textValue();
    }
    if (answer.statusCode() == 404 && body.path("error_code").asInt() == UNKNOWN_ID) {
      throw new DataException("the schema registry knows no schema " + id);
    }
    throw new RetriableException(
        "no schema "
            + id
            + ": "
            + url
            + " answered "
            + answer.statusCode()
            + "; check schema.registry.url and its credentials");
  }

  private HttpResponse<String> get(String url) {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url)).timeout(TIMEOUT);
    config.user().ifPresent(it -> request.header("Authorization", "Basic " + base64(it)));
    config.token().ifPresent(it -> request.header("Authorization", "Bearer " + it));
    try {
      return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new RetriableException("no answer from " + url + ": " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ConnectException("interrupted while asking " + url, e);
    }
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private static JsonNode json(String body) {
    try {
      return JSON.readTree(body);
    } catch (JsonProcessingException e) {
      return MissingNode.getInstance();
    }
  }

  private static Schema parse(int id, String text) {
    try {
      return new Schema.Parser().parse(text);
    } catch (AvroRuntimeException e) {
      throw new DataException("schema " + id + " is no Avro schema: " + e.getMessage(), e);
    }
  }
}
