package dev.plumbline.agent.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * What to scrape of which pods, or of every node.
 *
 * @param source collector, which is the name of a mapping
 * @param nodes true to scrape every node itself, as for the kubelet
 * @param namespaces namespaces it holds in; empty for all
 * @param labels labels a pod must have; {@code *} for any value
 * @param image found in the image of a container, without tag and digest; null for any
 * @param ports names or numbers of ports, the best first
 * @param perNode true when the target is known by its node, false when by its pod
 * @param bearerTokenFile file with a token to send; null for none
 * @param caFile certificates to trust; null for the JDK's
 * @param insecure true to trust any certificate
 */
public record DiscoveryRule(
    String source,
    boolean nodes,
    Set<String> namespaces,
    Map<String, String> labels,
    Pattern image,
    List<String> ports,
    String scheme,
    String path,
    boolean perNode,
    Path bearerTokenFile,
    Path caFile,
    boolean insecure) {
  private static final Set<String> KEYS =
      Set.of(
          "source",
          "role",
          "namespaces",
          "labels",
          "image",
          "ports",
          "scheme",
          "path",
          "per",
          "bearer.token.file",
          "ca.file",
          "tls.insecure");

  /**
   * Reads a rule.
   *
   * @throws IllegalArgumentException naming the key and what would be right
   */
  public static DiscoveryRule read(JsonNode rule) {
    rule.fieldNames()
        .forEachRemaining(
            key -> {
              if (!KEYS.contains(key)) {
                throw new IllegalArgumentException(
                    key + " is unknown; known are " + String.join(", ", new TreeSet<>(KEYS)));
              }
            });
    Map<String, String> labels = new TreeMap<>();
    rule.path("labels").properties().forEach(it -> labels.put(it.getKey(), it.getValue().asText()));
    boolean nodes = oneOf(rule, "role", "pod", "node").equals("node");
    String source = rule.path("source").asText("");
    if (source.isEmpty()) {
      throw new IllegalArgumentException("source is missing; it is the name of a mapping");
    }
    Pattern image = null;
    if (rule.has("image")) {
      try {
        image = Pattern.compile(rule.path("image").asText());
      } catch (PatternSyntaxException e) {
        throw new IllegalArgumentException("image: " + e.getMessage(), e);
      }
    }
    List<String> ports = texts(rule.path("ports"));
    if (!nodes && labels.isEmpty() && image == null) {
      throw new IllegalArgumentException("labels or image must say which pods are meant");
    }
    if (ports.isEmpty() && image == null) {
      throw new IllegalArgumentException("ports must name at least one port");
    }
    if (nodes && !ports.get(0).matches("\\d+")) {
      throw new IllegalArgumentException("ports: the port of a node must be a number");
    }
    return new DiscoveryRule(
        source,
        nodes,
        new TreeSet<>(texts(rule.path("namespaces"))),
        labels,
        image,
        ports,
        oneOf(rule, "scheme", "http", "https"),
        rule.path("path").asText("/metrics"),
        nodes || oneOf(rule, "per", "pod", "node").equals("node"),
        file(rule, "bearer.token.file"),
        file(rule, "ca.file"),
        rule.path("tls.insecure").asBoolean(false));
  }

  /** True when a pod of this namespace, with these labels, is meant as far as those say. */
  boolean isFor(String namespace, Map<String, String> podLabels) {
    if (nodes || !namespaces.isEmpty() && !namespaces.contains(namespace)) {
      return false;
    }
    for (Map.Entry<String, String> label : labels.entrySet()) {
      String value = podLabels.get(label.getKey());
      if (value == null || !label.getValue().equals("*") && !label.getValue().equals(value)) {
        return false;
      }
    }
    return true;
  }

  /** True when a container runs what is meant. */
  boolean isImage(String reference) {
    return image != null && image.matcher(name(reference)).find();
  }

  private static String name(String reference) {
    String name = reference.replaceFirst("@.*$", "");
    int colon = name.lastIndexOf(':');
    return colon > name.lastIndexOf('/') ? name.substring(0, colon) : name;
  }

  private static String oneOf(JsonNode rule, String key, String otherwise, String other) {
    String value = rule.path(key).asText(otherwise);
    if (!value.equals(otherwise) && !value.equals(other)) {
      throw new IllegalArgumentException(
          "%s is %s; it must be %s or %s".formatted(key, value, otherwise, other));
    }
    return value;
  }

  private static Path file(JsonNode rule, String key) {
    return rule.has(key) ? Path.of(rule.path(key).asText()) : null;
  }

  static List<String> texts(JsonNode list) {
    List<String> texts = new ArrayList<>();
    list.forEach(it -> texts.add(it.asText()));
    return texts;
  }
}
