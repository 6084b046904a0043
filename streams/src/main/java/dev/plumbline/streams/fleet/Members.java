package dev.plumbline.streams.fleet;

import dev.plumbline.schemas.event.Fact;
import dev.plumbline.streams.state.Codec;
import dev.plumbline.streams.state.State;
import dev.plumbline.streams.state.Table;
import dev.plumbline.streams.state.Tables;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;

/**
 * The clusters of the fleet and the cohort of each: that of the first {@code Cohort} document, by
 * name, that has the cluster, else its label {@code plumbline.dev/cohort}, else the one cohort of
 * all that have neither.
 */
final class Members {
  /** Prefix of what a fact says of its cluster's identity. */
  static final String IDENTITY = "identity.";

  /** One cluster as the fleet knows it. */
  static final class Member implements State {
    String name = "";

    /** Value of the label {@code plumbline.dev/cohort}. */
    String label = "";

    long heard;
    long interval;
    boolean silent;

    /** When GitOps last moved something in it; below zero when nothing tells. */
    long declaredAt = -1;

    /** Labels, provider, kind, region and jurisdiction. */
    final TreeMap<String, String> identity = new TreeMap<>();

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      Codec.text(out, name);
      Codec.text(out, label);
      out.writeLong(heard);
      out.writeLong(interval);
      out.writeBoolean(silent);
      out.writeLong(declaredAt);
      Codec.map(out, identity);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      name = Codec.text(in);
      label = Codec.text(in);
      heard = in.readLong();
      interval = in.readLong();
      silent = in.readBoolean();
      declaredAt = in.readLong();
      identity.putAll(Codec.map(in));
    }
  }

  /** A Cohort document in force. */
  private static final class Document implements State {
    String json = "{}";
    CohortSpec spec = CohortSpec.DEFAULT;

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      Codec.text(out, json);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      json = Codec.text(in);
      spec = CohortSpec.of(json);
    }
  }

  /**
   * A cohort.
   *
   * @param name of the document or the label's value; documents and labels never share one
   */
  record Cohort(String name, CohortSpec spec) {}

  private final Table<Member> members;
  private final Table<Document> documents;

  Members(Tables tables) {
    members = tables.table("fleet.members", Member::new);
    documents = tables.table("fleet.cohorts", Document::new);
  }

  /** The member a fact is about, to be changed. */
  Member edit(Fact fact) {
    Member member = members.edit(fact.getCluster());
    member.name = fact.getClusterName();
    member.label = fact.getCohort();
    String declared = fact.getFields().get(Facts.DECLARED_AT);
    if (declared != null) {
      member.declaredAt = Long.parseLong(declared);
    }
    boolean identified = false;
    for (Map.Entry<String, String> said : fact.getFields().entrySet()) {
      if (said.getKey().startsWith(IDENTITY)) {
        if (!identified) {
          member.identity.clear();
          identified = true;
        }
        member.identity.put(said.getKey().substring(IDENTITY.length()), said.getValue());
      }
    }
    return member;
  }

  Member edit(String cluster) {
    return members.edit(cluster);
  }

  /** When GitOps last moved something in a cluster; 0 for never, below that when nothing tells. */
  long declaredAt(String cluster) {
    Member member = members.get(cluster);
    return member == null ? -1 : member.declaredAt;
  }

  /** Display name; empty when unknown. */
  String name(String cluster) {
    Member member = members.get(cluster);
    return member == null ? "" : member.name;
  }

  Map<String, Member> all() {
    return members.all();
  }

  /** True when nothing is heard of the cluster. */
  boolean isSilent(String cluster) {
    Member member = members.get(cluster);
    return member == null || member.silent;
  }

  /**
   * The cohort of a node or workload now.
   *
   * @param kind {@link CohortSpec#NODES} or {@link CohortSpec#WORKLOADS}
   * @param member node, or namespace/workload
   * @param facts what is known of it
   * @return null when a document leaves the member out
   */
  Cohort cohort(String kind, String cluster, String member, Map<String, String> facts) {
    for (Map.Entry<String, Document> document : documents.all().entrySet()) {
      CohortSpec spec = document.getValue().spec;
      if (spec.members().equals(kind)
          && spec.has(cluster, name(cluster), identity(cluster))
          && spec.matches(facts)) {
        return spec.excludes(cluster, member) || spec.excludes(name(cluster), member)
            ? null
            : new Cohort("Cohort/" + document.getKey(), spec);
      }
    }
    return new Cohort(cohort(cluster).name(), CohortSpec.usual(kind));
  }

  private Map<String, String> identity(String cluster) {
    Member member = members.get(cluster);
    return member == null ? Map.of() : member.identity;
  }

  /** The cohort of a cluster now. */
  Cohort cohort(String cluster) {
    Member member = members.get(cluster);
    Map<String, String> identity = identity(cluster);
    for (Map.Entry<String, Document> document : documents.all().entrySet()) {
      if (document.getValue().spec.members().equals(CohortSpec.CLUSTERS)
          && document.getValue().spec.has(cluster, name(cluster), identity)) {
        return new Cohort("Cohort/" + document.getKey(), document.getValue().spec);
      }
    }
    return new Cohort(member == null ? "" : member.label, CohortSpec.DEFAULT);
  }

  /**
   * A document was applied or removed.
   *
   * @throws IllegalArgumentException when its spec is none
   */
  void applied(String name, String json) {
    if (json == null) {
      documents.remove(name);
      return;
    }
    CohortSpec spec = CohortSpec.of(json);
    Document document = documents.edit(name);
    document.json = json;
    document.spec = spec;
  }
}
