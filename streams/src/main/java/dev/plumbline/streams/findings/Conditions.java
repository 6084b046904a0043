package dev.plumbline.streams.findings;

import dev.plumbline.schemas.event.Cause;
import dev.plumbline.schemas.event.Evidence;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.FindingStatus;
import dev.plumbline.schemas.event.Resolution;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.streams.findings.Condition.Phase;
import dev.plumbline.streams.state.Table;
import dev.plumbline.streams.state.Tables;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * All conditions of one cluster and their lives. Watchers say what they see, bad or healthy; here
 * it becomes findings: opened after enough bad sights, updated when severity, cause or staleness
 * change, resolved only by healthy data, by an accepted change or because the entity is gone.
 *
 * <p>A condition that returns soon after it was resolved is the same story: same id, next revision,
 * and each return doubles the time it must be healthy (at most eightfold).
 */
public final class Conditions {
  /** A condition that comes back within this time continues the same finding. */
  static final Duration STORY = Duration.ofMinutes(30);

  private static final int MOST_DOUBLINGS = 3;

  /** Entities without a condition that may stay among the suspects for a while. */
  private static final int MOST_INNOCENT = 1_000;

  private final String cluster;
  private final Table<Condition> table;
  private final Consumer<Finding> out;

  /**
   * Entities that may have a condition. Nearly every sight is a healthy one of an entity that has
   * none: it is to cost next to nothing.
   */
  private final Set<Entity> suspects = new HashSet<>();

  private Function<String, String> clusterName = uid -> "";
  private Function<Entity, String> tenant = entity -> "";

  /**
   * @param cluster cluster UID
   * @param out takes each change of state, in order
   */
  public Conditions(String cluster, Tables tables, Consumer<Finding> out) {
    this.cluster = cluster;
    this.table = tables.table("conditions", Condition::new);
    this.out = out;
    suspect();
  }

  private void suspect() {
    suspects.clear();
    for (String key : table.all().keySet()) {
      // an aspect may hold the separator: one entity too many does no harm
      for (int bar = key.indexOf('|'); bar >= 0; bar = key.indexOf('|', bar + 1)) {
        suspects.add(Entity.ofKey(key.substring(bar + 1)));
      }
    }
  }

  /** Where display names and tenants are looked up. */
  public void names(Function<String, String> clusterName, Function<Entity, String> tenant) {
    this.clusterName = clusterName;
    this.tenant = tenant;
  }

  /** A bad sight whose cause is not known here. */
  public void bad(Rule rule, Entity entity, long at, Severity severity, Evidence evidence) {
    bad(rule, entity, at, severity, evidence, null);
  }

  /**
   * A bad sight.
   *
   * @param entity what it is about; must name the cluster
   * @param at event time of the sight, milliseconds
   * @param cause the probable cause, or null to leave it to the ranking of causes
   */
  public void bad(
      Rule rule, Entity entity, long at, Severity severity, Evidence evidence, Cause cause) {
    bad(rule, entity, at, at, severity, evidence, cause);
  }

  /**
   * A bad sight of a condition whose beginning is known better than by the first sight of it.
   *
   * @param since when it began, event time in milliseconds
   */
  public void bad(
      Rule rule, Entity entity, long since, long at, Severity severity, Evidence evidence) {
    bad(rule, entity, since, at, severity, evidence, null);
  }

  private void bad(
      Rule rule,
      Entity entity,
      long since,
      long at,
      Severity severity,
      Evidence evidence,
      Cause cause) {
    bad(rule, entity, since, at, severity, evidence, cause, List.of());
  }

  /**
   * A bad sight whose causes have been ranked.
   *
   * @param since when it began, event time in milliseconds
   * @param cause the likeliest, or null when none is worth claiming
   * @param candidates what else was considered, likeliest first
   */
  public void bad(
      Rule rule,
      Entity entity,
      long since,
      long at,
      Severity severity,
      Evidence evidence,
      Cause cause,
      List<Cause> candidates) {
    suspects.add(entity);
    Condition c = table.edit(key(rule, entity));
    if (c.phase == Phase.RESOLVED && at - c.resolvedAt > STORY.toMillis()) {
      c.finding = null;
      c.returns = 0;
    }
    if (c.phase != Phase.OPEN) {
      if (c.phase == Phase.RESOLVED || c.badSights == 0) {
        c.phase = Phase.SUSPECTED;
        c.badSince = Math.min(since, at);
        c.badSights = 0;
      }
      c.badSights++;
    }
    c.seen(at);
    c.healthySince = -1;
    if (c.phase == Phase.SUSPECTED
        && c.badSights >= rule.raiseSights()
        && at - c.badSince >= rule.raiseAfter().toMillis()) {
      open(c, rule, entity, at, severity, evidence, cause, candidates);
    } else if (c.phase == Phase.OPEN) {
      worsen(c, at, severity, evidence, cause);
    }
  }

  /** A healthy sight: fresh data that shows the entity well. The only thing that clears. */
  public void ok(Rule rule, Entity entity, long at) {
    if (!suspects.contains(entity)) {
      return;
    }
    String key = key(rule, entity);
    Condition c = table.get(key);
    if (c == null || c.phase == Phase.RESOLVED) {
      return;
    }
    if (c.phase == Phase.SUSPECTED) {
      table.remove(key);
      return;
    }
    table.edit(key);
    c.seen(at);
    if (c.healthySince < 0) {
      c.healthySince = at;
    }
    long clearAfter = rule.clearAfter().toMillis() << Math.min(c.returns, MOST_DOUBLINGS);
    if (at - c.healthySince >= clearAfter) {
      resolve(c, at, Resolution.cleared);
    }
  }

  /** The new state has become the declared or accepted one: resolved as accepted. */
  public void accept(Rule rule, Entity entity, long at) {
    Condition c = table.get(key(rule, entity));
    if (c != null && c.phase == Phase.OPEN) {
      resolve(table.edit(key(rule, entity)), at, Resolution.accepted);
    }
  }

  /** Resolves as gone all that is open on entities within a scope that left on purpose. */
  public void gone(Entity scope, long at) {
    for (String key : keysWithin(scope)) {
      Condition c = table.edit(key);
      if (c.phase == Phase.OPEN) {
        resolve(c, at, Resolution.gone);
      }
    }
  }

  /** Event time passed: marks as stale what has not been seen for too long, forgets old stories. */
  public void tick(long at) {
    List<String> forget = new ArrayList<>();
    List<String> stale = new ArrayList<>();
    table
        .all()
        .forEach(
            (key, c) -> {
              if (c.phase == Phase.RESOLVED && at - c.resolvedAt > STORY.toMillis()) {
                forget.add(key);
              } else if (c.phase == Phase.OPEN && c.isUnseen(at) && !c.finding.getStale()) {
                stale.add(key);
              }
            });
    forget.forEach(table::remove);
    if (suspects.size() > MOST_INNOCENT + 2 * table.size()) {
      suspect();
    }
    for (String key : stale) {
      Condition c = table.edit(key);
      say(c, next(c, at).setStale(true).build());
    }
  }

  /** True when a condition of the rule is open on the entity. */
  public boolean isOpen(Rule rule, Entity entity) {
    if (!suspects.contains(entity)) {
      return false;
    }
    Condition c = table.get(key(rule, entity));
    return c != null && c.phase == Phase.OPEN;
  }

  /** Last lines of all findings that are open or were so within the last half hour. */
  public List<Finding> recent() {
    List<Finding> recent = new ArrayList<>();
    for (Condition c : table.all().values()) {
      if (c.finding != null) {
        recent.add(c.finding);
      }
    }
    return recent;
  }

  /** Last line about a condition that is open, or null. */
  public Finding open(Rule rule, Entity entity) {
    return isOpen(rule, entity) ? table.get(key(rule, entity)).finding : null;
  }

  /** Last lines of all open findings, in the order of their keys. */
  public List<Finding> open() {
    List<Finding> open = new ArrayList<>();
    for (Condition c : table.all().values()) {
      if (c.phase == Phase.OPEN) {
        open.add(c.finding);
      }
    }
    return open;
  }

  /**
   * Gives an open finding a cause, or another one, or the same with other evidence; says so unless
   * it is what was said before.
   *
   * @param cause null withdraws the one that was claimed
   * @param candidates what else was considered, likeliest first
   */
  public void explain(Finding finding, long at, Cause cause, List<Cause> candidates) {
    for (Map.Entry<String, Condition> entry : table.all().entrySet()) {
      Condition c = entry.getValue();
      if (c.phase == Phase.OPEN && c.finding.getId().equals(finding.getId())) {
        if (!Objects.equals(c.finding.getCause(), cause)) {
          say(
              table.edit(entry.getKey()),
              next(c, at).setCause(cause).setCandidates(candidates).build());
        }
        return;
      }
    }
  }

  private void open(
      Condition c,
      Rule rule,
      Entity entity,
      long at,
      Severity severity,
      Evidence evidence,
      Cause cause,
      List<Cause> candidates) {
    c.phase = Phase.OPEN;
    c.staleAfter = rule.staleAfter().toMillis();
    if (c.finding != null) {
      c.returns++;
      say(
          c,
          next(c, at)
              .setStatus(FindingStatus.open)
              .setResolution(null)
              .setSeverity(severity)
              .setEvidence(evidence)
              .setCause(cause != null ? cause : c.finding.getCause())
              .setCandidates(cause != null ? candidates : c.finding.getCandidates())
              .setStale(false)
              .build());
      return;
    }
    say(
        c,
        Finding.newBuilder()
            .setId(id(rule, entity, c.badSince))
            .setRevision(0)
            .setAt(Instant.ofEpochMilli(at))
            .setSince(Instant.ofEpochMilli(c.badSince))
            .setStatus(FindingStatus.open)
            .setKind(rule.kind())
            .setSeverity(severity)
            .setEntity(entity.parts())
            .setClusterName(clusterName.apply(cluster))
            .setTenant(tenant.apply(entity))
            .setCause(cause)
            .setEvidence(evidence)
            .setCandidates(candidates)
            .build());
  }

  private void worsen(Condition c, long at, Severity severity, Evidence evidence, Cause cause) {
    boolean graver = severity.ordinal() > c.finding.getSeverity().ordinal();
    boolean fresh = c.finding.getStale();
    boolean explained = cause != null && !sameCause(c.finding.getCause(), cause);
    if (graver || fresh || explained) {
      say(
          c,
          next(c, at)
              .setSeverity(graver ? severity : c.finding.getSeverity())
              .setEvidence(evidence)
              .setCause(cause != null ? cause : c.finding.getCause())
              .setStale(false)
              .build());
    }
  }

  private void resolve(Condition c, long at, Resolution resolution) {
    c.phase = Phase.RESOLVED;
    c.resolvedAt = at;
    c.badSights = 0;
    c.healthySince = -1;
    say(
        c,
        next(c, at)
            .setStatus(FindingStatus.resolved)
            .setResolution(resolution)
            .setStale(false)
            .build());
  }

  private static Finding.Builder next(Condition c, long at) {
    return Finding.newBuilder(c.finding)
        .setRevision(c.finding.getRevision() + 1)
        .setAt(Instant.ofEpochMilli(at))
        .setStatus(FindingStatus.update)
        .setResolution(null);
  }

  private void say(Condition c, Finding finding) {
    c.finding = finding;
    out.accept(finding);
  }

  private List<String> keysWithin(Entity scope) {
    List<String> keys = new ArrayList<>();
    table
        .all()
        .forEach(
            (key, c) -> {
              if (c.finding != null && scope.contains(new Entity(c.finding.getEntity()))) {
                keys.add(key);
              }
            });
    return keys;
  }

  private static boolean sameCause(Cause one, Cause other) {
    return one != null
        && other != null
        && one.getKind().equals(other.getKind())
        && Objects.equals(one.getEntity(), other.getEntity());
  }

  private static String key(Rule rule, Entity entity) {
    return rule.kind() + '|' + rule.aspect() + '|' + entity.key();
  }

  private String id(Rule rule, Entity entity, long epoch) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256")
              .digest(
                  (cluster + '|' + key(rule, entity) + '|' + epoch)
                      .getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, 12);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
