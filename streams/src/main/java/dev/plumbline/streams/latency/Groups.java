package dev.plumbline.streams.latency;

import dev.plumbline.streams.findings.Entity;
import dev.plumbline.streams.findings.Rule;
import dev.plumbline.streams.inventory.Pod;
import dev.plumbline.streams.judge.Cluster;
import dev.plumbline.streams.state.Index;
import dev.plumbline.streams.state.Table;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Replicas taken together: what each of a workload is too quiet to tell, all of them may. The story
 * is told once. A replica that tells of itself keeps its workload silent; when a workload tells,
 * its replicas don't, and a model tells only when none of its workloads does. Replicas of one node
 * alone are not taken together, because what they share may be the node's fault.
 */
final class Groups {
  /** A replica that was not heard of for so long is no member now. */
  private static final Duration RECENT = Duration.ofMinutes(15);

  private static final int OF_WORKLOAD = 0;
  private static final int OF_MODEL = 1;

  private final Cluster cluster;
  private final Rule swing;
  private final Table<Replica> replicas;
  private final Table<Group> groups;
  private final Index<Replica> byModel = new Index<>();

  Groups(Cluster cluster, Rule swing, Table<Replica> replicas) {
    this.cluster = cluster;
    this.swing = swing;
    this.replicas = replicas;
    groups = cluster.tables().table("latency.groups", Group::new);
    replicas.all().forEach((key, replica) -> byModel.add(replica.model, key, replica));
  }

  /**
   * A new replica: it has a workload once there are two, and a model once two workloads serve it.
   */
  void form(Replica replica, String key) {
    byModel.add(replica.model, key, replica);
    NavigableMap<String, Replica> same = byModel.of(replica.model);
    // those of one workload lie beside each other
    String workload = key(replica, OF_WORKLOAD);
    if (is(same.lowerKey(key), workload) || is(same.higherKey(key), workload)) {
      form(workload, replica.model, replica.namespace, replica.workload);
    }
    if (!is(same.firstKey(), workload) || !is(same.lastKey(), workload)) {
      form(key(replica, OF_MODEL), replica.model, "", "");
    }
  }

  private static boolean is(String key, String workload) {
    return key != null && key.startsWith(workload);
  }

  private void form(String key, String model, String namespace, String workload) {
    if (groups.get(key) == null) {
      Group group = groups.edit(key);
      group.model = model;
      group.namespace = namespace;
      group.workload = workload;
    }
  }

  /** A replica is forgotten. */
  void forget(Replica replica, String key) {
    byModel.remove(replica.model, key);
  }

  /** A replica is heard; rounds that are over are judged. */
  void hear(Replica replica, long at) {
    for (int which = OF_WORKLOAD; which <= OF_MODEL; which++) {
      String key = key(replica, which);
      if (groups.get(key) != null && groups.edit(key).hear(replica, which, at)) {
        tell(groups.get(key), at);
      }
    }
  }

  /** What was seen of a replica counts for its workload and its model. */
  void add(Replica replica, Sight step, Sight first) {
    for (int which = OF_WORKLOAD; which <= OF_MODEL; which++) {
      String key = key(replica, which);
      if (groups.get(key) != null) {
        groups.edit(key).add(replica, step, first);
      }
    }
  }

  /** True when what is seen of a replica is not to be learned as usual: all of them may be slow. */
  boolean hold(Replica replica, Judged judged) {
    for (int which = OF_WORKLOAD; which <= OF_MODEL; which++) {
      Group group = groups.get(key(replica, which));
      if (group != null) {
        Swing one = (judged == Judged.STEP ? group.step : group.first).swing;
        if (one.isOpen() || one.isPending() || one.isTailPending()) {
          return true;
        }
      }
    }
    return false;
  }

  /** True when the workload or the model of a replica tells of all its replicas. */
  boolean tellOf(Replica replica) {
    return isOpen(key(replica, OF_WORKLOAD)) || isOpen(key(replica, OF_MODEL));
  }

  /** Forgets those of which nothing was heard for long. */
  void tick(long before) {
    List<String> old = new ArrayList<>();
    for (Map.Entry<String, Group> entry : groups.all().entrySet()) {
      if (entry.getValue().at < before) {
        old.add(entry.getKey());
      }
    }
    old.forEach(groups::remove);
  }

  private boolean isOpen(String key) {
    Group group = groups.get(key);
    return group != null && group.isOpen();
  }

  private void tell(Group group, long at) {
    boolean before = group.isOpen();
    group.step.swing.settle();
    group.first.swing.settle();
    open(group, group.step.swing, at);
    open(group, group.first.swing, at);
    Swing worst = Swing.worst(group.step.swing, group.first.swing);
    Entity entity = entity(group);
    if (worst != null) {
      cluster
          .conditions()
          .bad(swing, entity, worst.since(), at, worst.severity(), SwingEvidence.of(worst));
      return;
    }
    if (before) {
      // their own sums are of the same story: they begin anew
      for (String member : members(group, at)) {
        replicas.edit(member).step.swing.reset();
        replicas.edit(member).first.swing.reset();
      }
    }
    cluster.conditions().ok(swing, entity, at);
  }

  private void open(Group group, Swing one, long at) {
    boolean level = one.isLevelDue();
    boolean tail = one.isTailDue();
    if ((level || tail) && (group.isOpen() || isShared(group, one.judged, at))) {
      if (level) {
        one.shift.open();
      }
      if (tail) {
        one.tail.open();
      }
    }
  }

  /** None tells by itself, and most agree, on more than one node; of a model, most workloads. */
  private boolean isShared(Group group, Judged judged, long at) {
    Set<String> nodes = new TreeSet<>();
    Map<String, int[]> votes = new TreeMap<>();
    for (String key : members(group, at)) {
      Replica member = replicas.get(key);
      if (tells(member) || tellOf(member)) {
        return false;
      }
      Swing own = (judged == Judged.STEP ? member.step : member.first).swing;
      boolean agrees = own.isHalfAsMuch() || own.tail.isRising();
      String its = group.workload.isEmpty() ? key(member, OF_WORKLOAD) : key;
      votes.computeIfAbsent(its, k -> new int[1])[0] += agrees ? 1 : -1;
      if (agrees) {
        Pod pod = cluster.inventory().pod(member.namespace, member.pod);
        nodes.add(pod == null || pod.node.isEmpty() ? member.pod : pod.node);
      }
    }
    long agreeing = votes.values().stream().filter(it -> it[0] > 0).count();
    return nodes.size() >= 2 && agreeing >= 2 && 2 * agreeing > votes.size();
  }

  private static boolean tells(Replica replica) {
    return replica.step.swing.isOpen() || replica.first.swing.isOpen();
  }

  /** Keys of the replicas that were heard of lately. */
  private List<String> members(Group group, long at) {
    boolean ofModel = group.workload.isEmpty();
    String prefix = workload(group.namespace, group.workload, group.model);
    List<String> members = new ArrayList<>();
    for (Map.Entry<String, Replica> entry :
        (ofModel ? byModel.of(group.model) : replicas.beginningWith(prefix)).entrySet()) {
      Replica replica = entry.getValue();
      if (replica.model.equals(group.model)
          && !replica.gone
          && at - replica.at <= RECENT.toMillis()) {
        members.add(entry.getKey());
      }
    }
    return members;
  }

  /** What the keys of a workload's replicas begin with. */
  static String workload(String namespace, String workload, String model) {
    return namespace + '/' + workload + '/' + model + '|';
  }

  private static String key(Replica replica, int which) {
    if (which == OF_MODEL) {
      return replica.model;
    }
    if (replica.group == null) {
      replica.group = workload(replica.namespace, replica.workload, replica.model);
    }
    return replica.group;
  }

  private Entity entity(Group group) {
    return Entity.of(
        "cluster",
        cluster.uid(),
        "namespace",
        group.namespace,
        "workload",
        group.workload,
        "model",
        group.model);
  }
}
