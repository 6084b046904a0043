package dev.plumbline.streams.remediation;

import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.FindingStatus;
import dev.plumbline.schemas.event.Gate;
import dev.plumbline.schemas.event.GateVerdict;
import dev.plumbline.schemas.event.Incident;
import dev.plumbline.schemas.event.Mode;
import dev.plumbline.schemas.event.Remediation;
import dev.plumbline.schemas.event.RemediationStatus;
import dev.plumbline.streams.findings.Entity;
import dev.plumbline.streams.findings.Records;
import dev.plumbline.streams.state.Moment;
import dev.plumbline.streams.state.State;
import dev.plumbline.streams.state.Table;
import dev.plumbline.streams.state.Tables;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Plans one action for an incident and takes it through the gates, each verdict written down. In
 * mode observe, the only one so far, an action is proposed and nobody may carry it out.
 *
 * <p>Gates and limits: docs/adr/0006-remediation-gates.md.
 */
public final class Planner {
  /** A decision older than this is not a decision any more: what it rests on has changed. */
  static final Duration FRESH = Duration.ofMinutes(15);

  /** A proposal nobody acted on. */
  static final Duration EXPIRY = Duration.ofMinutes(30);

  /** Between two attempts on one target. */
  static final Duration COOLDOWN = Duration.ofMinutes(30);

  /** Attempts on one target in a day; then a person must look. */
  static final int MOST_ATTEMPTS = 3;

  private static final Duration DAY = Duration.ofHours(24);

  /** What was tried on one target. */
  private static final class Target implements State {
    final List<Long> attempts = new ArrayList<>();
    Remediation pending;

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      out.writeInt(attempts.size());
      for (long at : attempts) {
        out.writeLong(at);
      }
      Records.write(out, pending);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      for (int n = in.readInt(); n > 0; n--) {
        attempts.add(in.readLong());
      }
      pending = Records.read(in, Remediation.class);
    }
  }

  private final String cluster;
  private final Table<Target> targets;

  /** When operations were planned, so that an incident's next update doesn't plan them again. */
  private final Table<Moment> operations;

  private final Consumer<Remediation> out;

  public Planner(String cluster, Tables tables, Consumer<Remediation> out) {
    this.cluster = cluster;
    targets = tables.table("remediation.targets", Target::new);
    operations = tables.table("remediation.operations", Moment::new);
    this.out = out;
  }

  /**
   * An incident changed.
   *
   * @param now the present: wall clock when live, event time in a replay; milliseconds
   */
  public void consider(Incident incident, Finding trigger, long now) {
    if (incident.getStatus() == FindingStatus.resolved) {
      return;
    }
    Optional<Action> action = Action.of(incident, trigger);
    if (action.isPresent()) {
      plan(incident, trigger, action.get(), now);
    }
  }

  /** Time passed: proposals that nobody acted on expire. */
  public void tick(long now) {
    List<String> expired = new ArrayList<>();
    for (Map.Entry<String, Target> entry : targets.all().entrySet()) {
      Remediation pending = entry.getValue().pending;
      if (pending != null && now >= pending.getExpiresAt().toEpochMilli()) {
        expired.add(entry.getKey());
      }
    }
    for (String key : expired) {
      Target target = targets.edit(key);
      Remediation pending = target.pending;
      target.pending = null;
      out.accept(
          Remediation.newBuilder(pending)
              .setRevision(pending.getRevision() + 1)
              .setAt(pending.getExpiresAt())
              .setStatus(RemediationStatus.expired)
              .setReason("nobody acted before it expired")
              .build());
    }
    operations.all().entrySet().stream()
        .filter(it -> now - it.getValue().at > DAY.toMillis())
        .map(Map.Entry::getKey)
        .toList()
        .forEach(operations::remove);
  }

  private void plan(Incident incident, Finding trigger, Action action, long now) {
    String targetKey = action.name() + '|' + new Entity(action.target()).key();
    String id = hash(cluster, targetKey, incident.getId());
    if (operations.get(id) != null) {
      // the same operation for the same incident: it was decided already
      return;
    }
    operations.edit(id).at = now;
    Target target = targets.edit(targetKey);
    target.attempts.removeIf(at -> now - at > DAY.toMillis());
    List<Gate> gates = new ArrayList<>();
    boolean passes = gates(incident, trigger, target, now, gates);
    Instant at = trigger.getAt();
    Remediation remediation =
        Remediation.newBuilder()
            .setId(id)
            .setRevision(0)
            .setAt(at)
            .setIncident(incident.getId())
            .setCausation(trigger.getId())
            .setAction(action.name())
            .setTarget(action.target())
            .setCluster(cluster)
            .setTenant(incident.getTenant())
            .setMode(Mode.observe)
            .setStatus(passes ? RemediationStatus.proposed : RemediationStatus.refused)
            .setNotBefore(at)
            .setExpiresAt(at.plus(EXPIRY))
            .setAttempt(target.attempts.size() + 1)
            .setFencing(0)
            .setUndo(action.undo())
            .setDryRun(true)
            .setPlanHash(hash(action.name(), targetKey, action.undo()))
            .setGates(gates)
            .setReason(incident.getTitle())
            .build();
    if (passes) {
      target.attempts.add(now);
      target.pending = remediation;
    }
    out.accept(remediation);
  }

  private static boolean gates(
      Incident incident, Finding trigger, Target target, long now, List<Gate> gates) {
    gates.add(gate("mode", GateVerdict.downgraded, "mode is observe: told, and done by nobody"));
    Duration age = Duration.ofMillis(Math.max(0, now - trigger.getAt().toEpochMilli()));
    boolean fresh = age.compareTo(FRESH) <= 0;
    gates.add(
        verdict(
            "freshness",
            fresh,
            fresh
                ? "decided within " + FRESH.toMinutes() + " min of the finding"
                : "the finding is " + age.toMinutes() + " min old; detect again"));
    boolean evidence = !trigger.getStale();
    gates.add(
        verdict(
            "evidence",
            evidence,
            evidence ? "the data behind it is fresh" : "the data behind it is missing"));
    boolean single = target.pending == null;
    gates.add(
        verdict(
            "dedup",
            single,
            single
                ? "no other operation is open on the target"
                : "operation " + target.pending.getId() + " is open on the target"));
    long last = target.attempts.isEmpty() ? 0 : target.attempts.get(target.attempts.size() - 1);
    boolean rested = target.attempts.isEmpty() || now - last >= COOLDOWN.toMillis();
    boolean left = target.attempts.size() < MOST_ATTEMPTS;
    gates.add(
        verdict(
            "limits",
            rested && left,
            !left
                ? MOST_ATTEMPTS + " attempts in 24 h; a person must look"
                : rested
                    ? "attempt " + (target.attempts.size() + 1) + " of " + MOST_ATTEMPTS
                    : "the last attempt was less than " + COOLDOWN.toMinutes() + " min ago"));
    return gates.stream().noneMatch(it -> it.getVerdict() == GateVerdict.refused);
  }

  private static Gate verdict(String name, boolean passed, String reason) {
    return gate(name, passed ? GateVerdict.passed : GateVerdict.refused, reason);
  }

  private static Gate gate(String name, GateVerdict verdict, String reason) {
    return Gate.newBuilder().setGate(name).setVerdict(verdict).setReason(reason).build();
  }

  private static String hash(String... parts) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256")
              .digest(String.join("\n", parts).getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, 12);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
