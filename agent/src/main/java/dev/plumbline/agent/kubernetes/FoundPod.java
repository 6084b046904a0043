package dev.plumbline.agent.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What service discovery keeps of a pod.
 *
 * @param workload what owns it: the Deployment behind a ReplicaSet, else the owner; may be empty
 * @param annotations those that speak of scraping
 */
record FoundPod(
    String namespace,
    String name,
    String uid,
    String address,
    String node,
    String workload,
    Map<String, String> labels,
    Map<String, String> annotations,
    List<Container> containers,
    boolean ended) {

  /**
   * A container.
   *
   * @param ready true when it is ready, or has been since the pod is known: what hung is scraped on
   */
  record Container(String name, String image, List<Port> ports, boolean ready) {}

  /** A port that a container declares. */
  record Port(String name, int number) {}

  /**
   * Reads a pod.
   *
   * @param before what was known of it; null when nothing was
   */
  static FoundPod of(JsonNode object, FoundPod before) {
    JsonNode metadata = object.path("metadata");
    JsonNode spec = object.path("spec");
    JsonNode status = object.path("status");
    String uid = metadata.path("uid").asText("");
    List<Container> containers = new ArrayList<>();
    for (JsonNode each : spec.path("containers")) {
      String name = each.path("name").asText();
      List<Port> ports = new ArrayList<>();
      for (JsonNode port : each.path("ports")) {
        if (port.path("protocol").asText("TCP").equals("TCP")) {
          ports.add(new Port(port.path("name").asText(""), port.path("containerPort").asInt()));
        }
      }
      boolean was =
          before != null
              && before.uid.equals(uid)
              && before.containers.stream().anyMatch(it -> it.name.equals(name) && it.ready);
      containers.add(
          new Container(name, each.path("image").asText(), ports, was || isReady(status, name)));
    }
    String phase = status.path("phase").asText("");
    return new FoundPod(
        metadata.path("namespace").asText(),
        metadata.path("name").asText(),
        uid,
        status.path("podIP").asText(""),
        spec.path("nodeName").asText(""),
        workload(metadata),
        texts(metadata.path("labels"), ""),
        scraping(metadata.path("annotations")),
        containers,
        phase.equals("Succeeded") || phase.equals("Failed"));
  }

  String key() {
    return namespace + '/' + name;
  }

  static Map<String, String> scraping(JsonNode annotations) {
    Map<String, String> some = texts(annotations, "prometheus.io/");
    some.putAll(texts(annotations, "plumbline.dev/"));
    return some;
  }

  static Map<String, String> texts(JsonNode node, String prefix) {
    Map<String, String> texts = new TreeMap<>();
    node.properties()
        .forEach(
            it -> {
              if (it.getKey().startsWith(prefix)) {
                texts.put(it.getKey(), it.getValue().asText());
              }
            });
    return texts;
  }

  private static boolean isReady(JsonNode status, String container) {
    for (JsonNode each : status.path("containerStatuses")) {
      if (each.path("name").asText().equals(container)) {
        return each.path("ready").asBoolean();
      }
    }
    return false;
  }

  /** A ReplicaSet of a Deployment is named after it, with the hash of its template. */
  private static String workload(JsonNode metadata) {
    JsonNode owner = metadata.path("ownerReferences").path(0);
    for (JsonNode each : metadata.path("ownerReferences")) {
      if (each.path("controller").asBoolean()) {
        owner = each;
      }
    }
    String name = owner.path("name").asText("");
    String hash = metadata.path("labels").path("pod-template-hash").asText("");
    boolean replicaSet = owner.path("kind").asText().equals("ReplicaSet");
    return replicaSet && !hash.isEmpty() && name.endsWith('-' + hash)
        ? name.substring(0, name.length() - hash.length() - 1)
        : name;
  }
}
