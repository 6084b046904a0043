package dev.plumbline.agent.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What the API server writes into objects by itself (kubernetes/defaults.yaml), so that an object
 * as somebody wrote it and the same object as the server gives it back declare the same.
 */
final class Defaults {
  private static final Map<String, Map<String, String>> VALUES = new HashMap<>();
  private static final Set<String> ASSIGNED = new HashSet<>();
  private static final Pattern PLACE = Pattern.compile("\\[\\d+]");

  static {
    try (InputStream in = Defaults.class.getResourceAsStream("/kubernetes/defaults.yaml")) {
      JsonNode root = new YAMLMapper().readTree(in);
      for (Map.Entry<String, JsonNode> entry : root.path("defaults").properties()) {
        String path = entry.getKey();
        String last = path.substring(path.lastIndexOf('.') + 1);
        VALUES.computeIfAbsent(last, it -> new HashMap<>()).put(path, entry.getValue().asText());
      }
      root.path("assigned").forEach(it -> ASSIGNED.add(it.asText()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Defaults() {}

  /** True when the cluster writes a field of this name into every object. */
  static boolean isAssigned(String name) {
    return ASSIGNED.contains(name);
  }

  /**
   * True when a field says nothing, because it has the value that it would have without being
   * written.
   *
   * @param path path of the object the field is in
   * @param siblings that object
   * @param name the field
   */
  static boolean is(String path, JsonNode siblings, String name, JsonNode value) {
    if (value.isContainerNode() && !value.isEmpty()) {
      return false;
    }
    String text = value.isObject() ? "{}" : value.asText();
    switch (name) {
      case "imagePullPolicy" -> {
        return value.asText().equals(pullPolicy(siblings.path("image").asText("")));
      }
      case "serviceAccount" -> {
        return value.asText().equals(siblings.path("serviceAccountName").asText());
      }
      default -> {
        Map<String, String> candidates = VALUES.get(name);
        if (candidates == null) {
          return false;
        }
        String whole = PLACE.matcher(path).replaceAll("") + '.' + name;
        for (Map.Entry<String, String> candidate : candidates.entrySet()) {
          if (candidate.getValue().equals(text) && ends(whole, candidate.getKey())) {
            return true;
          }
        }
        return false;
      }
    }
  }

  /** livenessProbe ends with Probe: a name may be cut in front, a path only at its dots. */
  private static boolean ends(String path, String end) {
    boolean cut = Character.isUpperCase(end.charAt(0));
    return path.equals(end) || path.endsWith(cut ? end : '.' + end);
  }

  /** An image without tag, or with latest, is pulled each time. */
  private static String pullPolicy(String image) {
    String name = image.substring(image.lastIndexOf('/') + 1);
    boolean latest = name.endsWith(":latest") || name.indexOf(':') < 0;
    return latest && name.indexOf('@') < 0 ? "Always" : "IfNotPresent";
  }
}
