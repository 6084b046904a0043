package dev.plumbline.streams.findings;

import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.Incident;
import dev.plumbline.schemas.event.Remediation;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * CloudEvents 1.0 attributes of an event as Kafka headers (binary mode), so that any consumer knows
 * what it holds before it decodes it.
 */
public final class CloudEventHeaders {
  private static final List<String> ENTITY =
      List.of("node", "gpu", "namespace", "workload", "pod", "model", "object", "field");

  private CloudEventHeaders() {}

  /** Headers of a finding: id is its id and revision, source its cluster, subject its entity. */
  public static Headers of(Finding finding) {
    String change =
        switch (finding.getStatus()) {
          case open -> "opened";
          case update -> "updated";
          case resolved -> "resolved";
        };
    String cluster = finding.getEntity().getOrDefault("cluster", "");
    return of(
        id(finding),
        source(cluster),
        "dev.plumbline.finding." + change + ".v1",
        subject(finding.getEntity(), cluster),
        finding.getAt());
  }

  /** Headers of an incident. */
  public static Headers of(Incident incident) {
    String change =
        switch (incident.getStatus()) {
          case open -> "opened";
          case update -> "updated";
          case resolved -> "resolved";
        };
    return of(
        incident.getId() + "-" + incident.getRevision(),
        incident.getClusters().size() == 1 ? source(incident.getClusters().get(0)) : "/fleet",
        "dev.plumbline.incident." + change + ".v1",
        "incident/" + incident.getId(),
        incident.getAt());
  }

  /** Headers of a remediation; its type is its status. */
  public static Headers of(Remediation remediation) {
    return of(
        remediation.getId() + "-" + remediation.getRevision(),
        source(remediation.getCluster()),
        "dev.plumbline.remediation." + remediation.getStatus().name() + ".v1",
        subject(remediation.getTarget(), remediation.getCluster()),
        remediation.getAt());
  }

  /** Id of the event that tells a change of a finding. */
  public static String id(Finding finding) {
    return finding.getId() + "-" + finding.getRevision();
  }

  /**
   * The event's id, by which a reader knows one that it was given before; null when the headers
   * have none.
   */
  public static String id(Headers headers) {
    Header id = headers.lastHeader("ce_id");
    return id == null ? null : new String(id.value(), StandardCharsets.UTF_8);
  }

  private static String source(String cluster) {
    return "/clusters/" + URLEncoder.encode(cluster, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /** Headers of any event. */
  public static Headers of(String id, String source, String type, String subject, Instant time) {
    RecordHeaders headers = new RecordHeaders();
    put(headers, "ce_specversion", "1.0");
    put(headers, "ce_id", id);
    put(headers, "ce_source", source);
    put(headers, "ce_type", type);
    put(headers, "ce_subject", subject);
    put(headers, "ce_time", time.toString());
    put(headers, "content-type", "application/avro");
    return headers;
  }

  private static String subject(Map<String, String> entity, String cluster) {
    String path =
        ENTITY.stream()
            .filter(entity::containsKey)
            .map(part -> part + "/" + entity.get(part))
            .collect(Collectors.joining("/"));
    return path.isEmpty() ? "cluster/" + cluster : path;
  }

  private static void put(Headers headers, String name, String value) {
    headers.add(name, value.getBytes(StandardCharsets.UTF_8));
  }
}
