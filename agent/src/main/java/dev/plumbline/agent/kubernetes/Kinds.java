package dev.plumbline.agent.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which kinds an agent asks an API server for, by API group: those whose objects become snapshots,
 * and those that say what there is to scrape.
 */
public final class Kinds {
  /** In place of a resource's name: every kind of the group. */
  static final String EVERY = "*";

  private final Map<String, Set<String>> objects;
  private final Map<String, Set<String>> discovery;

  private Kinds(Map<String, Set<String>> objects, Map<String, Set<String>> discovery) {
    this.objects = objects;
    this.discovery = discovery;
  }

  /** The kinds of kubernetes/kinds.yaml. */
  public static Kinds shipped() {
    try (InputStream in = Kinds.class.getResourceAsStream("/kubernetes/kinds.yaml")) {
      JsonNode root = new YAMLMapper().readTree(in);
      return new Kinds(groups(root.path("objects")), groups(root.path("discovery")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * These kinds and more.
   *
   * @param more resources by group, whose objects become snapshots as well
   */
  public Kinds with(Map<String, Set<String>> more) {
    return new Kinds(union(objects, more), discovery);
  }

  /** These kinds without those that are only there for service discovery. */
  public Kinds withoutDiscovery() {
    return new Kinds(objects, Map.of());
  }

  /** All that is asked for: resources by group. */
  public Map<String, Set<String>> all() {
    return union(objects, discovery);
  }

  /** True when objects of a kind become snapshots. */
  boolean isObject(Resource resource) {
    Set<String> resources = objects.getOrDefault(resource.group(), Set.of());
    return resources.contains(EVERY) || resources.contains(resource.plural());
  }

  private static Map<String, Set<String>> union(
      Map<String, Set<String>> one, Map<String, Set<String>> other) {
    Map<String, Set<String>> union = new TreeMap<>();
    one.forEach((group, resources) -> union.put(group, new TreeSet<>(resources)));
    other.forEach(
        (group, resources) ->
            union.computeIfAbsent(group, it -> new TreeSet<>()).addAll(resources));
    return union;
  }

  private static Map<String, Set<String>> groups(JsonNode node) {
    Map<String, Set<String>> groups = new TreeMap<>();
    for (Map.Entry<String, JsonNode> group : node.properties()) {
      Set<String> resources = new TreeSet<>();
      group.getValue().forEach(it -> resources.add(it.asText()));
      groups.put(group.getKey(), resources);
    }
    return groups;
  }
}
