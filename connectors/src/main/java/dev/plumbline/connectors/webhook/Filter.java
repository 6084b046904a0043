package dev.plumbline.connectors.webhook;

import dev.plumbline.schemas.event.Severity;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Which events an endpoint wants. What does not have a property is not judged by it: a remediation
 * has no severity and no kind, so only its status counts.
 *
 * @param severities least severity and those above it
 * @param kinds kinds such as {@code latency.swing}, or {@code gpu.*} for all that begin so; empty
 *     for all
 * @param statuses statuses such as {@code open}, {@code resolved}, {@code emitted}; empty for all
 */
record Filter(Set<String> severities, List<String> kinds, Set<String> statuses) {

  /** Least first. */
  static final List<String> SEVERITIES =
      Arrays.stream(Severity.values()).map(Severity::name).toList();

  static Filter of(String leastSeverity, List<String> kinds, List<String> statuses) {
    List<String> severities =
        SEVERITIES.subList(SEVERITIES.indexOf(leastSeverity), SEVERITIES.size());
    return new Filter(Set.copyOf(severities), List.copyOf(kinds), Set.copyOf(statuses));
  }

  boolean wants(Event event) {
    return (event.severity().isEmpty() || severities.contains(event.severity()))
        && (statuses.isEmpty() || statuses.contains(event.status()))
        && (kinds.isEmpty()
            || event.kinds().isEmpty()
            || event.kinds().stream().anyMatch(this::of));
  }

  private boolean of(String kind) {
    return kinds.stream()
        .anyMatch(
            it ->
                it.endsWith("*")
                    ? kind.startsWith(it.substring(0, it.length() - 1))
                    : kind.equals(it));
  }
}
