package dev.plumbline.schemas.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
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
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;

/**
 * Client of the Confluent REST protocol. An id never changes its meaning, so both directions are
 * kept for ever; that an id is not known is kept for a moment ({@link UnknownIds}). A registry that
 * doesn't answer is asked again, then the next address is.
 *
 * <p>Servers that speak the protocol differ: an answer's {@code schemaType} and {@code references}
 * may be absent, a compatibility has two names, errors may carry a code that means nothing or no
 * JSON at all. So the HTTP status decides and the code only refines, and an answer of 200 is
 * believed only when it holds what was asked for.
 */
final class HttpRegistry implements SchemaRegistry {
  private static final String CONTENT = "application/vnd.schemaregistry.v1+json";
  private static final int TIMEOUT_MILLIS = 10_000;

  /** Wait before the second round over the addresses; each further one is four times as long. */
  private static final int WAIT_MILLIS = 100;

  /** More rounds than the first. */
  private static final int RETRIES = 3;

  private static final ObjectMapper JSON = new ObjectMapper();

  private record Registered(String subject, Schema schema) {}

  /** A base address, and the credentials that it carried; null for none. */
  private record Address(String url, String authorization) {}

  /**
   * What is asked.
   *
   * @param body JSON; null for none
   * @param answers names of which an answer has at least one; none when the status says it all
   */
  private record Question(String method, String path, String body, List<String> answers) {}

  private final List<Address> addresses;
  private final String authorization;
  private final Duration timeout;
  private final Duration wait;
  private final int retries;
  private final HttpClient client;
  private final Map<Registered, Integer> ids = new ConcurrentHashMap<>();
  private final Map<Integer, Schema> schemas = new ConcurrentHashMap<>();
  private final UnknownIds unknown;

  HttpRegistry(Map<String, ?> settings) {
    this(settings, System::nanoTime);
  }

  /**
   * @param nanos a clock for waiting; any origin
   */
  HttpRegistry(Map<String, ?> settings, LongSupplier nanos) {
    unknown = new UnknownIds(nanos);
    addresses = addresses(settings.get("schema.registry.url"));
    authorization = authorization(settings);
    timeout = millis(settings, "http.read.timeout.ms", TIMEOUT_MILLIS);
    wait = millis(settings, "retries.wait.ms", WAIT_MILLIS);
    retries = (int) number(settings, "max.retries", RETRIES, 0);
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(millis(settings, "http.connect.timeout.ms", TIMEOUT_MILLIS));
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
    // Avro is the protocol's default; servers of its first years refuse to be told
    String body = JSON.createObjectNode().put("schema", schema.toString()).toString();
    JsonNode answer =
        ask(
            new Question(
                "POST", "/subjects/" + encoded(subject) + "/versions", body, List.of("id")));
    int id = answer.path("id").asInt();
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
    JsonNode answer = lookUp(id);
    String type = answer.path("schemaType").asText("AVRO");
    if (!type.equals("AVRO")) {
      throw new RegistryException(200, 0, "schema " + id + " is " + type + ", not Avro", null);
    }
    try {
      Schema schema = new Schema.Parser().parse(answer.path("schema").asText());
      schemas.put(id, schema);
      return schema;
    } catch (AvroRuntimeException e) {
      throw new RegistryException(
          200, 0, "schema " + id + " can't be read as Avro: " + e.getMessage(), e);
    }
  }

  private JsonNode lookUp(int id) {
    RegistryException refusal = unknown.get(id);
    if (refusal != null) {
      throw refusal;
    }
    try {
      return ask(new Question("GET", "/schemas/ids/" + id, null, List.of("schema")));
    } catch (RegistryException e) {
      if (e.isUnknown()) {
        unknown.add(id, e);
      }
      throw e;
    }
  }

  @Override
  public void hold(String subject, Compatibility compatibility) {
    String body = JSON.createObjectNode().put("compatibility", compatibility.name()).toString();
    ask(new Question("PUT", "/config/" + encoded(subject), body, List.of()));
  }

  @Override
  public Compatibility compatibility(String subject) {
    JsonNode answer =
        ask(
            new Question(
                "GET",
                "/config/" + encoded(subject) + "?defaultToGlobal=true",
                null,
                List.of("compatibilityLevel", "compatibility")));
    String level =
        answer.path("compatibilityLevel").asText(answer.path("compatibility").asText("none"));
    try {
      return Compatibility.valueOf(level.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new RegistryException(200, 0, "compatibility " + level + " is not known here", e);
    }
  }

  private JsonNode ask(Question question) {
    RegistryException last = null;
    Duration pause = wait;
    for (int round = 0; round <= retries; round++) {
      for (Address address : addresses) {
        try {
          return ask(question, address);
        } catch (RegistryException e) {
          if (!e.isTransient()) {
            throw e;
          }
          last = e;
        }
      }
      if (round < retries) {
        pause(pause);
        pause = pause.multipliedBy(4);
      }
    }
    throw last;
  }

  private JsonNode ask(Question question, Address address) {
    HttpResponse<String> response;
    try {
      response = client.send(request(question, address), BodyHandlers.ofString());
    } catch (IOException e) {
      throw new RegistryException(
          0, 0, "no answer from the schema registry at " + address.url() + ": " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RegistryException(0, 0, "interrupted while asking " + address.url(), e);
    }
    JsonNode answer = json(response.body());
    int status = response.statusCode();
    String told = "the schema registry at " + address.url() + " answered " + status;
    if (status == 200) {
      if (!question.answers().isEmpty() && question.answers().stream().noneMatch(answer::has)) {
        // cut off on its way, or not from a registry; another try tells
        throw new RegistryException(
            0, 0, told + " without " + String.join(" or ", question.answers()), null);
      }
      return answer;
    }
    String message = answer.path("message").asText("");
    throw new RegistryException(
        status,
        answer.path("error_code").asInt(),
        told + (message.isEmpty() ? "" : ": " + message) + remedy(status, answer),
        null);
  }

  private HttpRequest request(Question question, Address address) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(address.url() + question.path()))
            .timeout(timeout)
            .header("Accept", CONTENT + ", application/json");
    String credentials = address.authorization() == null ? authorization : address.authorization();
    if (credentials != null) {
      request.header("Authorization", credentials);
    }
    if (question.body() != null) {
      request.header("Content-Type", CONTENT);
    }
    return request
        .method(
            question.method(),
            question.body() == null
                ? BodyPublishers.noBody()
                : BodyPublishers.ofString(question.body()))
        .build();
  }

  private static String remedy(int status, JsonNode answer) {
    if (status == 401 || status == 403) {
      return "; check basic.auth.user.info or bearer.auth.token";
    }
    if (status == 404 && !answer.has("error_code")) {
      return "; check the path of schema.registry.url (Apicurio's is /apis/ccompat/v7)";
    }
    return "";
  }

  private static void pause(Duration pause) {
    try {
      Thread.sleep(pause.toMillis());
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

  private static String encoded(String subject) {
    return URLEncoder.encode(subject, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private static List<Address> addresses(Object setting) {
    Stream<String> urls =
        setting instanceof Collection<?> list
            ? list.stream().map(Object::toString)
            : setting == null ? Stream.empty() : Stream.of(setting.toString().split(","));
    List<Address> found =
        urls.map(url -> url.trim().replaceAll("/+$", ""))
            .filter(url -> !url.isEmpty())
            .map(HttpRegistry::address)
            .toList();
    if (found.isEmpty()) {
      throw new IllegalArgumentException(
          "schema.registry.url is missing; name the address of a schema registry");
    }
    return found;
  }

  /** Credentials leave the address, for it stands in messages. */
  private static Address address(String url) {
    URI uri;
    try {
      uri = URI.create(url);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("schema.registry.url: " + e.getMessage(), e);
    }
    if (uri.getHost() == null || !List.of("http", "https").contains(uri.getScheme())) {
      throw new IllegalArgumentException(
          "schema.registry.url: " + url + " is not like http://host:port");
    }
    String user = uri.getRawUserInfo();
    return user == null
        ? new Address(url, null)
        : new Address(
            url.replace(user + "@", ""), basic(URLDecoder.decode(user, StandardCharsets.UTF_8)));
  }

  private static Duration millis(Map<String, ?> settings, String name, int otherwise) {
    return Duration.ofMillis(number(settings, name, otherwise, 1));
  }

  private static long number(Map<String, ?> settings, String name, int otherwise, int least) {
    Object value = settings.get(name);
    String text = value == null ? Integer.toString(otherwise) : value.toString();
    if (!text.matches("\\d{1,9}") || Long.parseLong(text) < least) {
      throw new IllegalArgumentException(
          name + " must be a number of at least " + least + ", is " + text);
    }
    return Long.parseLong(text);
  }

  private static String authorization(Map<String, ?> settings) {
    Object user = settings.get("basic.auth.user.info");
    Object token = settings.get("bearer.auth.token");
    if (user != null && token != null) {
      throw new IllegalArgumentException(
          "basic.auth.user.info and bearer.auth.token are both set; keep one");
    }
    if (user != null) {
      return basic(user.toString());
    }
    return token == null ? null : "Bearer " + token;
  }

  private static String basic(String user) {
    return "Basic " + Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.UTF_8));
  }
}
