package dev.plumbline.agent.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What service discovery keeps of a service that is annotated.
 *
 * @param app what it calls itself, else its name
 * @param annotations those that speak of scraping
 */
record FoundService(String namespace, String name, String app, Map<String, String> annotations) {

  /** Reads a service. */
  static FoundService of(JsonNode object) {
    JsonNode metadata = object.path("metadata");
    String name = metadata.path("name").asText();
    return new FoundService(
        metadata.path("namespace").asText(""),
        name,
        app(FoundPod.texts(metadata.path("labels"), ""), name),
        FoundPod.scraping(metadata.path("annotations")));
  }

  /** What a pod or a service calls itself. */
  static String app(Map<String, String> labels, String otherwise) {
    for (String label : List.of("app.kubernetes.io/name", "app", "k8s-app")) {
      if (!labels.getOrDefault(label, "").isEmpty()) {
        return labels.get(label);
      }
    }
    return otherwise;
  }

  /** One address behind a service; the pod may be empty. */
  record Endpoint(String address, String pod, String node, boolean ready) {}

  /**
   * A part of the addresses behind a service.
   *
   * @param service namespace and name of the service
   */
  record Slice(String service, List<Endpoint> endpoints, List<FoundPod.Port> ports) {

    /** Reads an EndpointSlice. */
    static Slice of(String namespace, JsonNode object) {
      List<Endpoint> endpoints = new ArrayList<>();
      for (JsonNode each : object.path("endpoints")) {
        JsonNode reference = each.path("targetRef");
        boolean pod = reference.path("kind").asText().equals("Pod");
        endpoints.add(
            new Endpoint(
                each.path("addresses").path(0).asText(),
                pod ? reference.path("name").asText() : "",
                each.path("nodeName").asText(""),
                each.path("conditions").path("ready").asBoolean(true)));
      }
      List<FoundPod.Port> ports = new ArrayList<>();
      for (JsonNode each : object.path("ports")) {
        if (each.path("protocol").asText("TCP").equals("TCP") && each.path("port").asInt() > 0) {
          ports.add(new FoundPod.Port(each.path("name").asText(""), each.path("port").asInt()));
        }
      }
      String service =
          object.path("metadata").path("labels").path("kubernetes.io/service-name").asText("");
      return new Slice(namespace + '/' + service, endpoints, ports);
    }
  }
}
