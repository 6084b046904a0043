package dev.plumbline.deploy;

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What Plumbline's processes expose, and which of it a query names. */
final class Metrics {
  /** Labels by metric, besides job and instance. */
  static final Map<String, Set<String>> LABELS =
      Map.of(
          "plumbline_findings_open", Set.of("kind", "severity", "cluster"),
          "plumbline_findings_total", Set.of("kind", "severity", "status"),
          "plumbline_incidents_open", Set.of("severity"),
          "plumbline_remediations_total", Set.of("action", "mode", "status"),
          "plumbline_gate_refusals_total", Set.of("gate"),
          "plumbline_detection_lag_seconds_bucket", Set.of("le"),
          "plumbline_dead_letters_total", Set.of("topic", "cause"),
          "plumbline_snapshots_total", Set.of("source", "outcome"),
          "plumbline_targets_stale", Set.of("cluster"),
          "plumbline_entities", Set.of("cluster", "type"));

  private static final Pattern NAME = Pattern.compile("\\bplumbline_\\w+");
  private static final Pattern LABEL = Pattern.compile("(\\w+)\\s*(?:=~|!~|!=|=)\\s*\"");
  private static final Pattern BY = Pattern.compile("\\bby\\s*\\(([^)]*)\\)");

  private Metrics() {}

  static Set<String> namedIn(String query) {
    return all(NAME, 0, query);
  }

  /** Labels that a query matches or groups by, besides job and instance. */
  static Set<String> labelsIn(String query) {
    Set<String> labels = all(LABEL, 1, query);
    for (String group : all(BY, 1, query)) {
      labels.addAll(Set.of(group.trim().split("\\s*,\\s*")));
    }
    labels.removeAll(Set.of("job", "instance"));
    return labels;
  }

  private static Set<String> all(Pattern pattern, int group, String text) {
    Set<String> found = new TreeSet<>();
    Matcher matcher = pattern.matcher(text);
    while (matcher.find()) {
      found.add(matcher.group(group));
    }
    return found;
  }
}
