package dev.plumbline.agent.kubernetes;

import io.fabric8.kubernetes.api.model.APIGroup;
import io.fabric8.kubernetes.api.model.APIResource;
import io.fabric8.kubernetes.api.model.APIResourceList;
import io.fabric8.kubernetes.api.model.GroupVersionForDiscovery;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which of the wanted kinds an API server serves at a moment, by its own discovery.
 *
 * @param resources what it serves, by {@link Resource#name()}
 * @param unknown groups it could not speak about just then
 */
record Served(Map<String, Resource> resources, Set<String> unknown) {

  /**
   * Asks the server.
   *
   * @param wanted resources by group; see {@link Kinds#all()}
   * @throws KubernetesClientException when the server can't be asked at all
   */
  static Served ask(KubernetesClient client, Map<String, Set<String>> wanted) {
    Map<String, List<String>> versions = new TreeMap<>();
    versions.put("", List.of("v1"));
    for (APIGroup group : client.getApiGroups().getGroups()) {
      if (wanted.containsKey(group.getName())) {
        versions.put(group.getName(), versions(group));
      }
    }
    Map<String, Resource> resources = new TreeMap<>();
    Set<String> unknown = new TreeSet<>();
    wanted.forEach(
        (group, names) -> {
          try {
            find(client, group, versions.getOrDefault(group, List.of()), names, resources);
          } catch (KubernetesClientException e) {
            unknown.add(group);
          }
        });
    return new Served(resources, unknown);
  }

  /** The first version that serves a resource is the one to read it in; the preferred is first. */
  private static void find(
      KubernetesClient client,
      String group,
      List<String> versions,
      Set<String> names,
      Map<String, Resource> found) {
    Set<String> missing = new TreeSet<>(names);
    for (String version : versions) {
      if (missing.isEmpty()) {
        return;
      }
      APIResourceList list =
          client.getApiResources(group.isEmpty() ? version : group + '/' + version);
      if (list == null) {
        continue;
      }
      for (APIResource each : list.getResources()) {
        boolean wanted = names.contains(Kinds.EVERY) || missing.remove(each.getName());
        if (wanted && isWatchable(each) && !isSecret(group, each)) {
          found.putIfAbsent(
              Resource.name(group, each.getName()),
              new Resource(
                  group,
                  version,
                  each.getName(),
                  each.getKind(),
                  Boolean.TRUE.equals(each.getNamespaced())));
        }
      }
    }
  }

  /** Parts of objects, such as pods/status, and kinds that can only be created, are none. */
  private static boolean isWatchable(APIResource resource) {
    List<String> verbs = resource.getVerbs();
    return !resource.getName().contains("/")
        && (verbs == null || verbs.isEmpty() || verbs.containsAll(List.of("list", "watch")));
  }

  /** Secrets are never asked for, whatever the settings say. */
  private static boolean isSecret(String group, APIResource resource) {
    return group.isEmpty() && resource.getName().equals("secrets");
  }

  private static List<String> versions(APIGroup group) {
    List<String> versions = new ArrayList<>();
    if (group.getPreferredVersion() != null) {
      versions.add(group.getPreferredVersion().getVersion());
    }
    for (GroupVersionForDiscovery each : group.getVersions()) {
      if (!versions.contains(each.getVersion())) {
        versions.add(each.getVersion());
      }
    }
    return versions;
  }
}
