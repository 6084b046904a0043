package dev.plumbline.connectors.webhook;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.plumbline.connectors.Given;
import dev.plumbline.schemas.event.FindingStatus;
import dev.plumbline.schemas.event.Resolution;
import io.cloudevents.CloudEvent;
import io.cloudevents.jackson.JsonFormat;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

class EnvelopeTest {
  private static final Envelope ENVELOPE = new Envelope("/plumbline");

  @Test
  void aFindingsAttributes() {
    assertThat(headers(Given.finding().build()))
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("ce-specversion", "1.0"),
                Map.entry("ce-id", "4f1c-0"),
                Map.entry("ce-source", "/plumbline/clusters/c-1"),
                Map.entry("ce-type", "dev.plumbline.finding.opened.v1"),
                Map.entry("ce-subject", "namespace/chat/workload/llama"),
                Map.entry("ce-time", "2026-01-05T10:00:00Z"),
                Map.entry("ce-partitionkey", "c-1"),
                Map.entry("ce-sequence", "0000000000"),
                Map.entry("ce-severitytext", "critical"),
                Map.entry("ce-severitynumber", "17")));
  }

  @Test
  void anIncidentsAttributes() {
    assertThat(headers(Given.incident().build()))
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("ce-specversion", "1.0"),
                Map.entry("ce-id", "inc-7-2"),
                Map.entry("ce-source", "/plumbline/fleet"),
                Map.entry("ce-type", "dev.plumbline.incident.updated.v1"),
                Map.entry("ce-subject", "incident/inc-7"),
                Map.entry("ce-time", "2026-01-05T10:00:00Z"),
                Map.entry("ce-partitionkey", "inc-7"),
                Map.entry("ce-sequence", "0000000002"),
                Map.entry("ce-correlationid", "inc-7"),
                Map.entry("ce-causationid", "77aa"),
                Map.entry("ce-severitytext", "warning"),
                Map.entry("ce-severitynumber", "13")));
  }

  @Test
  void aRemediationsAttributes() {
    assertThat(headers(Given.remediation().build()))
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("ce-specversion", "1.0"),
                Map.entry("ce-id", "op-9-0"),
                Map.entry("ce-source", "/plumbline/clusters/c-1"),
                Map.entry("ce-type", "dev.plumbline.remediation.proposed.v1"),
                Map.entry("ce-subject", "namespace/chat/workload/llama"),
                Map.entry("ce-time", "2026-01-05T10:00:00Z"),
                Map.entry("ce-partitionkey", "inc-7"),
                Map.entry("ce-sequence", "0000000000"),
                Map.entry("ce-correlationid", "inc-7"),
                Map.entry("ce-causationid", "4f1c"),
                Map.entry("ce-expirytime", "2026-01-05T10:15:00Z")));
  }

  @Test
  void aFindingOfAWholeClusterIsAboutTheCluster() {
    assertThat(headers(Given.finding().setEntity(Map.of("cluster", "c-1")).build()))
        .containsEntry("ce-subject", "cluster/c-1");
  }

  @Test
  void headersAreEncodedAsTheBindingSays() {
    assertThat(Headers.encode("Euro € \"100%\"\n")).isEqualTo("Euro%20%E2%82%AC%20%22100%25%22%0A");
  }

  @Test
  void aFindingsBodyHasTheNamesOfTheFindingsFile() throws JsonProcessingException {
    assertThat(body(Given.finding().build()))
        .isEqualTo(
            json(
                """
                {"id": "4f1c", "revision": 0, "at": "2026-01-05T10:00:00Z",
                 "since": "2026-01-05T09:58:30Z", "status": "open", "kind": "latency.swing",
                 "severity": "critical",
                 "entity": {"cluster": "c-1", "namespace": "chat", "workload": "llama"},
                 "evidence": {"observed": 0.9, "expected": 0.2, "unit": "seconds", "score": 12.5,
                              "summary": "p99 of ttft 0.9 s, usual 0.2 s", "signal": "ttft"},
                 "stale": false, "candidates": []}
                """));
  }

  @Test
  void aResolvedFindingSaysHow() throws JsonProcessingException {
    JsonNode body =
        body(
            Given.finding()
                .setStatus(FindingStatus.resolved)
                .setResolution(Resolution.cleared)
                .build());

    assertThat(body.path("status").textValue()).isEqualTo("resolved");
    assertThat(body.path("resolution").textValue()).isEqualTo("cleared");
  }

  @Test
  void aFigureThatWasNotMeasuredIsAbsent() throws JsonProcessingException {
    var finding = Given.finding().build();
    finding.getEvidence().setExpected(Double.NaN);

    assertThat(body(finding).path("evidence").has("expected")).isFalse();
  }

  @Test
  void aDetailNeverHidesAFigure() throws JsonProcessingException {
    var finding = Given.finding().build();
    finding.getEvidence().setDetails(Map.of("observed", "a lot"));

    assertThat(body(finding).at("/evidence/observed").doubleValue()).isEqualTo(0.9);
  }

  @Test
  void anIncidentsMembersAndCauseAreInItsBody() throws JsonProcessingException {
    JsonNode body = body(Given.incident().build());

    assertThat(body.at("/members/0/kind").textValue()).isEqualTo("latency.swing");
    assertThat(body.at("/cause/score").doubleValue()).isEqualTo(0.8);
    assertThat(body.at("/clusters/1").textValue()).isEqualTo("c-2");
  }

  @Test
  void theStructuredFormReadsBackTheSame() {
    CloudEvent event = event(Given.remediation().build());
    JsonFormat format = new JsonFormat();

    CloudEvent read = format.deserialize(format.serialize(event));

    assertThat(read.getId()).isEqualTo("op-9-0");
    assertThat(Headers.of(read)).isEqualTo(Headers.of(event));
  }

  @Test
  void theFilterJudgesSeverityKindAndStatus() {
    Event finding = Event.of(Given.struct(Given.finding().build()).value());
    Event incident = Event.of(Given.struct(Given.incident().build()).value());
    Event remediation = Event.of(Given.struct(Given.remediation().build()).value());

    assertThat(List.of(finding, incident, remediation)).allMatch(filter("info", "", "")::wants);
    assertThat(wanted(filter("critical", "", ""), finding, incident, remediation))
        .containsExactly(finding, remediation);
    assertThat(wanted(filter("info", "drift.*", ""), finding, incident, remediation))
        .containsExactly(incident, remediation);
    assertThat(wanted(filter("info", "latency.swing", ""), finding, incident, remediation))
        .containsExactly(finding, incident, remediation);
    assertThat(wanted(filter("info", "", "open,proposed"), finding, incident, remediation))
        .containsExactly(finding, remediation);
  }

  private static List<Event> wanted(Filter filter, Event... events) {
    return List.of(events).stream().filter(filter::wants).toList();
  }

  private static Filter filter(String severity, String kinds, String statuses) {
    return Filter.of(severity, list(kinds), list(statuses));
  }

  private static List<String> list(String text) {
    return text.isEmpty() ? List.of() : List.of(text.split(","));
  }

  private static Map<String, String> headers(SpecificRecord event) {
    return Headers.of(event(event));
  }

  private static CloudEvent event(SpecificRecord event) {
    return ENVELOPE.of(Event.of(Given.struct(event).value()), "{}".getBytes(UTF_8));
  }

  private static JsonNode body(SpecificRecord event) throws JsonProcessingException {
    return json(Body.of(Event.of(Given.struct(event).value()).value()).toString());
  }

  private static JsonNode json(String text) throws JsonProcessingException {
    return new ObjectMapper().readTree(text);
  }
}
