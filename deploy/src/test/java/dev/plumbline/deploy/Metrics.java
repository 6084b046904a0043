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
      Map.ofEntries(
          Map.entry("plumbline_findings_open", Set.of("kind", "severity", "cluster")),
          Map.entry("plumbline_findings_total", Set.of("kind", "severity", "status")),
          Map.entry("plumbline_incidents_open", Set.of("severity")),
          Map.entry("plumbline_remediations_total", Set.of("action", "mode", "status")),
          Map.entry("plumbline_gate_refusals_total", Set.of("gate")),
          Map.entry("plumbline_detection_lag_seconds_bucket", Set.of("le")),
          Map.entry("plumbline_dead_letters_total", Set.of("topic", "cause")),
          Map.entry("plumbline_snapshots_total", Set.of("source", "outcome")),
          Map.entry("plumbline_targets_stale", Set.of("cluster")),
          Map.entry("plumbline_entities", Set.of("cluster", "type")),
          Map.entry("plumbline_agent_targets", Set.of()),
          Map.entry("plumbline_agent_scrapes_total", Set.of()),
          Map.entry("plumbline_agent_scrape_failures_total", Set.of()),
          Map.entry("plumbline_agent_spool_bytes", Set.of()),
          Map.entry("plumbline_agent_spool_limit_bytes", Set.of()),
          Map.entry("plumbline_agent_spool_snapshots", Set.of()),
          Map.entry("plumbline_agent_spool_dropped_total", Set.of()),
          Map.entry("plumbline_agent_snapshots_sent_total", Set.of()),
          Map.entry("plumbline_agent_snapshots_lost_total", Set.of()),
          Map.entry("plumbline_agent_target_up", Set.of("source", "target")));

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
