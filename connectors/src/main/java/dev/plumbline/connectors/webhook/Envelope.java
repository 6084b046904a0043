package dev.plumbline.connectors.webhook;

import io.cloudevents.CloudEvent;
import io.cloudevents.core.builder.CloudEventBuilder;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Puts an event into a CloudEvents 1.0 envelope. The same revision of the same thing always gets
 * the same attributes, so a receiver that sees one twice can tell by {@code source} and {@code id}.
 *
 * <table>
 *   <caption>Attributes</caption>
 *   <tr><td>id<td>its id and revision: {@code 4f1c-0}
 *   <tr><td>source<td>prefix, then {@code /clusters/UID}, or {@code /fleet} for an incident of many
 *   <tr><td>type<td>{@code dev.plumbline.finding.opened.v1}; {@code updated}, {@code resolved}; incident
 *       alike; a remediation's is its status
 *   <tr><td>subject<td>the entity without its cluster: {@code node/gpu-7/gpu/GPU-4a}; else its cluster;
 *       an incident's id
 *   <tr><td>partitionkey<td>the key of the record: cluster, or incident
 *   <tr><td>sequence<td>the revision, ten digits
 *   <tr><td>correlationid<td>the incident, where it is known
 *   <tr><td>causationid<td>the finding that led here, where it is known
 *   <tr><td>severitytext, severitynumber<td>of a finding or incident; 9, 13 and 17 as in OpenTelemetry's
 *       logs
 *   <tr><td>expirytime<td>of a remediation
 * </table>
 *
 * @param sourcePrefix what every source begins with
 */
record Envelope(String sourcePrefix) {
  /** Most general first, as the contract lists them. */
  private static final List<String> ENTITY =
      List.of("node", "gpu", "namespace", "workload", "pod", "model", "object", "field");

  private static final Map<String, Integer> SEVERITY_NUMBERS =
      Map.of("info", 9, "warning", 13, "critical", 17);

  CloudEvent of(Event event, byte[] body) {
    CloudEventBuilder envelope =
        CloudEventBuilder.v1()
            .withId(event.id() + "-" + event.revision())
            .withSource(URI.create(sourcePrefix + place(event.clusters())))
            .withType("dev.plumbline." + event.noun().word() + "." + change(event) + ".v1")
            .withSubject(subject(event))
            .withTime(event.at().atOffset(ZoneOffset.UTC))
            .withData("application/json", body)
            .withExtension("partitionkey", partitionKey(event))
            .withExtension("sequence", "%010d".formatted(event.revision()));
    link(envelope, event);
    Integer number = SEVERITY_NUMBERS.get(event.severity());
    if (number != null) {
      envelope.withExtension("severitytext", event.severity());
      envelope.withExtension("severitynumber", number);
    }
    if (event.noun() == Event.Noun.REMEDIATION) {
      envelope.withExtension("expirytime", event.time("expiresAt").atOffset(ZoneOffset.UTC));
    }
    return envelope.build();
  }

  private static void link(CloudEventBuilder envelope, Event event) {
    switch (event.noun()) {
      case FINDING -> extension(envelope, "causationid", event.cause("finding").orElse(""));
      case INCIDENT -> {
        extension(envelope, "correlationid", event.id());
        extension(envelope, "causationid", event.cause("finding").orElse(""));
      }
      case REMEDIATION -> {
        extension(envelope, "correlationid", event.text("incident"));
        extension(envelope, "causationid", event.text("causation"));
      }
    }
  }

  private static void extension(CloudEventBuilder envelope, String name, String value) {
    if (!value.isEmpty()) {
      envelope.withExtension(name, value);
    }
  }

  private static String place(List<String> clusters) {
    return clusters.size() == 1
        ? "/clusters/"
            + URLEncoder.encode(clusters.get(0), StandardCharsets.UTF_8).replace("+", "%20")
        : "/fleet";
  }

  private static String change(Event event) {
    return switch (event.status()) {
      case "open" -> "opened";
      case "update" -> "updated";
      default -> event.status();
    };
  }

  private static String subject(Event event) {
    if (event.noun() == Event.Noun.INCIDENT) {
      return "incident/" + event.id();
    }
    String path =
        ENTITY.stream()
            .filter(event.entity()::containsKey)
            .map(it -> it + "/" + event.entity().get(it))
            .collect(Collectors.joining("/"));
    return path.isEmpty() ? "cluster/" + String.join(",", event.clusters()) : path;
  }

  private static String partitionKey(Event event) {
    return switch (event.noun()) {
      case FINDING -> String.join(",", event.clusters());
      case INCIDENT -> event.id();
      case REMEDIATION -> event.text("incident");
    };
  }
}
