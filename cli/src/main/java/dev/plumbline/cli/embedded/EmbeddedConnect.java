package dev.plumbline.cli.embedded;

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

/** A Kafka Connect worker in this process, with the connectors of Plumbline. */
public final class EmbeddedConnect implements AutoCloseable {
  private final Connect<?> connect;
  private final Map<String, String> registry;

  /**
   * Starts a worker of its own.
   *
   * @param bootstrap broker
   * @param registry address of the schema registry
   * @param offsets file in which source connectors keep their offsets
   */
  public EmbeddedConnect(String bootstrap, String registry, Path offsets) {
    this.registry = Map.of("value.converter.schema.registry.url", registry);
    Map<String, String> settings = new HashMap<>();
    settings.put("bootstrap.servers", bootstrap);
    settings.put("offset.storage.file.filename", offsets.toString());
    settings.put("listeners", "http://127.0.0.1:0");
    // the plug-ins are on the class path; looking through every jar for more takes seconds
    settings.put("plugin.discovery", "service_load");
    settings.put("key.converter", "org.apache.kafka.connect.storage.StringConverter");
    settings.put("value.converter", "dev.plumbline.connectors.EventConverter");
    settings.put("value.converter.schema.registry.url", registry);
    settings.put("offset.flush.interval.ms", "1000");
    connect = new ConnectStandalone("plumbline").startConnect(settings);
  }

  /**
   * Posts findings, incidents and remediations to an address.
   *
   * @param url where
   * @param severity the least that is posted: info, warning or critical
   * @throws IOException when the worker refuses the connector
   */
  public void deliver(String url, String severity) throws IOException {
    Map<String, String> config = new HashMap<>();
    config.put("connector.class", "dev.plumbline.connectors.webhook.WebhookSinkConnector");
    config.put("tasks.max", "1");
    config.put("topics", "plumbline.findings,plumbline.incidents,plumbline.remediations");
    config.put("key.converter", "org.apache.kafka.connect.storage.StringConverter");
    config.put("value.converter", "dev.plumbline.connectors.EventConverter");
    config.putAll(registry);
    config.put("webhook.url", url);
    // an embedded run delivers within this machine
    config.put("allow.private.addresses", "true");
    config.put("filter.severity.min", severity);
    config.put("errors.retry.timeout", "-1");
    config.put("consumer.override.auto.offset.reset", "earliest");
    put("webhook", config);
  }

  /** Starts a connector. */
  private void put(String name, Map<String, String> config) throws IOException {
    StringBuilder body = new StringBuilder("{");
    config.forEach(
        (key, value) ->
            body.append(body.length() == 1 ? "" : ",")
                .append('"')
                .append(key)
                .append("\":\"")
                .append(value.replace("\\", "\\\\").replace("\"", "\\\""))
                .append('"'));
    URI address = connect.rest().advertisedUrl().resolve("/connectors/" + name + "/config");
    HttpRequest request =
        HttpRequest.newBuilder(address)
            .header("Content-Type", "application/json")
            .PUT(HttpRequest.BodyPublishers.ofString(body.append('}').toString()))
            .build();
    try {
      HttpResponse<String> answer =
          HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() >= 300) {
        throw new IOException("the Connect worker refused the sink: " + answer.body());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  @Override
  public void close() {
    connect.stop();
    connect.awaitStop();
  }
}
