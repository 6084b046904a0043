package dev.plumbline.streams;

import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.FindingStatus;
import dev.plumbline.schemas.event.Resolution;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.streams.findings.Proof;
import java.time.Instant;
import java.util.Map;

/** Findings in words, with the minute of event time at which they are said. */
public final class Findings {
  private static final long MINUTE = 60_000;

  private Findings() {}

  /** A warning that opens. */
  public static Finding open(String id, String kind, Map<String, String> entity, long minute) {
    return Finding.newBuilder()
        .setId(id)
        .setRevision(0)
        .setAt(Instant.ofEpochMilli(minute * MINUTE))
        .setSince(Instant.ofEpochMilli(minute * MINUTE))
        .setStatus(FindingStatus.open)
        .setKind(kind)
        .setSeverity(Severity.warning)
        .setEntity(entity)
        .setEvidence(Proof.of("seen"))
        .build();
  }

  /** Its next revision. */
  public static Finding again(Finding finding, long minute) {
    return Finding.newBuilder(finding)
        .setRevision(finding.getRevision() + 1)
        .setAt(Instant.ofEpochMilli(minute * MINUTE))
        .setStatus(FindingStatus.update)
        .build();
  }

  /** Its last one. */
  public static Finding resolved(Finding finding, long minute) {
    Finding resolved = again(finding, minute);
    resolved.setStatus(FindingStatus.resolved);
    resolved.setResolution(Resolution.cleared);
    return resolved;
  }
}
