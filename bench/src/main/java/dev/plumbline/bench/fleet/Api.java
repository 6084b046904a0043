package dev.plumbline.bench.fleet;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;

/** The API server of a site, and the agent's watch on it. */
final class Api {
  private final Site site;
  private final Map<String, Map<String, Object>> objects = new LinkedHashMap<>();
  private final TreeSet<String> deletedUnseen = new TreeSet<>();
  private final Draw delays;
  private long version;

  Api(Site site, long seed) {
    this.site = site;
    delays = new Draw(seed, "api/" + site.name);
    version = 100_000 + 1000L * delays.below(90);
  }

  static String key(Map<String, Object> object) {
    Map<String, Object> meta = Json.map(object, "metadata");
    Object namespace = meta.get("namespace");
    return object.get("apiVersion")
        + "/"
        + object.get("kind")
        + "/"
        + (namespace == null ? "" : namespace + "/")
        + meta.get("name");
  }

  Map<String, Object> get(String key) {
    return objects.get(key);
  }

  boolean has(String key) {
    return objects.containsKey(key);
  }

  List<String> keys(String prefix) {
    List<String> out = new ArrayList<>();
    for (String key : objects.keySet()) {
      if (key.startsWith(prefix)) {
        out.add(key);
      }
    }
    return out;
  }

  void create(Map<String, Object> object) {
    String key = key(object);
    stamp(object);
    objects.put(key, object);
    seen(key, object);
  }

  /** Changes the status or metadata: no new generation. */
  void touch(String key, Consumer<Map<String, Object>> change) {
    Map<String, Object> object = objects.get(key);
    if (object == null) {
      return;
    }
    String before = Json.text(object);
    change.accept(object);
    if (before.equals(Json.text(object))) {
      return;
    }
    stamp(object);
    seen(key, object);
  }

  /** Changes the spec on behalf of a manager; null keeps the managers as they are. */
  void edit(String key, String manager, Consumer<Map<String, Object>> change) {
    Map<String, Object> object = objects.get(key);
    if (object == null) {
      return;
    }
    change.accept(object);
    Map<String, Object> meta = Json.map(object, "metadata");
    long generation = ((Number) meta.getOrDefault("generation", 1)).longValue() + 1;
    meta.put("generation", generation);
    if (object.get("status") instanceof Map<?, ?> status
        && status.containsKey("observedGeneration")) {
      Json.map(object, "status").put("observedGeneration", generation);
    }
    if (manager != null) {
      manage(meta, manager);
    }
    stamp(object);
    seen(key, object);
  }

  @SuppressWarnings("unchecked")
  private void manage(Map<String, Object> meta, String manager) {
    List<Object> managers =
        (List<Object>) meta.computeIfAbsent("managedFields", k -> new ArrayList<>());
    String now = site.fleet.moments.kube(site.fleet.loop.now());
    String operation =
        manager.startsWith("argocd") || manager.startsWith("kustomize") ? "Apply" : "Update";
    managers.removeIf(m -> manager.equals(((Map<String, Object>) m).get("manager")));
    managers.add(Json.of("manager", manager, "operation", operation, "time", now));
  }

  void delete(String key) {
    if (objects.remove(key) == null) {
      return;
    }
    double delay = delays.uniform(.05, .8);
    site.fleet.loop.in(
        delay,
        () -> {
          if (site.agentHears()) {
            site.say("gone", "kubernetes", key, null, null);
          } else {
            deletedUnseen.add(key);
          }
        });
  }

  private void stamp(Map<String, Object> object) {
    version += 1 + delays.below(6);
    Json.map(object, "metadata").put("resourceVersion", Long.toString(version));
  }

  private void seen(String key, Map<String, Object> object) {
    if (!site.listed) {
      return;
    }
    String text = Json.text(object);
    site.fleet.loop.in(delays.uniform(.05, .8), () -> told(key, text));
  }

  private void told(String key, String text) {
    if (site.agentHears()) {
      site.sayObject(key, text);
    }
  }

  /**
   * The agent lists all objects; deletions it missed come out only if it remembers what was there.
   */
  void list(boolean remembers) {
    if (remembers) {
      for (String key : deletedUnseen) {
        if (!objects.containsKey(key)) {
          site.say("gone", "kubernetes", key, null, null);
        }
      }
    }
    deletedUnseen.clear();
    for (Map.Entry<String, Map<String, Object>> e : objects.entrySet()) {
      site.sayObject(e.getKey(), Json.text(e.getValue()));
    }
  }
}
