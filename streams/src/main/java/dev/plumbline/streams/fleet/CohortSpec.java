package dev.plumbline.streams.fleet;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The spec of a {@code Cohort} document: clusters, nodes or workloads that should be alike, and how
 * strictly.
 *
 * @param members kind of member: {@code clusters}, {@code nodes} or {@code workloads}
 * @param clusters which clusters belong to it, or have members of it; absent: all
 * @param matchLabels facts of the nodes or workloads that belong; empty: all
 * @param by facts that nodes or workloads share to be alike
 * @param exclude nodes or workloads that belong to no cohort, as cluster/node or
 *     cluster/namespace/workload, {@code *} for any run of characters
 * @param ignore paths that may differ, {@code *} for any run of characters: {@code
 *     spec.template.spec.containers[*].env*}
 * @param bake how long a first change waits to be followed by another cluster before it is drift:
 *     {@code 30m}
 * @param least {@code leastOthers}: so many other clusters must agree before one can differ from
 *     them
 */
public record CohortSpec(
    String members,
    Clusters clusters,
    Map<String, String> matchLabels,
    List<String> by,
    List<String> exclude,
    List<String> ignore,
    String bake,
    @JsonProperty("leastOthers") Integer least) {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

  static final String CLUSTERS = "clusters";
  static final String NODES = "nodes";
  static final String WORKLOADS = "workloads";

  /** What is known of the members of a kind, and by which of it they are alike unless told. */
  private static final Map<String, List<String>> KNOWN =
      Map.of(
          CLUSTERS,
          List.of(),
          NODES,
          List.of(
              "product", "driver", "runtime", "kernel", "kubelet", "containerRuntime", "osImage"),
          WORKLOADS,
          List.of("model", "image", "product", "load", "namespace", "workload"));

  private static final Map<String, List<String>> USUAL =
      Map.of(
          CLUSTERS, List.of(),
          NODES, List.of("product"),
          WORKLOADS, List.of("model", "image", "product", "load"));

  /** What holds where no document says otherwise. */
  static final CohortSpec DEFAULT = usual(CLUSTERS);

  /** What holds for a kind of member where no document says otherwise. */
  static CohortSpec usual(String members) {
    return new CohortSpec(members, null, null, null, null, null, null, null);
  }

  /**
   * Which clusters belong; a cluster must satisfy both where both are given.
   *
   * @param names display names or UIDs
   * @param matchLabels labels of the cluster's identity; provider, kind, region and jurisdiction
   *     count as labels
   */
  public record Clusters(List<String> names, Map<String, String> matchLabels) {
    public Clusters {
      names = names == null ? List.of() : List.copyOf(names);
      matchLabels = matchLabels == null ? Map.of() : Map.copyOf(matchLabels);
    }

    boolean has(String uid, String name, Map<String, String> identity) {
      return (names.isEmpty() || names.contains(uid) || names.contains(name))
          && matchLabels.entrySet().stream()
              .allMatch(it -> it.getValue().equals(identity.get(it.getKey())));
    }
  }

  /** Checks each setting. */
  public CohortSpec {
    members = members == null ? CLUSTERS : members;
    if (!KNOWN.containsKey(members)) {
      throw new IllegalArgumentException(
          "members: " + members + " is no kind of member; there are clusters, nodes and workloads");
    }
    if (members.equals(CLUSTERS)) {
      refuse("matchLabels", matchLabels != null, "nodes and workloads; clusters has its own");
      refuse("by", by != null, "nodes and workloads");
      refuse("exclude", exclude != null, "nodes and workloads; leave a cluster out by clusters");
    }
    if (members.equals(WORKLOADS)) {
      refuse("ignore", ignore != null && !ignore.isEmpty(), "clusters and nodes");
      refuse("bake", bake != null, "clusters and nodes");
      refuse("leastOthers", least != null, "clusters and nodes");
    }
    matchLabels = matchLabels == null ? Map.of() : Map.copyOf(matchLabels);
    by = by == null || by.isEmpty() ? USUAL.get(members) : List.copyOf(by);
    exclude = exclude == null ? List.of() : List.copyOf(exclude);
    known("by", by, members);
    known("matchLabels", matchLabels.keySet(), members);
    ignore = ignore == null ? List.of() : List.copyOf(ignore);
    boolean declares = !members.equals(WORKLOADS);
    bake = bake == null && declares ? "30m" : bake;
    least = least == null && declares ? Integer.valueOf(2) : least;
    if (clusters != null && clusters.names.isEmpty() && clusters.matchLabels.isEmpty()) {
      throw new IllegalArgumentException(
          "clusters: give names or matchLabels; leave clusters out to mean every cluster");
    }
    if (bake != null && !duration(bake).isPresent()) {
      throw new IllegalArgumentException("bake: " + bake + " is not a time like 10m or 2h");
    }
    if (least != null && least < 2) {
      throw new IllegalArgumentException(
          "leastOthers: must be at least 2, is " + least + ": one other cluster is no majority");
    }
  }

  private static void refuse(String field, boolean given, String whose) {
    if (given) {
      throw new IllegalArgumentException(field + ": is for members " + whose);
    }
  }

  private static void known(String field, Collection<String> names, String members) {
    for (String name : names) {
      if (!KNOWN.get(members).contains(name)) {
        throw new IllegalArgumentException(
            "%s: %s is not known of %s; there are %s"
                .formatted(field, name, members, KNOWN.get(members)));
      }
    }
  }

  /**
   * The spec as the control topic keeps it.
   *
   * @throws IllegalArgumentException when it is none
   */
  static CohortSpec of(String json) {
    try {
      return JSON.readValue(json, CohortSpec.class);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not the spec of a Cohort: " + e.getOriginalMessage(), e);
    }
  }

  boolean has(String uid, String name, Map<String, String> identity) {
    return clusters == null || clusters.has(uid, name, identity);
  }

  boolean ignores(String path) {
    return ignore.stream().anyMatch(it -> pattern(it).matcher(path).matches());
  }

  /** True when a node or workload of which this is known belongs. */
  boolean matches(Map<String, String> facts) {
    return matchLabels.entrySet().stream()
        .allMatch(it -> it.getValue().equals(facts.get(it.getKey())));
  }

  /** True when a node or workload belongs to no cohort. */
  boolean excludes(String cluster, String member) {
    return exclude.stream().anyMatch(it -> pattern(it).matcher(cluster + '/' + member).matches());
  }

  Duration bakes() {
    return duration(bake).orElseThrow();
  }

  private static Pattern pattern(String glob) {
    return Pattern.compile(
        List.of(glob.split("\\*", -1)).stream()
            .map(Pattern::quote)
            .collect(Collectors.joining(".*")));
  }

  private static java.util.Optional<Duration> duration(String text) {
    Matcher parts = Pattern.compile("(\\d{1,6})([mh])").matcher(text);
    if (!parts.matches()) {
      return java.util.Optional.empty();
    }
    long amount = Long.parseLong(parts.group(1));
    return java.util.Optional.of(
        parts.group(2).equals("m") ? Duration.ofMinutes(amount) : Duration.ofHours(amount));
  }
}
