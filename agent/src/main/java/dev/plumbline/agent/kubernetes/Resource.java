package dev.plumbline.agent.kubernetes;

/**
 * A kind that an API server serves.
 *
 * @param group API group; empty for the core group
 * @param version version it is read in
 * @param plural name in paths, for example deployments
 * @param kind name in objects, for example Deployment
 * @param namespaced true when its objects live in namespaces
 */
public record Resource(
    String group, String version, String plural, String kind, boolean namespaced) {

  /** Name without a version, as kubectl has it: deployments.apps, pods. */
  public String name() {
    return name(group, plural);
  }

  static String name(String group, String plural) {
    return group.isEmpty() ? plural : plural + '.' + group;
  }

  /** True when a name, as {@link #name()} gives it, is of a group. */
  static boolean isOf(String group, String name) {
    return group.isEmpty() ? name.indexOf('.') < 0 : name.endsWith('.' + group);
  }

  /** apiVersion of its objects: apps/v1, v1. */
  public String apiVersion() {
    return group.isEmpty() ? version : group + '/' + version;
  }

  /**
   * Key of an object on tapes: apiVersion/Kind[/namespace]/name.
   *
   * @param namespace null or empty for an object without
   */
  public String target(String namespace, String name) {
    boolean inside = namespace != null && !namespace.isEmpty();
    return apiVersion() + '/' + kind + '/' + (inside ? namespace + '/' : "") + name;
  }
}
