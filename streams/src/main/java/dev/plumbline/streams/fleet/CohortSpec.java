package dev.plumbline.streams.fleet;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The spec of a {@code Cohort} document: clusters that should be alike, and how strictly.
 *
 * @param clusters which clusters belong to it; absent: all
 * @param ignore paths that may differ, {@code *} for any run of characters: {@code
 *     spec.template.spec.containers[*].env*}
 * @param bake how long a first change waits to be followed by another cluster before it is drift:
 *     {@code 30m}
 * @param least {@code leastOthers}: so many other clusters must agree before one can differ from
 *     them
 */
public record CohortSpec(
    Clusters clusters,
    List<String> ignore,
    String bake,
    @JsonProperty("leastOthers") Integer least) {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

  /** What holds where no document says otherwise. */
  static final CohortSpec DEFAULT = new CohortSpec(null, null, null, null);

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
    ignore = ignore == null ? List.of() : List.copyOf(ignore);
    bake = bake == null ? "30m" : bake;
    least = least == null ? 2 : least;
    if (clusters != null && clusters.names.isEmpty() && clusters.matchLabels.isEmpty()) {
      throw new IllegalArgumentException(
          "clusters: give names or matchLabels; leave clusters out to mean every cluster");
    }
    if (!duration(bake).isPresent()) {
      throw new IllegalArgumentException("bake: " + bake + " is not a time like 10m or 2h");
    }
    if (least < 2) {
      throw new IllegalArgumentException(
          "leastOthers: must be at least 2, is " + least + ": one other cluster is no majority");
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
