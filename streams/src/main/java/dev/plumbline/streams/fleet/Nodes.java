package dev.plumbline.streams.fleet;

import dev.plumbline.schemas.event.Fact;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.streams.findings.Conditions;
import dev.plumbline.streams.findings.Entity;
import dev.plumbline.streams.findings.Proof;
import dev.plumbline.streams.state.Codec;
import dev.plumbline.streams.state.State;
import dev.plumbline.streams.state.Table;
import dev.plumbline.streams.state.Tables;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Nodes of all clusters that should be alike: the same GPU product, unless a document says
 * otherwise. A node that leaves what it shared with all others, and that none follows, differs. A
 * site of one node has no neighbours to be compared with; the fleet has.
 */
final class Nodes {
  /** What is compared, and where it stands in the object. */
  private static final Map<String, String> COMPARED =
      new TreeMap<>(
          Map.of(
              "driver",
              "metadata.labels[nvidia.com/cuda.driver-version.full]",
              "runtime",
              "metadata.labels[nvidia.com/cuda.runtime-version.full]",
              "kernel",
              "status.nodeInfo.kernelVersion",
              "kubelet",
              "status.nodeInfo.kubeletVersion",
              "containerRuntime",
              "status.nodeInfo.containerRuntimeVersion",
              "osImage",
              "status.nodeInfo.osImage"));

  /**
   * What a model server depends on. The rest is replaced node by node in the ordinary course of
   * upgrades, over days, and is said as info.
   */
  private static final Set<String> DECISIVE = Set.of("driver", "runtime");

  /** One node as it was told last. */
  private static final class Node implements State {
    String cluster = "";
    String name = "";
    boolean serviced;
    final TreeMap<String, String> facts = new TreeMap<>();

    /** Facts in which it left all others, and when. */
    final TreeMap<String, String> left = new TreeMap<>();

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      Codec.text(out, cluster);
      Codec.text(out, name);
      out.writeBoolean(serviced);
      Codec.map(out, facts);
      Codec.map(out, left);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      cluster = Codec.text(in);
      name = Codec.text(in);
      serviced = in.readBoolean();
      facts.putAll(Codec.map(in));
      left.putAll(Codec.map(in));
    }
  }

  private final Table<Node> nodes;

  /** Nodes that left the others in something and may still be followed. */
  private final Table<Node> leaving;

  private final Members members;
  private final Function<String, Conditions> conditions;

  Nodes(Tables tables, Members members, Function<String, Conditions> conditions) {
    this.members = members;
    this.conditions = conditions;
    nodes = tables.table("fleet.nodes", Node::new);
    leaving = tables.table("fleet.nodes.leaving", Node::new);
  }

  /** Takes what a node is now. */
  void node(Fact fact) {
    String key = fact.getCluster() + '|' + fact.getSubject();
    long at = fact.getAt().toEpochMilli();
    if (fact.getGone()) {
      nodes.remove(key);
      leaving.remove(key);
      // what else is open on the node is for its own cluster to say
      for (String what : COMPARED.keySet()) {
        conditions
            .apply(fact.getCluster())
            .gone(entity(fact.getCluster(), fact.getSubject(), what), at);
      }
      return;
    }
    Node node = nodes.edit(key);
    node.cluster = fact.getCluster();
    node.name = fact.getSubject();
    TreeMap<String, String> before = new TreeMap<>(node.facts);
    node.facts.clear();
    node.facts.putAll(fact.getFields());
    node.serviced = node.facts.remove(Facts.SERVICED) != null;
    for (String what : COMPARED.keySet()) {
      String was = before.get(what);
      String now = node.facts.get(what);
      if (was != null && now != null && !was.equals(now)) {
        changed(node, what, was, now, at);
      }
    }
    if (node.left.isEmpty()) {
      leaving.remove(key);
    } else {
      leaving.edit(key);
    }
  }

  private void changed(Node node, String what, String was, String now, long at) {
    List<Node> others = others(node);
    String common = common(others, what);
    if (now.equals(common)) {
      node.left.remove(what);
      conditions.apply(node.cluster).ok(Cohorts.DIFFERS, entity(node.cluster, node.name, what), at);
    } else if (was.equals(common)) {
      node.left.put(what, Long.toString(at));
    }
    for (Node other : others) {
      if (now.equals(other.facts.get(what))) {
        // two that have it are a rollout
        follow(node, what, at);
        follow(other, what, at);
      }
    }
  }

  private void follow(Node node, String what, long at) {
    Node followed = nodes.edit(node.cluster + '|' + node.name);
    followed.left.remove(what);
    if (followed.left.isEmpty()) {
      leaving.remove(node.cluster + '|' + node.name);
    }
    conditions
        .apply(node.cluster)
        .accept(Cohorts.DIFFERS, entity(node.cluster, node.name, what), at);
  }

  /** Event time passed: whoever left and was not followed differs. */
  void advance(long now) {
    for (String key : List.copyOf(leaving.all().keySet())) {
      Node node = nodes.get(key);
      Members.Cohort cohort = cohort(node);
      for (Map.Entry<String, String> left : new TreeMap<>(node.left).entrySet()) {
        long due = Long.parseLong(left.getValue()) + (cohort == null ? 0 : bakes(cohort));
        if (now < due || node.serviced) {
          continue;
        }
        nodes.edit(key).left.remove(left.getKey());
        if (cohort != null) {
          differs(node, left.getKey(), cohort, due);
        }
      }
      if (node.left.isEmpty()) {
        leaving.remove(key);
      }
    }
  }

  private void differs(Node node, String what, Members.Cohort cohort, long at) {
    List<Node> others = others(node);
    String common = common(others, what);
    String own = node.facts.get(what);
    if (common == null
        || common.equals(own)
        || cohort.spec().ignores(COMPARED.get(what))
        || DECISIVE.contains(what) && isJudgedAtHome(node, others)) {
      return;
    }
    conditions
        .apply(node.cluster)
        .bad(
            Cohorts.DIFFERS,
            entity(node.cluster, node.name, what),
            at,
            DECISIVE.contains(what) ? Severity.warning : Severity.info,
            Proof.of(
                "%s is %s on node %s and %s on all %d others of its cohort (%s, clusters=%d), and"
                        .formatted(
                            what,
                            own,
                            node.name,
                            common,
                            others.size(),
                            alike(node, cohort),
                            Stream.concat(Stream.of(node), others.stream())
                                .map(it -> it.cluster)
                                .distinct()
                                .count())
                    + " none followed within %d minutes".formatted(bakes(cohort) / 60_000),
                "observed",
                own,
                "expected",
                common));
  }

  /** A cluster with enough nodes of the cohort compares their drivers itself, and sooner. */
  private static boolean isJudgedAtHome(Node node, List<Node> others) {
    return others.stream().filter(it -> it.cluster.equals(node.cluster)).count() >= 2;
  }

  /** Cohorts were formed anew: what may differ now, or has no majority against it, is accepted. */
  void reformed(long at) {
    for (Node node : nodes.all().values()) {
      for (String what : COMPARED.keySet()) {
        Entity entity = entity(node.cluster, node.name, what);
        if (!conditions.apply(node.cluster).isOpen(Cohorts.DIFFERS, entity)) {
          continue;
        }
        Members.Cohort cohort = cohort(node);
        String common = cohort == null ? null : common(others(node), what);
        if (common == null
            || common.equals(node.facts.get(what))
            || cohort.spec().ignores(COMPARED.get(what))) {
          conditions.apply(node.cluster).accept(Cohorts.DIFFERS, entity, at);
        }
      }
    }
  }

  /** The other nodes of its cohort, when they are enough to differ from; else none. */
  private List<Node> others(Node node) {
    List<Node> others = new ArrayList<>();
    Members.Cohort cohort = cohort(node);
    if (cohort == null) {
      return others;
    }
    String alike = alike(node, cohort);
    for (Node other : nodes.all().values()) {
      if (other == node) {
        continue;
      }
      Members.Cohort its = cohort(other);
      if (its != null && its.name().equals(cohort.name()) && alike(other, its).equals(alike)) {
        others.add(other);
      }
    }
    return others.size() < cohort.spec().least() ? List.of() : others;
  }

  /** What all others share, or null. */
  private static String common(List<Node> others, String what) {
    String common = null;
    for (Node other : others) {
      String value = other.facts.get(what);
      if (value == null || common != null && !common.equals(value)) {
        return null;
      }
      common = value;
    }
    return common;
  }

  private Members.Cohort cohort(Node node) {
    return members.cohort(CohortSpec.NODES, node.cluster, node.name, node.facts);
  }

  private static String alike(Node node, Members.Cohort cohort) {
    List<String> alike = new ArrayList<>();
    for (String by : cohort.spec().by()) {
      alike.add(by + '=' + node.facts.getOrDefault(by, ""));
    }
    return String.join(", ", alike);
  }

  private static long bakes(Members.Cohort cohort) {
    return cohort.spec().bakes().toMillis();
  }

  private static Entity entity(String cluster, String node, String what) {
    return Entity.of(
        "cluster", cluster, "node", node, "object", "v1/Node/" + node, "field", COMPARED.get(what));
  }
}
