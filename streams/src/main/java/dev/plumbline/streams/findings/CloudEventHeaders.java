package dev.plumbline.streams.findings;

import dev.plumbline.schemas.event.Finding;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
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
        finding.getId() + "-" + finding.getRevision(),
        "/clusters/" + URLEncoder.encode(cluster, StandardCharsets.UTF_8).replace("+", "%20"),
        "dev.plumbline.finding." + change + ".v1",
        subject(finding.getEntity(), cluster),
        finding.getAt());
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
