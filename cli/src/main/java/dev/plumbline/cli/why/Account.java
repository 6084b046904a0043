package dev.plumbline.cli.why;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.plumbline.detectors.cohort.Contrast;
import dev.plumbline.schemas.event.Header;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.avro.specific.SpecificRecord;

/**
 * The account of a finding, an incident or a remediation: what was said when, the evidence and its
 * arithmetic, the cause, the gates, and the snapshots behind it with the place where each can be
 * read again.
 */
public final class Account {
  /** How long before a condition began its records are still worth a look. */
  private static final Duration BEFORE = Duration.ofMinutes(5);

  /** One snapshot, reduced to what concerns the entity. */
  private record Behind(Instant at, String place, Header header, List<String> parts) {}

  private final History history;
  private final int most;
  private final List<String> lines = new ArrayList<>();

  /**
   * @param most records shown at most for each finding
   */
  public Account(History history, int most) {
    this.history = history;
    this.most = most;
  }

  /**
   * The account of what an id, or its beginning, names.
   *
   * @return lines for a terminal; text in {@code **} is a heading
   * @throws IOException when it names nothing or more than one thing
   */
  public List<String> of(String id) throws IOException {
    Map<String, List<ObjectNode>> findings = byId(history.findings());
    Map<String, List<ObjectNode>> incidents = byId(history.incidents());
    Map<String, List<ObjectNode>> remediations = byId(history.remediations());
    List<String> named = new ArrayList<>();
    for (var events : List.of(findings, incidents, remediations)) {
      events.keySet().stream().filter(it -> it.startsWith(id)).forEach(named::add);
    }
    if (named.contains(id)) {
      named = List.of(id);
    }
    if (named.isEmpty()) {
      throw new IOException(
          "nothing has the id %s: there are %d findings, %d incidents and %d remediations"
              .formatted(id, findings.size(), incidents.size(), remediations.size()));
    }
    if (named.size() > 1) {
      throw new IOException(
          "%s is the beginning of %d ids (%s, %s ...); give more of it"
              .formatted(id, named.size(), named.get(0), named.get(1)));
    }
    String whole = named.get(0);
    if (findings.containsKey(whole)) {
      finding(findings.get(whole));
      incidents.values().stream().filter(it -> isMember(last(it), whole)).forEach(this::incident);
      for (List<ObjectNode> remediation : remediations.values()) {
        if (last(remediation).path("causation").asText().equals(whole)) {
          remediation(remediation);
        }
      }
      records(findings.get(whole));
    } else if (incidents.containsKey(whole)) {
      incident(incidents.get(whole));
      for (JsonNode member : last(incidents.get(whole)).path("members")) {
        List<ObjectNode> known = findings.get(member.path("finding").asText());
        if (known != null) {
          finding(known);
        }
      }
      for (List<ObjectNode> remediation : remediations.values()) {
        if (last(remediation).path("incident").asText().equals(whole)) {
          remediation(remediation);
        }
      }
    } else {
      remediation(remediations.get(whole));
      List<ObjectNode> cause =
          findings.get(last(remediations.get(whole)).path("causation").asText());
      if (cause != null) {
        finding(cause);
        records(cause);
      }
    }
    return lines;
  }

  private void finding(List<ObjectNode> said) {
    ObjectNode now = last(said);
    heading("finding " + text(now, "id"));
    say("%s, %s, %s".formatted(text(now, "kind"), text(now, "severity"), state(now)));
    say("on      " + entity(now.path("entity")) + named(now));
    JsonNode evidence = now.path("evidence");
    say("because " + text(evidence, "summary"));
    String sum = arithmetic(evidence);
    if (!sum.isEmpty()) {
      say("        " + sum);
    }
    evidence
        .path("details")
        .properties()
        .forEach(it -> say("        " + it.getKey() + ": " + it.getValue().asText()));
    JsonNode cause = now.path("cause");
    if (cause.isObject()) {
      candidate("cause  ", cause);
    } else {
      say("cause   none is claimed");
    }
    now.path("candidates").forEach(it -> candidate("rather than", it));
    for (ObjectNode line : said) {
      say(
          "%s  %-8s %s"
              .formatted(
                  text(line, "at"),
                  text(line, "status"),
                  line.path("stale").asBoolean()
                      ? "its data stopped"
                      : line.has("resolution")
                          ? text(line, "resolution")
                          : text(line, "severity")));
    }
  }

  /** What was taken for the cause, or considered, and what its cohort says of it. */
  private void candidate(String role, JsonNode cause) {
    say(
        "%s %s of %s, score %s%s"
            .formatted(
                role,
                text(cause, "kind"),
                entity(cause.path("entity")),
                cause.path("score").isNumber()
                    ? "%.3g".formatted(cause.path("score").asDouble())
                    : "-",
                cause.has("finding") ? ", finding " + text(cause, "finding") : ""));
    if (cause.has("reason")) {
      say("        " + text(cause, "reason"));
    }
    JsonNode contrast = cause.path("contrast");
    if (!contrast.isObject()) {
      return;
    }
    int having = contrast.path("having").asInt();
    int havingSuffer = contrast.path("havingSuffer").asInt();
    int lacking = contrast.path("lacking").asInt();
    int lackingSuffer = contrast.path("lackingSuffer").asInt();
    double weight = Contrast.weight(having, havingSuffer, lacking, lackingSuffer);
    say("        cohort %s".formatted(text(contrast, "cohort")));
    say(
        "        have it: %s suffer; lack it: %s suffer; log odds %+.2f: %.2g times as likely"
            .formatted(
                share(havingSuffer, having),
                share(lackingSuffer, lacking),
                weight,
                Math.exp(weight)));
  }

  private static String share(int suffering, int members) {
    return members == 0
        ? "0 of 0"
        : "%d of %d (%.0f %%)".formatted(suffering, members, 100.0 * suffering / members);
  }

  private void incident(List<ObjectNode> said) {
    ObjectNode now = last(said);
    heading("incident " + text(now, "id"));
    say("%s, %s, %s".formatted(text(now, "title"), text(now, "severity"), state(now)));
    if (now.path("cause").isObject()) {
      candidate("cause  ", now.path("cause"));
    }
    for (JsonNode member : now.path("members")) {
      say(
          "%-15s %-8s %s  (%s)"
              .formatted(
                  text(member, "kind"),
                  text(member, "status"),
                  entity(member.path("entity")),
                  text(member, "finding")));
    }
  }

  private void remediation(List<ObjectNode> said) {
    ObjectNode now = last(said);
    heading("remediation " + text(now, "id"));
    say(
        "%s on %s, mode %s: %s"
            .formatted(
                text(now, "action"),
                entity(now.path("target")),
                text(now, "mode"),
                text(now, "status")));
    for (JsonNode gate : now.path("gates")) {
      say(
          "%-10s %-10s %s"
              .formatted(text(gate, "gate"), text(gate, "verdict"), text(gate, "reason")));
    }
    say("undo    " + text(now, "undo"));
    say("expires " + text(now, "expiresAt"));
  }

  private void records(List<ObjectNode> said) throws IOException {
    ObjectNode first = said.get(0);
    Instant since = Instant.parse(text(first, "since"));
    Instant opened = Instant.parse(text(first, "at"));
    Map<String, String> entity = new TreeMap<>();
    first
        .path("entity")
        .properties()
        .forEach(it -> entity.put(it.getKey(), it.getValue().asText()));
    Concern concern = new Concern(entity);
    List<Behind> behind = new ArrayList<>();
    history.snapshots(
        entity.get("cluster"),
        since.minus(BEFORE),
        opened,
        (place, snapshot) -> {
          List<String> parts = concern.of(snapshot);
          if (!parts.isEmpty()) {
            behind.add(behind(place, snapshot, parts));
          }
        });
    behind.sort(java.util.Comparator.comparing(Behind::at).thenComparing(Behind::place));
    heading("records behind it");
    if (behind.isEmpty()) {
      say("none at hand that name this entity between " + since.minus(BEFORE) + " and " + opened);
    }
    int skipped = Math.max(0, behind.size() - most);
    if (skipped > 0) {
      say("(%d older ones; --records %d shows all)".formatted(skipped, behind.size()));
    }
    for (Behind one : behind.subList(skipped, behind.size())) {
      say(
          "%s  %s %s  %s%s"
              .formatted(
                  one.at,
                  one.header.getSource(),
                  one.header.getTarget(),
                  one.place,
                  one.at.isBefore(since) ? "  (before it began)" : ""));
      one.parts.forEach(it -> say("    " + it));
    }
  }

  private static Behind behind(String place, SpecificRecord snapshot, List<String> parts) {
    Header header = (Header) snapshot.get(0);
    return new Behind(header.getObservedAt(), place, header, parts);
  }

  /** Observed against expected, in the evidence's unit; empty when it is words alone. */
  private static String arithmetic(JsonNode evidence) {
    if (!evidence.path("observed").isNumber() || !evidence.path("expected").isNumber()) {
      return "";
    }
    double observed = evidence.path("observed").asDouble();
    double expected = evidence.path("expected").asDouble();
    String unit = text(evidence, "unit");
    StringBuilder sum = new StringBuilder();
    sum.append("observed %.6g %s, expected %.6g %s".formatted(observed, unit, expected, unit));
    if (expected != 0) {
      sum.append(": %.6g / %.6g = %.3g".formatted(observed, expected, observed / expected));
    }
    if (evidence.path("score").isNumber()) {
      sum.append("; score %.3g".formatted(evidence.path("score").asDouble()));
    }
    return sum.toString();
  }

  private static String state(ObjectNode now) {
    return text(now, "status").equals("resolved")
        ? "resolved at "
            + text(now, "at")
            + (now.has("resolution") ? ", " + text(now, "resolution") : "")
        : "open since " + text(now, "since");
  }

  private static String named(ObjectNode finding) {
    String cluster = text(finding, "clusterName");
    return cluster.isEmpty() ? "" : "  (" + cluster + ")";
  }

  private static String entity(JsonNode entity) {
    StringBuilder text = new StringBuilder();
    entity
        .properties()
        .forEach(
            it ->
                text.append(text.length() == 0 ? "" : " ")
                    .append(it.getKey())
                    .append('=')
                    .append(it.getValue().asText()));
    return text.toString();
  }

  private static boolean isMember(ObjectNode incident, String finding) {
    for (JsonNode member : incident.path("members")) {
      if (member.path("finding").asText().equals(finding)) {
        return true;
      }
    }
    return false;
  }

  private static Map<String, List<ObjectNode>> byId(List<ObjectNode> events) {
    Map<String, List<ObjectNode>> byId = new LinkedHashMap<>();
    for (ObjectNode event : events) {
      byId.computeIfAbsent(text(event, "id"), k -> new ArrayList<>()).add(event);
    }
    byId.values()
        .forEach(it -> it.sort(java.util.Comparator.comparingInt(e -> e.path("revision").asInt())));
    return byId;
  }

  private static ObjectNode last(List<ObjectNode> said) {
    return said.get(said.size() - 1);
  }

  private static String text(JsonNode node, String field) {
    return node.path(field).asText();
  }

  private void heading(String text) {
    if (!lines.isEmpty()) {
      lines.add("");
    }
    lines.add("**" + text + "**");
  }

  private void say(String text) {
    lines.add("  " + text);
  }
}
