package dev.plumbline.streams.inventory;

import dev.plumbline.schemas.event.ClusterIdentity;
import dev.plumbline.schemas.event.Field;
import dev.plumbline.schemas.event.GpuHolder;
import dev.plumbline.schemas.event.GpuSample;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.schemas.event.PodSample;
import dev.plumbline.schemas.event.PolicySnapshot;
import dev.plumbline.schemas.event.ResourceSnapshot;
import dev.plumbline.streams.findings.Entity;
import dev.plumbline.streams.state.Index;
import dev.plumbline.streams.state.Table;
import dev.plumbline.streams.state.Tables;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What one cluster consists of, joined from all its sources: who it is, its nodes, boards and pods,
 * which pod belongs to which workload, model and tenant. Every watcher reads it; only snapshots
 * change it.
 */
public final class Inventory {
  private static final String SELF = "self";

  /** Kept beside a node's labels; no label has such a name. */
  private static final String CORDONED = "spec.unschedulable";

  /** Kept beside a namespace's labels. */
  private static final String PHASE = "status.phase";

  /** When a node was last seen being serviced; kept beside its labels as well. */
  private static final String SERVICED = "serviced.at";

  private final String cluster;
  private final Table<Pod> pods;
  private final Table<Gpu> gpus;
  private final Table<Labels> nodes;
  private final Table<Labels> namespaces;
  private final Table<Labels> identity;
  private final GitOps gitOps;

  private final Index<Pod> byNode = new Index<>();

  /** The pod that was asked for last, and its key: the watchers ask for the same one in turn. */
  private String askedNamespace = "";

  private String askedName = "";
  private String asked = "/";

  /**
   * @param cluster cluster UID
   */
  public Inventory(String cluster, Tables tables) {
    this.cluster = cluster;
    pods = tables.table("inventory.pods", Pod::new);
    gpus = tables.table("inventory.gpus", Gpu::new);
    nodes = tables.table("inventory.nodes", Labels::new);
    namespaces = tables.table("inventory.namespaces", Labels::new);
    identity = tables.table("inventory.identity", Labels::new);
    gitOps = new GitOps(tables);
    pods.all().forEach((key, pod) -> byNode.add(pod.node, key, pod));
  }

  /** Cluster UID. */
  public String cluster() {
    return cluster;
  }

  /** Display name; empty when the cluster has not said it. */
  public String clusterName() {
    return said("name");
  }

  /** Jurisdiction the cluster stands in; empty when unknown. */
  public String jurisdiction() {
    return said("jurisdiction");
  }

  /** A fact of the cluster's identity: name, provider, kind, region, jurisdiction, labels.x. */
  public String said(String fact) {
    Labels self = identity.get(SELF);
    return self == null ? "" : self.get(fact);
  }

  /** All facts of the cluster's identity. */
  public Map<String, String> identity() {
    Labels self = identity.get(SELF);
    return self == null ? Map.of() : self.values;
  }

  /** The pod, or null when no source has named it. */
  public Pod pod(String namespace, String name) {
    return pods.get(key(namespace, name));
  }

  private String key(String namespace, String name) {
    if (!name.equals(askedName) || !namespace.equals(askedNamespace)) {
      askedNamespace = namespace;
      askedName = name;
      asked = namespace + '/' + name;
    }
    return asked;
  }

  /** All pods, by namespace/pod. */
  public Map<String, Pod> pods() {
    return pods.all();
  }

  /** The board, or null. */
  public Gpu gpu(String uuid) {
    return gpus.get(uuid);
  }

  /** All boards, by UUID. */
  public Map<String, Gpu> gpus() {
    return gpus.all();
  }

  /** Labels of all nodes, by node. */
  public Map<String, Labels> nodes() {
    return nodes.all();
  }

  /** Label of a node; empty when unknown. */
  public String nodeLabel(String node, String label) {
    Labels labels = nodes.get(node);
    return labels == null ? "" : labels.get(label);
  }

  /** Label of a namespace; empty when unknown. */
  public String namespaceLabel(String namespace, String label) {
    Labels labels = namespaces.get(namespace);
    return labels == null ? "" : labels.get(label);
  }

  /**
   * True when a node was being serviced at a time or later: cordoned, or its GPU driver changed.
   *
   * @param since event time, milliseconds
   */
  public boolean wasServiced(String node, long since) {
    Labels labels = nodes.get(node);
    if (labels == null) {
      return false;
    }
    String last = labels.get(SERVICED);
    return isServiced(labels) || !last.isEmpty() && Long.parseLong(last) >= since;
  }

  private static boolean isServiced(Labels labels) {
    String upgrade = labels.get("nvidia.com/gpu-driver-upgrade-state");
    return labels.get(CORDONED).equals("true")
        || !upgrade.isEmpty() && !upgrade.equals("upgrade-done");
  }

  /** What GitOps declares for the cluster. */
  public GitOps gitOps() {
    return gitOps;
  }

  /** True when a namespace is known to be there and to stay: neither gone nor on its way out. */
  public boolean isNamespaceKept(String namespace) {
    Labels labels = namespaces.get(namespace);
    return namespaces.size() == 0 || labels != null && !labels.get(PHASE).equals("Terminating");
  }

  /** Labels of all namespaces, by namespace. */
  public Map<String, Labels> namespaces() {
    return namespaces.all();
  }

  /** Pods on a node, in the order of namespace and name. */
  public Collection<Pod> podsOn(String node) {
    return byNode.of(node).values();
  }

  /** The tenant an entity belongs to, by its pod, workload or namespace; empty when unknown. */
  public String tenantOf(Entity entity) {
    String namespace = entity.get("namespace");
    if (namespace == null) {
      return "";
    }
    for (Pod pod : pods.beginningWith(namespace + '/').values()) {
      if (!pod.tenant.isEmpty()) {
        return pod.tenant;
      }
    }
    return "";
  }

  /** Rises whenever the make-up of the cluster may have changed. */
  public long version() {
    return pods.edits() + gpus.edits() + nodes.edits() + namespaces.edits() + identity.edits();
  }

  /** Everything the cluster consists of, as names and values; each has {@code type}. */
  public List<Map<String, String>> entities() {
    List<Map<String, String>> entities = new ArrayList<>();
    entities.add(entity("cluster", "name", clusterName(), "jurisdiction", jurisdiction()));
    nodes.all().keySet().forEach(node -> entities.add(entity("node", "node", node)));
    for (Gpu gpu : gpus.all().values()) {
      entities.add(entity("gpu", "gpu", gpu.uuid, "node", gpu.node, "product", gpu.product));
    }
    for (Pod pod : pods.all().values()) {
      entities.add(
          entity(
              "pod",
              "namespace",
              pod.namespace,
              "pod",
              pod.name,
              "workload",
              pod.workload,
              "node",
              pod.node,
              "model",
              pod.model,
              "tenant",
              pod.tenant));
    }
    return entities;
  }

  private Map<String, String> entity(String type, String... namesAndValues) {
    Map<String, String> parts = new TreeMap<>(Entity.of(namesAndValues).parts());
    parts.put("type", type);
    parts.put("cluster", cluster);
    return parts;
  }

  /** Entity of the cluster itself. */
  public Entity self() {
    return Entity.of("cluster", cluster);
  }

  /** Takes what a resource snapshot says of the cluster's make-up. */
  public void observe(ResourceSnapshot snapshot) {
    if (snapshot.getIdentity() != null) {
      identify(snapshot.getIdentity());
    }
    for (GpuSample sample : snapshot.getGpus()) {
      board(sample, snapshot.getHeader());
    }
    for (PodSample sample : snapshot.getPods()) {
      Pod pod = learn(sample.getNamespace(), sample.getPod());
      if (!sample.getNode().isEmpty()) {
        place(pod, sample.getNode());
      }
      if (!sample.getPhase().isEmpty()) {
        pod.phase = sample.getPhase();
      }
      own(pod, sample.getOwnerKind(), sample.getOwnerName());
    }
    labelled(snapshot.getHeader());
  }

  /** Takes what a latency snapshot's target says of its pod. */
  public void observe(LatencySnapshot snapshot) {
    labelled(snapshot.getHeader());
  }

  /** Takes what a Kubernetes object says of nodes, namespaces and pods. */
  public void observe(PolicySnapshot snapshot) {
    Header header = snapshot.getHeader();
    gitOps.observe(snapshot);
    switch (snapshot.getKind()) {
      case "Node" -> label(nodes, snapshot.getName(), snapshot);
      case "Namespace" -> label(namespaces, snapshot.getName(), snapshot);
      case "Pod" -> {
        if (header.getGone()) {
          forget(snapshot.getNamespace(), snapshot.getName());
          return;
        }
        Pod pod = learn(snapshot.getNamespace(), snapshot.getName());
        int slash = snapshot.getOwner().indexOf('/');
        if (slash > 0) {
          own(
              pod,
              snapshot.getOwner().substring(0, slash),
              snapshot.getOwner().substring(slash + 1));
        }
        for (Field field : snapshot.getDeclared()) {
          if (field.getPath().equals("spec.nodeName")) {
            place(pod, field.getValue());
          }
        }
      }
      default -> {}
    }
  }

  private void identify(ClusterIdentity said) {
    Labels self = identity.edit(SELF);
    self.values.clear();
    self.values.put("name", said.getName());
    self.values.put("provider", said.getProvider());
    self.values.put("kind", said.getKind());
    self.values.put("region", said.getRegion());
    self.values.put("jurisdiction", said.getJurisdiction());
    said.getLabels().forEach((name, value) -> self.values.put("labels." + name, value));
  }

  private void board(GpuSample sample, Header header) {
    Gpu gpu = gpus.get(sample.getUuid());
    boolean instance = sample.getMigInstance() != null;
    if (gpu != null
        && !instance
        && isSame(gpu.holders, sample.getHolders())
        && gpu.driver.equals(sample.getDriverVersion())) {
      return;
    }
    TreeSet<String> holders = new TreeSet<>();
    for (GpuHolder holder : sample.getHolders()) {
      if (!holder.getPod().isEmpty()) {
        holders.add(holder.getNamespace() + '/' + holder.getPod());
      }
    }
    gpu = gpus.edit(sample.getUuid());
    gpu.uuid = sample.getUuid();
    gpu.index = sample.getIndex();
    gpu.node = sample.getNode().isEmpty() ? header.getTarget() : sample.getNode();
    gpu.product = sample.getModel();
    gpu.driver = sample.getDriverVersion();
    if (instance) {
      gpu.mig = true;
      gpu.holders.addAll(holders);
      gpu.holders.removeIf(holder -> pods.get(holder) == null && !holders.contains(holder));
    } else {
      for (String former : gpu.holders) {
        if (!holders.contains(former) && pods.get(former) != null) {
          pods.edit(former).gpus.remove(gpu.uuid);
        }
      }
      gpu.holders = holders;
    }
    for (String holder : holders) {
      int slash = holder.indexOf('/');
      Pod pod = learn(holder.substring(0, slash), holder.substring(slash + 1));
      pod.gpus.add(gpu.uuid);
      if (pod.node.isEmpty()) {
        place(pod, gpu.node);
      }
    }
  }

  /** True when the pods that are named are those of the keys, as they nearly always are. */
  private static boolean isSame(TreeSet<String> keys, List<GpuHolder> named) {
    int found = 0;
    for (String key : keys) {
      for (int i = 0; i < named.size(); i++) {
        if (Pod.isKey(key, named.get(i).getNamespace(), named.get(i).getPod())) {
          found++;
          break;
        }
      }
    }
    for (int i = 0; i < named.size(); i++) {
      GpuHolder holder = named.get(i);
      if (!holder.getPod().isEmpty() && !isAmong(keys, holder)) {
        return false;
      }
    }
    return found == keys.size();
  }

  private static boolean isAmong(TreeSet<String> keys, GpuHolder holder) {
    for (String key : keys) {
      if (Pod.isKey(key, holder.getNamespace(), holder.getPod())) {
        return true;
      }
    }
    return false;
  }

  private void labelled(Header header) {
    Map<String, String> labels = header.getLabels();
    String namespace = labels.get("namespace");
    String name = labels.get("pod");
    if (namespace == null || name == null || header.getGone()) {
      return;
    }
    Pod known = pod(namespace, name);
    if (known != null
        && known.workload.equals(labels.getOrDefault("workload", known.workload))
        && known.node.equals(labels.getOrDefault("node", known.node))
        && known.model.equals(labels.getOrDefault("model", known.model))
        && known.tenant.equals(labels.getOrDefault("tenant", known.tenant))) {
      return;
    }
    Pod pod = learn(namespace, name);
    pod.workload = labels.getOrDefault("workload", pod.workload);
    place(pod, labels.getOrDefault("node", pod.node));
    pod.model = labels.getOrDefault("model", pod.model);
    pod.tenant = labels.getOrDefault("tenant", pod.tenant);
  }

  private void label(Table<Labels> table, String name, PolicySnapshot snapshot) {
    if (snapshot.getHeader().getGone()) {
      table.remove(name);
      return;
    }
    Labels labels = table.edit(name);
    String serviced = labels.get(SERVICED);
    labels.values.clear();
    labels.values.putAll(snapshot.getObjectLabels());
    for (Field field : snapshot.getDeclared()) {
      if (field.getPath().equals(CORDONED)) {
        labels.values.put(CORDONED, field.getValue());
      }
    }
    for (Field field : snapshot.getReported()) {
      if (table == namespaces && field.getPath().equals(PHASE)) {
        labels.values.put(PHASE, field.getValue());
      }
    }
    if (table == nodes && isServiced(labels)) {
      long at = snapshot.getHeader().getObservedAt().toEpochMilli();
      labels.values.put(SERVICED, Long.toString(at));
    } else if (!serviced.isEmpty()) {
      labels.values.put(SERVICED, serviced);
    }
  }

  private Pod learn(String namespace, String name) {
    String key = namespace + '/' + name;
    Pod pod = pods.edit(key);
    if (pod.name.isEmpty()) {
      byNode.add(pod.node, key, pod);
    }
    pod.namespace = namespace;
    pod.name = name;
    return pod;
  }

  private void place(Pod pod, String node) {
    if (!pod.node.equals(node)) {
      byNode.remove(pod.node, pod.namespace + '/' + pod.name);
      pod.node = node;
      byNode.add(node, pod.namespace + '/' + pod.name, pod);
    }
  }

  private void own(Pod pod, String kind, String owner) {
    if (owner.isEmpty() || !pod.workload.isEmpty()) {
      return;
    }
    int dash = owner.lastIndexOf('-');
    boolean replicaSet = kind.equals("ReplicaSet") && dash > 0;
    pod.workload = replicaSet ? owner.substring(0, dash) : owner;
    pod.workloadKind = replicaSet ? "Deployment" : kind;
  }

  private void forget(String namespace, String name) {
    Pod pod = pods.get(namespace + '/' + name);
    if (pod == null) {
      return;
    }
    for (String uuid : pod.gpus) {
      if (gpus.get(uuid) != null) {
        gpus.edit(uuid).holders.remove(namespace + '/' + name);
      }
    }
    byNode.remove(pod.node, namespace + '/' + name);
    pods.remove(namespace + '/' + name);
  }
}
