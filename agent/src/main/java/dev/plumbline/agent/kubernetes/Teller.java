package dev.plumbline.agent.kubernetes;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;

/**
 * Tells what was seen of objects: each change that says something new once, each deletion once. A
 * heartbeat, a new resource version and a list after a lost watch say nothing new.
 */
final class Teller {
  private static final int MOST_ENDED = 10_000;

  private final Memory memory;
  private final Kubernetes.Lines lines;

  /** Digest of what was told last, by target. */
  private final Map<String, String> told = new HashMap<>();

  /** Targets that are there, and of which what was told last may be lost. */
  private final NavigableSet<String> lost = new TreeSet<>();

  /** Targets that were told as gone lately, in this life. */
  private final Map<String, Boolean> ended =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
          return size() > MOST_ENDED;
        }
      };

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
      tell(target, namespace, object);
    }
  }

  /**
   * What was told of these targets is lost: what is gone is told so again now, what is there when
   * it is {@link #seen} next. What an earlier life told is not known; this one has listed it anew.
   */
  synchronized void lost(Set<String> targets) {
    for (String target : targets) {
      if (told.containsKey(target)) {
        lost.add(target);
      } else if (ended.containsKey(target)) {
        lines.gone(target);
      }
    }
  }

  /** Whether there is something to tell again among the objects of a kind. */
  synchronized boolean isLost(Resource resource) {
    String first = lost.ceiling(resource.target("", ""));
    return first != null && first.startsWith(resource.target("", ""));
  }

  /**
   * Tells an object again of which what was told is lost. One that is not as it was told is on its
   * way: the watch brings it, in the server's order.
   */
  synchronized void seen(Resource resource, ObjectNode object) {
    String namespace = object.path("metadata").path("namespace").asText("");
    String target = resource.target(namespace, object.path("metadata").path("name").asText(""));
    if (lost.contains(target) && Objects.fingerprint(object).equals(told.get(target))) {
      tell(target, namespace, object);
    }
  }

  private void tell(String target, String namespace, ObjectNode object) {
    lost.remove(target);
    ended.remove(target);
    lines.object(target, namespace.isEmpty() ? Map.of() : Map.of("namespace", namespace), object);
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
      lost.remove(target);
      ended.put(target, true);
      lines.gone(target);
    }
  }

  /** As informers have it. */
  private static String key(String namespace, String name) {
    return namespace.isEmpty() ? name : namespace + '/' + name;
  }
}
