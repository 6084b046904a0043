package dev.plumbline.streams.fleet;

import dev.plumbline.schemas.event.Cause;
import dev.plumbline.schemas.event.Contrast;
import dev.plumbline.schemas.event.Fact;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.streams.cause.Candidates;
import dev.plumbline.streams.cause.Contrasts;
import dev.plumbline.streams.findings.Conditions;
import dev.plumbline.streams.findings.Entity;
import dev.plumbline.streams.findings.Kept;
import dev.plumbline.streams.findings.Proof;
import dev.plumbline.streams.findings.Rule;
import dev.plumbline.streams.state.Codec;
import dev.plumbline.streams.state.Moment;
import dev.plumbline.streams.state.State;
import dev.plumbline.streams.state.Table;
import dev.plumbline.streams.state.Tables;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Symptoms of workloads, beside the same and like workloads of other clusters: who runs what is
 * suspected suffers, who runs something else is well. What comes of it is a finding of severity
 * info about the workload as a whole, whose cause is ranked with the whole fleet as a witness.
 */
final class Symptoms {
  /** How often symptoms are compared, event time. */
  private static final long TICK = 60_000;

  /**
   * Siblings that suffer as well are found by then, and a replica that is still among the judged
   * ones was judged after the symptom began: it is forgotten 15 minutes after its last verdict.
   */
  private static final Duration SETTLED = Duration.ofMinutes(20);

  /** Who suffers since another time than this has another story. */
  private static final Duration HORIZON = Duration.ofMinutes(45);

  /** Detail of the evidence by which such a finding is known. */
  static final String COHORT = "cohort";

  /** Replicas of a workload in one cluster that are judged now. */
  private static final class Workload implements State {
    String cluster = "";
    String namespace = "";
    String name = "";
    int judged;
    final TreeMap<String, String> facts = new TreeMap<>();

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      Codec.text(out, cluster);
      Codec.text(out, namespace);
      Codec.text(out, name);
      out.writeInt(judged);
      Codec.map(out, facts);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      cluster = Codec.text(in);
      namespace = Codec.text(in);
      name = Codec.text(in);
      judged = in.readInt();
      facts.putAll(Codec.map(in));
    }
  }

  private final Members members;
  private final Cohorts declared;
  private final Function<String, Conditions> conditions;
  private final Table<Workload> workloads;

  /**
   * Findings that seek their cause, by cluster|kind|namespace/workload|finding; kept for a while
   * when they are over, for they were suffered.
   */
  private final Table<Kept> symptoms;

  /** The last tick at which symptoms were compared. */
  private final Table<Moment> ticked;

  Symptoms(
      Tables tables, Members members, Cohorts declared, Function<String, Conditions> conditions) {
    this.members = members;
    this.declared = declared;
    this.conditions = conditions;
    workloads = tables.table("fleet.workloads", Workload::new);
    symptoms = tables.table("fleet.symptoms", Kept::new);
    ticked = tables.table("fleet.ticked", Moment::new);
  }

  /** Takes how many replicas of a workload are judged now, and what they have in common. */
  void replicas(Fact fact) {
    String key = fact.getCluster() + '|' + fact.getSubject();
    if (fact.getGone()) {
      workloads.remove(key);
      return;
    }
    Workload workload = workloads.edit(key);
    int slash = fact.getSubject().indexOf('/');
    workload.cluster = fact.getCluster();
    workload.namespace = fact.getSubject().substring(0, slash);
    workload.name = fact.getSubject().substring(slash + 1);
    workload.facts.clear();
    workload.facts.putAll(fact.getFields());
    workload.judged = Integer.parseInt(workload.facts.remove(Facts.JUDGED));
  }

  /** Takes a change of state of a finding that seeks its cause. */
  void symptom(Fact fact) {
    Finding finding = fact.getFinding();
    String workload = finding.getEntity().get("workload");
    if (workload == null || finding.getEntity().get("pod") == null) {
      return;
    }
    String group =
        group(fact.getCluster(), finding.getKind(), finding.getEntity().get("namespace"), workload);
    symptoms.edit(group + finding.getId()).finding = finding;
    if (symptoms.beginningWith(group).values().stream().noneMatch(Kept::isOpen)) {
      conditions
          .apply(fact.getCluster())
          .ok(
              rule(finding.getKind()),
              entity(fact.getCluster(), finding.getEntity().get("namespace"), workload),
              fact.getAt().toEpochMilli());
    }
  }

  /** Event time passed. */
  void advance(long now) {
    long tick = Math.floorDiv(now, TICK) * TICK;
    Moment last = ticked.get("");
    if (last != null && tick <= last.at) {
      return;
    }
    if (symptoms.size() > 0 && last != null) {
      for (long at = last.at + TICK; at <= tick; at += TICK) {
        compare(at);
      }
    }
    ticked.edit("").at = tick;
  }

  private void compare(long at) {
    TreeSet<String> groups = new TreeSet<>();
    for (String key : List.copyOf(symptoms.all().keySet())) {
      Kept symptom = symptoms.get(key);
      if (symptom.isOpen()) {
        groups.add(key.substring(0, key.lastIndexOf('|') + 1));
      } else if (at - symptom.finding.getAt().toEpochMilli() > HORIZON.toMillis()) {
        symptoms.remove(key);
      }
    }
    for (String group : groups) {
      List<Finding> findings = new ArrayList<>();
      symptoms.beginningWith(group).values().forEach(it -> findings.add(it.finding));
      compare(findings, at);
    }
  }

  /** Compares the replicas of one workload that suffer with all that are like them elsewhere. */
  private void compare(List<Finding> group, long at) {
    Finding first = group.get(0);
    long since = Long.MAX_VALUE;
    for (Finding finding : group) {
      since = Math.min(since, finding.getSince().toEpochMilli());
    }
    Map<String, String> entity = first.getEntity();
    Workload self =
        workloads.get(
            entity.get("cluster") + '|' + entity.get("namespace") + '/' + entity.get("workload"));
    if (self == null || at - since < SETTLED.toMillis()) {
      return;
    }
    List<Cause> causes = new ArrayList<>();
    Cause compared = null;
    for (Cause candidate : candidates(group)) {
      Cause seen = compared(candidate, self, first.getKind(), group.size(), since);
      if (seen == null) {
        causes.add(candidate);
      } else {
        causes.add(seen);
        compared = compared == null || seen.getScore() > compared.getScore() ? seen : compared;
      }
    }
    if (compared != null) {
      tell(group, new Candidates(causes), compared.getContrast(), since, at);
    }
  }

  private void tell(
      List<Finding> group, Candidates candidates, Contrast contrast, long since, long at) {
    Finding first = group.get(0);
    String cluster = first.getEntity().get("cluster");
    Entity entity =
        entity(cluster, first.getEntity().get("namespace"), first.getEntity().get("workload"));
    Rule rule = rule(first.getKind());
    Finding known = conditions.apply(cluster).open(rule, entity);
    if (known != null) {
      candidates
          .change(known.getCause())
          .ifPresent(it -> conditions.apply(cluster).explain(known, at, it.cause(), it.others()));
      return;
    }
    Candidates.Choice choice = candidates.choice();
    conditions
        .apply(cluster)
        .bad(
            rule,
            entity,
            since,
            at,
            Severity.info,
            Proof.of(
                contrast.getHavingSuffer(),
                contrast.getLackingSuffer(),
                "replicas",
                Contrasts.weight(contrast),
                "beside the replicas of other clusters that are like it (%s): %s"
                    .formatted(contrast.getCohort(), Contrasts.words(contrast)),
                COHORT,
                contrast.getCohort()),
            choice.cause(),
            choice.others());
  }

  /** The causes that were claimed or considered for any of the symptoms; the likeliest of each. */
  private static List<Cause> candidates(List<Finding> group) {
    Map<String, Cause> best = new TreeMap<>();
    for (Finding finding : group) {
      List<Cause> all = new ArrayList<>(finding.getCandidates());
      if (finding.getCause() != null) {
        all.add(finding.getCause());
      }
      for (Cause cause : all) {
        best.merge(
            cause.getKind() + '|' + new Entity(cause.getEntity()).key(),
            cause,
            (one, other) -> one.getScore() >= other.getScore() ? one : other);
      }
    }
    return new ArrayList<>(best.values());
  }

  /** The candidate with what the fleet says of it, or null when it says nothing. */
  private Cause compared(Cause candidate, Workload self, String kind, int suffering, long since) {
    String object = candidate.getEntity().get("object");
    String field = candidate.getEntity().get("field");
    String own =
        object == null || field == null ? null : declared.value(object, field, self.cluster);
    String ending = '/' + self.namespace + '/' + self.name;
    if (own == null || !object.endsWith(ending)) {
      return null;
    }
    String kindOfObject = object.substring(0, object.length() - ending.length());
    Contrast here = candidate.getContrast();
    int judged = Math.max(suffering, self.judged);
    int having = here == null ? judged : here.getHaving();
    int havingSuffer = here == null ? suffering : here.getHavingSuffer();
    int lacking = here == null ? 0 : here.getLacking();
    int lackingSuffer = here == null ? 0 : here.getLackingSuffer();
    String cohort = cohort(self, field);
    TreeSet<String> clusters = new TreeSet<>();
    for (Workload other : workloads.all().values()) {
      if (cohort == null
          || other.cluster.equals(self.cluster)
          || members.isSilent(other.cluster)
          || !cohort.equals(cohort(other, field))) {
        continue;
      }
      String value =
          declared.value(
              kindOfObject + '/' + other.namespace + '/' + other.name, field, other.cluster);
      if (value == null) {
        continue;
      }
      int[] counts = counts(other, kind, since);
      clusters.add(other.cluster);
      if (value.equals(own)) {
        having += counts[0];
        havingSuffer += counts[1];
      } else {
        lacking += counts[0];
        lackingSuffer += counts[1];
      }
    }
    if (clusters.isEmpty()) {
      return null;
    }
    Contrast all =
        Contrasts.of(
            "%s, clusters=%d"
                .formatted(cohort.substring(cohort.indexOf('|') + 1), clusters.size() + 1),
            having,
            havingSuffer,
            lacking,
            lackingSuffer);
    return Contrasts.weighed(Contrasts.plain(candidate), all);
  }

  /** Replicas that witness, and those of them that suffer. */
  private int[] counts(Workload workload, String kind, long since) {
    int suffering = 0;
    int otherwise = 0;
    for (Kept symptom :
        symptoms
            .beginningWith(group(workload.cluster, kind, workload.namespace, workload.name))
            .values()) {
      long began = symptom.finding.getSince().toEpochMilli();
      if (Math.abs(began - since) <= HORIZON.toMillis()) {
        suffering++;
      } else {
        otherwise++;
      }
    }
    return new int[] {Math.max(suffering, workload.judged - otherwise), suffering};
  }

  /**
   * Cohort of a workload, without what the suspected change itself changes; null when a document
   * leaves the workload out.
   */
  private String cohort(Workload workload, String field) {
    TreeMap<String, String> facts = new TreeMap<>(workload.facts);
    facts.put("namespace", workload.namespace);
    facts.put("workload", workload.name);
    String image = declared.image(workload.namespace, workload.name, workload.cluster);
    if (image != null) {
      facts.put("image", image);
    }
    Members.Cohort cohort =
        members.cohort(
            CohortSpec.WORKLOADS,
            workload.cluster,
            workload.namespace + '/' + workload.name,
            facts);
    if (cohort == null) {
      return null;
    }
    StringBuilder alike = new StringBuilder(cohort.name()).append('|');
    String separator = "";
    for (String by : cohort.spec().by()) {
      String value = facts.get(by);
      if (value != null && !value.isEmpty() && !(by.equals("image") && field.endsWith(".image"))) {
        alike.append(separator).append(by).append('=').append(value);
        separator = ", ";
      }
    }
    return alike.toString();
  }

  private static String group(String cluster, String kind, String namespace, String workload) {
    return cluster + '|' + kind + '|' + namespace + '/' + workload + '|';
  }

  private static Rule rule(String kind) {
    return Rule.told(kind).aspect("cohort");
  }

  private static Entity entity(String cluster, String namespace, String workload) {
    return Entity.of("cluster", cluster, "namespace", namespace, "workload", workload);
  }
}
