package dev.plumbline.schemas.json;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.plumbline.schemas.event.Cause;
import dev.plumbline.schemas.event.Contrast;
import dev.plumbline.schemas.event.Evidence;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.Gate;
import dev.plumbline.schemas.event.Incident;
import dev.plumbline.schemas.event.Member;
import dev.plumbline.schemas.event.Remediation;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.TreeMap;

/**
 * Findings, incidents and remediations as JSON: the lines that {@code replay} writes and the API
 * answers. Times are RFC 3339 UTC with milliseconds, maps are sorted, what is absent is left out,
 * and a number that is not finite is null, since JSON has no other way to say it.
 */
public final class EventJson {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final DateTimeFormatter AT =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

  private EventJson() {}

  /** A change of state of a finding. */
  public static ObjectNode of(Finding finding) {
    ObjectNode node = JSON.createObjectNode();
    node.put("id", finding.getId());
    node.put("revision", finding.getRevision());
    node.put("at", time(finding.getAt()));
    node.put("since", time(finding.getSince()));
    node.put("status", finding.getStatus().name());
    if (finding.getResolution() != null) {
      node.put("resolution", finding.getResolution().name());
    }
    node.put("kind", finding.getKind());
    node.put("severity", finding.getSeverity().name());
    node.set("entity", texts(finding.getEntity()));
    text(node, "clusterName", finding.getClusterName());
    text(node, "tenant", finding.getTenant());
    if (finding.getCause() != null) {
      node.set("cause", of(finding.getCause()));
    }
    node.set("evidence", of(finding.getEvidence()));
    if (finding.getStale()) {
      node.put("stale", true);
    }
    if (!finding.getCandidates().isEmpty()) {
      ArrayNode candidates = node.putArray("candidates");
      finding.getCandidates().forEach(it -> candidates.add(of(it)));
    }
    return node;
  }

  /** A change of state of an incident. */
  public static ObjectNode of(Incident incident) {
    ObjectNode node = JSON.createObjectNode();
    node.put("id", incident.getId());
    node.put("revision", incident.getRevision());
    node.put("at", time(incident.getAt()));
    node.put("since", time(incident.getSince()));
    node.put("status", incident.getStatus().name());
    node.put("severity", incident.getSeverity().name());
    node.put("title", incident.getTitle());
    ArrayNode clusters = node.putArray("clusters");
    incident.getClusters().forEach(clusters::add);
    text(node, "tenant", incident.getTenant());
    if (incident.getCause() != null) {
      node.set("cause", of(incident.getCause()));
    }
    ArrayNode members = node.putArray("members");
    for (Member member : incident.getMembers()) {
      ObjectNode one = members.addObject();
      one.put("finding", member.getFinding());
      one.put("kind", member.getKind());
      one.put("severity", member.getSeverity().name());
      one.put("status", member.getStatus().name());
      one.set("entity", texts(member.getEntity()));
      one.put("since", time(member.getSince()));
    }
    node.put("memberCount", incident.getMemberCount());
    return node;
  }

  /** A change of state of a remediation. */
  public static ObjectNode of(Remediation remediation) {
    ObjectNode node = JSON.createObjectNode();
    node.put("id", remediation.getId());
    node.put("revision", remediation.getRevision());
    node.put("at", time(remediation.getAt()));
    node.put("status", remediation.getStatus().name());
    node.put("incident", remediation.getIncident());
    node.put("causation", remediation.getCausation());
    node.put("action", remediation.getAction());
    node.set("target", texts(remediation.getTarget()));
    node.put("cluster", remediation.getCluster());
    text(node, "tenant", remediation.getTenant());
    node.put("mode", remediation.getMode().name());
    node.put("notBefore", time(remediation.getNotBefore()));
    node.put("expiresAt", time(remediation.getExpiresAt()));
    node.put("attempt", remediation.getAttempt());
    node.put("fencing", remediation.getFencing());
    node.put("undo", remediation.getUndo());
    node.put("dryRun", remediation.getDryRun());
    node.put("planHash", remediation.getPlanHash());
    ArrayNode gates = node.putArray("gates");
    for (Gate gate : remediation.getGates()) {
      ObjectNode one = gates.addObject();
      one.put("gate", gate.getGate());
      one.put("verdict", gate.getVerdict().name());
      one.put("reason", gate.getReason());
    }
    text(node, "reason", remediation.getReason());
    return node;
  }

  private static ObjectNode of(Cause cause) {
    ObjectNode node = JSON.createObjectNode();
    node.put("kind", cause.getKind());
    node.set("entity", texts(cause.getEntity()));
    number(node, "score", cause.getScore());
    if (cause.getFinding() != null) {
      node.put("finding", cause.getFinding());
    }
    text(node, "reason", cause.getReason());
    if (cause.getContrast() != null) {
      Contrast contrast = cause.getContrast();
      ObjectNode counts = node.putObject("contrast");
      counts.put("cohort", contrast.getCohort());
      counts.put("having", contrast.getHaving());
      counts.put("havingSuffer", contrast.getHavingSuffer());
      counts.put("lacking", contrast.getLacking());
      counts.put("lackingSuffer", contrast.getLackingSuffer());
    }
    return node;
  }

  private static ObjectNode of(Evidence evidence) {
    ObjectNode node = JSON.createObjectNode();
    number(node, "observed", evidence.getObserved());
    number(node, "expected", evidence.getExpected());
    node.put("unit", evidence.getUnit());
    number(node, "score", evidence.getScore());
    text(node, "summary", evidence.getSummary());
    if (!evidence.getDetails().isEmpty()) {
      node.set("details", texts(evidence.getDetails()));
    }
    return node;
  }

  private static ObjectNode texts(Map<String, String> map) {
    ObjectNode node = JSON.createObjectNode();
    new TreeMap<>(map).forEach(node::put);
    return node;
  }

  private static void text(ObjectNode node, String name, String value) {
    if (!value.isEmpty()) {
      node.put(name, value);
    }
  }

  private static void number(ObjectNode node, String name, double value) {
    if (Double.isFinite(value)) {
      node.put(name, value);
    } else {
      node.putNull(name);
    }
  }

  private static String time(Instant at) {
    return AT.format(at);
  }
}
