package dev.plumbline.connectors;

import dev.plumbline.schemas.event.Cause;
import dev.plumbline.schemas.event.Evidence;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.FindingStatus;
import dev.plumbline.schemas.event.Gate;
import dev.plumbline.schemas.event.GateVerdict;
import dev.plumbline.schemas.event.Incident;
import dev.plumbline.schemas.event.Member;
import dev.plumbline.schemas.event.Mode;
import dev.plumbline.schemas.event.Remediation;
import dev.plumbline.schemas.event.RemediationStatus;
import dev.plumbline.schemas.event.Severity;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.connect.data.SchemaAndValue;

/** Events to deliver, and their bytes. */
public final class Given {
  public static final Instant TEN = Instant.parse("2026-01-05T10:00:00Z");

  private Given() {}

  public static Finding.Builder finding() {
    return Finding.newBuilder()
        .setId("4f1c")
        .setRevision(0)
        .setAt(TEN)
        .setSince(TEN.minusSeconds(90))
        .setStatus(FindingStatus.open)
        .setKind("latency.swing")
        .setSeverity(Severity.critical)
        .setEntity(Map.of("cluster", "c-1", "workload", "llama", "namespace", "chat"))
        .setEvidence(
            Evidence.newBuilder()
                .setObserved(0.9)
                .setExpected(0.2)
                .setUnit("seconds")
                .setScore(12.5)
                .setSummary("p99 of ttft 0.9 s, usual 0.2 s")
                .setDetails(Map.of("signal", "ttft"))
                .build());
  }

  public static Incident.Builder incident() {
    return Incident.newBuilder()
        .setId("inc-7")
        .setRevision(2)
        .setAt(TEN)
        .setSince(TEN.minusSeconds(60))
        .setStatus(FindingStatus.update)
        .setSeverity(Severity.warning)
        .setTitle("llama is slow")
        .setClusters(List.of("c-1", "c-2"))
        .setCause(
            Cause.newBuilder()
                .setKind("drift.config")
                .setEntity(Map.of("cluster", "c-1", "object", "apps/v1/Deployment/chat/llama"))
                .setScore(0.8)
                .setFinding("77aa")
                .build())
        .setMembers(
            List.of(
                new Member(
                    "4f1c",
                    "latency.swing",
                    Severity.warning,
                    FindingStatus.open,
                    Map.of("cluster", "c-1"),
                    TEN)))
        .setMemberCount(1);
  }

  public static Remediation.Builder remediation() {
    return Remediation.newBuilder()
        .setId("op-9")
        .setRevision(0)
        .setAt(TEN)
        .setIncident("inc-7")
        .setCausation("4f1c")
        .setAction("rollback")
        .setTarget(Map.of("cluster", "c-1", "namespace", "chat", "workload", "llama"))
        .setCluster("c-1")
        .setMode(Mode.observe)
        .setStatus(RemediationStatus.proposed)
        .setNotBefore(TEN)
        .setExpiresAt(TEN.plusSeconds(900))
        .setAttempt(1)
        .setFencing(41)
        .setUndo("")
        .setDryRun(true)
        .setPlanHash("ab12")
        .setGates(List.of(new Gate("mode", GateVerdict.refused, "mode is observe")));
  }

  /** As the sink gets it from the worker. */
  public static SchemaAndValue struct(SpecificRecord event) {
    return new ConnectForm().of(event);
  }

  /** In the Confluent wire format. */
  public static byte[] wire(int id, SpecificRecord event) {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      bytes.write(0);
      bytes.write(ByteBuffer.allocate(4).putInt(id).array());
      BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);
      new SpecificDatumWriter<SpecificRecord>(event.getSchema()).write(event, encoder);
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
