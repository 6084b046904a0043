package dev.plumbline.streams.gpu;

import dev.plumbline.schemas.event.Finding;
import dev.plumbline.streams.judge.Slowdowns.Slowdown;
import java.util.Map;

/**
 * A replica that is slow.
 *
 * @param since when it became so, event time in milliseconds
 * @param seconds what it takes
 * @param expectedSeconds what its load explains
 * @param told whether its slowness is a finding; else it is little, or not yet sure
 */
record Slow(
    String namespace,
    String pod,
    String model,
    long since,
    double seconds,
    double expectedSeconds,
    boolean told) {

  static Slow of(Finding swing) {
    Map<String, String> entity = swing.getEntity();
    return new Slow(
        entity.get("namespace"),
        entity.get("pod"),
        entity.get("model"),
        swing.getSince().toEpochMilli(),
        swing.getEvidence().getObserved(),
        swing.getEvidence().getExpected(),
        true);
  }

  static Slow of(Slowdown slowdown) {
    return new Slow(
        slowdown.namespace(),
        slowdown.pod(),
        slowdown.model(),
        slowdown.since(),
        slowdown.seconds(),
        slowdown.expectedSeconds(),
        false);
  }

  boolean isOf(String namespace, String pod) {
    return this.pod.equals(pod) && this.namespace.equals(namespace);
  }
}
