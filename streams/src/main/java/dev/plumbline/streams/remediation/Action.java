package dev.plumbline.streams.remediation;

import dev.plumbline.schemas.event.Cause;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.Incident;
import dev.plumbline.schemas.event.Member;
import dev.plumbline.streams.findings.Kind;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What could be done about an incident.
 *
 * @param name what an actor is asked for
 * @param target what it is to be done to
 * @param undo how it is taken back
 */
public record Action(String name, Map<String, String> target, String undo) {

  /**
   * The first action that fits an incident's cause, else its gravest member; empty when none does.
   */
  public static Optional<Action> of(Incident incident, Finding trigger) {
    Cause cause = incident.getCause();
    if (cause != null) {
      Optional<Action> byCause = of(cause.getKind(), cause.getEntity(), true);
      if (byCause.isPresent()) {
        return byCause;
      }
    }
    for (Member member : incident.getMembers()) {
      if (!member.getKind().equals(Kind.LATENCY_SWING)) {
        Optional<Action> byMember = of(member.getKind(), member.getEntity(), false);
        if (byMember.isPresent()) {
          return byMember;
        }
      }
    }
    return of(trigger.getKind(), trigger.getEntity(), false);
  }

  private static Optional<Action> of(String kind, Map<String, String> entity, boolean cause) {
    return Optional.ofNullable(
        switch (kind) {
          case Kind.GPU_CONTENTION ->
              cause
                  ? action("move-workload", entity, "let the scheduler place it freely again")
                  : null;
          case Kind.GPU_THROTTLE, Kind.GPU_FAULT ->
              action("cordon-node", entity, "uncordon the node");
          case Kind.GPU_EXHAUSTION -> action("scale-out", entity, "scale back in");
          case Kind.DRIFT_CONFIG -> action("sync-declared", entity, "apply the live value again");
          case Kind.DRIFT_POLICY -> action("restore-policy", entity, "apply the live value again");
          case Kind.DRIFT_RESIDENCY -> action("stop-workload", entity, "start it again");
          case Kind.DRIFT_RESOURCE -> action("restart-pod", entity, "nothing to undo");
          case Kind.TELEMETRY_STALE -> action("restart-exporter", entity, "nothing to undo");
          default -> null;
        });
  }

  private static Action action(String name, Map<String, String> entity, String undo) {
    Map<String, String> target = new TreeMap<>(entity);
    if (name.equals("cordon-node")) {
      target.keySet().retainAll(java.util.Set.of("cluster", "node"));
    }
    return new Action(name, target, undo);
  }
}
