package dev.plumbline.connectors;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.connect.cli.ConnectStandalone;
import org.apache.kafka.connect.runtime.Connect;

/** A Kafka Connect worker in this process, driven over its REST interface. */
public final class Worker implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient client = HttpClient.newHttpClient();
  private final Connect<?> connect;

  public Worker(String broker, Path offsets, Map<String, String> more) {
    Map<String, String> settings = new HashMap<>();
    settings.put("bootstrap.servers", broker);
    settings.put("offset.storage.file.filename", offsets.toString());
    settings.put("listeners", "http://127.0.0.1:0");
    settings.put("plugin.discovery", "service_load");
    settings.put("key.converter", "org.apache.kafka.connect.storage.StringConverter");
    settings.put("value.converter", "dev.plumbline.connectors.EventConverter");
    settings.put("offset.flush.interval.ms", "500");
    settings.putAll(more);
    connect = new ConnectStandalone("worker").startConnect(settings);
  }

  /** Starts a connector and returns the answer's status. */
  public int start(String name, Map<String, String> config)
      throws IOException, InterruptedException {
    String body = JSON.writeValueAsString(config);
    return client
        .send(
            HttpRequest.newBuilder(url("/connectors/" + name + "/config"))
                .header("Content-Type", "application/json")
                .PUT(HttpRequest.BodyPublishers.ofString(body))
                .build(),
            HttpResponse.BodyHandlers.ofString())
        .statusCode();
  }

  public JsonNode get(String path) throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(url(path)).build();
    return JSON.readTree(client.send(request, HttpResponse.BodyHandlers.ofString()).body());
  }

  private URI url(String path) {
    return connect.rest().advertisedUrl().resolve(path);
  }

  @Override
  public void close() {
    connect.stop();
    connect.awaitStop();
  }
}
