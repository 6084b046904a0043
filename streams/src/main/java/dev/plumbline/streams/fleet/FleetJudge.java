package dev.plumbline.streams.fleet;

import dev.plumbline.schemas.event.Fact;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.streams.findings.Conditions;
import dev.plumbline.streams.findings.Entity;
import dev.plumbline.streams.findings.Kind;
import dev.plumbline.streams.findings.Proof;
import dev.plumbline.streams.findings.Rule;
import dev.plumbline.streams.state.Tables;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Compares the clusters of a fleet: which one went silent while the others go on, which one
 * declares something else than the others do, and what those that suffer have that others lack.
 * Facts come in the order of event time.
 */
public final class FleetJudge {
  /** The shortest silence worth a finding: several usual scrape intervals of 15 to 60 s. */
  static final Duration LEAST_SILENCE = Duration.ofMinutes(3);

  /** Until its scrape interval is known, a cluster may be silent for so long. */
  static final Duration UNKNOWN_RHYTHM = Duration.ofHours(1);

  /** A cluster is silent when it misses this many rounds of its own scrapes. */
  private static final double ROUNDS = 3;

  static final Rule SILENT = Rule.told(Kind.TELEMETRY_STALE).aspect("agent");

  private final Members members;
  private final Function<String, Tables> tablesOf;
  private final Consumer<Finding> out;
  private final Map<String, Conditions> conditions = new TreeMap<>();
  private final Cohorts cohorts;
  private final Symptoms symptoms;
  private final Nodes nodes;

  /**
   * @param tables of the fleet as a whole
   * @param tablesOf tables for the conditions of one cluster
   * @param out takes each change of a finding's state
   */
  public FleetJudge(Tables tables, Function<String, Tables> tablesOf, Consumer<Finding> out) {
    members = new Members(tables);
    this.tablesOf = tablesOf;
    this.out = out;
    cohorts = new Cohorts(tables, members, this::conditions);
    symptoms = new Symptoms(tables, members, cohorts, this::conditions);
    nodes = new Nodes(tables, members, this::conditions);
    members.all().keySet().forEach(this::conditions);
  }

  /** Last lines of all open findings of clusters that were judged. */
  List<Finding> open() {
    return conditions.values().stream().flatMap(each -> each.open().stream()).toList();
  }

  /** Takes the next fact. */
  public void judge(Fact fact) {
    long at = fact.getAt().toEpochMilli();
    advance(at);
    if (fact.getKind().equals("control")) {
      members.applied(fact.getSubject(), fact.getFields().get("spec"));
      cohorts.reformed(at);
      nodes.reformed(at);
      return;
    }
    Members.Member member = members.edit(fact);
    switch (fact.getKind()) {
      case "object" -> cohorts.declared(fact);
      case "node" -> nodes.node(fact);
      case "replicas" -> symptoms.replicas(fact);
      case "symptom" -> symptoms.symptom(fact);
      default -> member.interval = Long.parseLong(fact.getFields().get("intervalMillis"));
    }
    heard(fact.getCluster(), member, at);
  }

  /** Event time passed with nothing to tell. */
  public void advance(long now) {
    for (Map.Entry<String, Members.Member> entry : members.all().entrySet()) {
      Members.Member member = entry.getValue();
      long due = member.heard + patience(member);
      if (!member.silent && now >= due) {
        members.edit(entry.getKey()).silent = true;
        conditions(entry.getKey())
            .bad(
                SILENT,
                Entity.of("cluster", entry.getKey()),
                due,
                Severity.critical,
                Proof.of(
                    (due - member.heard) / 1000.0,
                    member.interval / 1000.0,
                    "s",
                    (double) (due - member.heard) / Math.max(1, member.interval),
                    "nothing was heard of the whole cluster since "
                        + Instant.ofEpochMilli(member.heard)
                        + " while others go on"));
      }
    }
    cohorts.advance(now);
    symptoms.advance(now);
    nodes.advance(now);
    conditions.values().forEach(each -> each.tick(now));
  }

  private static long patience(Members.Member member) {
    return member.interval == 0
        ? UNKNOWN_RHYTHM.toMillis()
        : Math.max(LEAST_SILENCE.toMillis(), Math.round(ROUNDS * member.interval));
  }

  private void heard(String cluster, Members.Member member, long at) {
    if (member.silent) {
      member.silent = false;
      conditions(cluster).ok(SILENT, Entity.of("cluster", cluster), at);
    }
    member.heard = at;
  }

  private Conditions conditions(String cluster) {
    return conditions.computeIfAbsent(
        cluster,
        uid -> {
          Conditions made = new Conditions(uid, tablesOf.apply(uid), out);
          made.names(ignored -> members.name(uid), entity -> "");
          return made;
        });
  }
}
