package dev.plumbline.agent.kubernetes;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Tells what was seen of objects: each change that says something new once, each deletion once. A
 * heartbeat, a new resource version and a list after a lost watch say nothing new.
 */
final class Teller {
  private final Memory memory;
  private final Kubernetes.Lines lines;

  /** Digest of what was told last, by target. */
  private final Map<String, String> told = new HashMap<>();

  Teller(Memory memory, Kubernetes.Lines lines) {
    this.memory = memory;
    this.lines = lines;
  }

  synchronized void changed(Resource resource, ObjectNode object) {
    String namespace = object.path("metadata").path("namespace").asText("");
    String name = object.path("metadata").path("name").asText("");
    String target = resource.target(namespace, name);
    String digest = Objects.fingerprint(object);
    memory.put(resource.name(), key(namespace, name), target);
    if (!digest.equals(told.put(target, digest))) {
      lines.object(target, namespace.isEmpty() ? Map.of() : Map.of("namespace", namespace), object);
    }
  }

  synchronized void gone(Resource resource, String namespace, String name) {
    gone(resource.name(), key(namespace == null ? "" : namespace, name));
  }

  /** What was known of a kind and is not among its objects now is gone. */
  synchronized void listed(Resource resource, Set<String> present) {
    for (String key : memory.of(resource.name()).keySet()) {
      if (!present.contains(key)) {
        gone(resource.name(), key);
      }
    }
  }

  /** All objects of a kind are gone. */
  synchronized void removed(String kind) {
    memory.of(kind).keySet().forEach(key -> gone(kind, key));
  }

  /** Number of objects that are there. */
  synchronized int objects() {
    return told.size();
  }

  private void gone(String kind, String key) {
    String target = memory.remove(kind, key);
    if (target != null) {
      told.remove(target);
      lines.gone(target);
    }
  }

  /** As informers have it. */
  private static String key(String namespace, String name) {
    return namespace.isEmpty() ? name : namespace + '/' + name;
  }
}
