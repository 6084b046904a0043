package dev.plumbline.streams;

import dev.plumbline.schemas.Samples;
import dev.plumbline.schemas.event.ClusterIdentity;
import dev.plumbline.schemas.event.Field;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.GpuHolder;
import dev.plumbline.schemas.event.GpuSample;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.event.Histogram;
import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.schemas.event.ModelServerSample;
import dev.plumbline.schemas.event.NodeSample;
import dev.plumbline.schemas.event.PolicyResult;
import dev.plumbline.schemas.event.PolicySnapshot;
import dev.plumbline.schemas.event.ResourceSnapshot;
import dev.plumbline.streams.judge.ClusterJudge;
import dev.plumbline.streams.state.Tables;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.avro.specific.SpecificRecord;

/** A cluster in words: what it says, and what is found of it. */
public final class Given {
  public static final String CLUSTER = "c-1";
  public static final long START = Instant.parse("2026-11-02T08:00:00Z").toEpochMilli();

  public final List<Finding> findings = new ArrayList<>();
  private final Map<String, Map<Integer, byte[]>> saved = new TreeMap<>();
  private ClusterJudge judge = new ClusterJudge(CLUSTER, new Tables(), findings::add);
  private long sequence;

  /** Event time, milliseconds. */
  public long now = START;

  /** Time passes. */
  public Given after(long seconds) {
    now += seconds * 1000;
    return this;
  }

  /** Shows a snapshot to the judge. */
  public Given shown(SpecificRecord snapshot) {
    judge.judge(snapshot);
    return this;
  }

  /** Everything goes through bytes, as at a restart. */
  public Given restarted() {
    judge
        .tables()
        .drain(
            (table, page, bytes) ->
                saved.computeIfAbsent(table, k -> new TreeMap<>()).put(page, bytes));
    judge = new ClusterJudge(CLUSTER, new Tables(saved), findings::add);
    return this;
  }

  /** Lines of a kind. */
  public List<Finding> of(String kind) {
    return findings.stream().filter(it -> it.getKind().equals(kind)).toList();
  }

  public Header header(String source, String target, String... labels) {
    Map<String, String> known = new HashMap<>();
    for (int i = 0; i < labels.length; i += 2) {
      known.put(labels[i], labels[i + 1]);
    }
    return Header.newBuilder()
        .setCluster(CLUSTER)
        .setAgent("agent-0")
        .setEpoch(1)
        .setSequence(sequence++)
        .setObservedAt(Instant.ofEpochMilli(now))
        .setSentAt(Instant.ofEpochMilli(now))
        .setSource(source)
        .setTarget(target)
        .setLabels(known)
        .build();
  }

  public ResourceSnapshot resource(Header header) {
    ResourceSnapshot snapshot = Samples.blank(ResourceSnapshot.class);
    snapshot.setHeader(header);
    return snapshot;
  }

  public ResourceSnapshot identity(String jurisdiction) {
    ResourceSnapshot snapshot = resource(header("cluster", CLUSTER));
    snapshot.setIdentity(
        ClusterIdentity.newBuilder().setName("fra-1").setJurisdiction(jurisdiction).build());
    return snapshot;
  }

  /** Boards of a node as its exporter shows them. */
  public ResourceSnapshot boards(String node, GpuSample... gpus) {
    ResourceSnapshot snapshot = resource(header("dcgm", node, "node", node));
    snapshot.setGpus(List.of(gpus));
    return snapshot;
  }

  public static GpuSample gpu(String uuid, String... pods) {
    GpuSample gpu = Samples.blank(GpuSample.class);
    gpu.setUuid(uuid);
    gpu.setXid(0);
    gpu.setClockEventReasons(0);
    gpu.setSmClockMhz(1980);
    gpu.setUncorrectableRemappedRows(0);
    gpu.setRowRemapFailure(0);
    for (String pod : pods) {
      GpuHolder holder = Samples.blank(GpuHolder.class);
      holder.setNamespace(pod.substring(0, pod.indexOf('/')));
      holder.setPod(pod.substring(pod.indexOf('/') + 1));
      gpu.getHolders().add(holder);
    }
    return gpu;
  }

  public ResourceSnapshot node(String node, double offsetSeconds) {
    ResourceSnapshot snapshot = resource(header("node", node, "node", node));
    NodeSample sample = Samples.blank(NodeSample.class);
    sample.setNode(node);
    sample.setTimeSeconds(now / 1000.0 + offsetSeconds);
    snapshot.setNodes(List.of(sample));
    return snapshot;
  }

  /** A model server of namespace/workload-n that has done so many steps in so many seconds. */
  public LatencySnapshot server(
      String namespace, String workload, String pod, double steps, double seconds) {
    LatencySnapshot snapshot = Samples.blank(LatencySnapshot.class);
    snapshot.setHeader(
        header(
            "vllm",
            namespace + "/" + pod,
            "namespace",
            namespace,
            "pod",
            pod,
            "workload",
            workload,
            "model",
            "m",
            "tenant",
            namespace,
            "node",
            "n1"));
    snapshot.setProcessStartSeconds(1_000);
    snapshot.setResidentMemoryBytes(4e9);
    ModelServerSample server = Samples.blank(ModelServerSample.class);
    server.setModel("m");
    server.setEngine("0");
    server.setGenerationTokens(steps);
    server.setPromptTokens(steps);
    server.setRequestsWaitingForCapacity(0);
    server.setKvCacheUsageRatio(0.2);
    server.setPreemptions(0);
    Histogram histogram = new Histogram();
    histogram.setSignal("inter_token");
    histogram.setLabels(Map.of());
    histogram.setBounds(List.of(0.01, 0.1));
    histogram.setCounts(List.of(steps / 2, steps, steps));
    histogram.setSum(seconds);
    server.setHistograms(List.of(histogram));
    snapshot.setServers(List.of(server));
    return snapshot;
  }

  /** An object: declared path and value in turn. */
  public PolicySnapshot object(String target, String manager, String... fields) {
    String[] parts = target.split("/");
    int kind =
        parts[0].contains(".") || parts[0].equals("apps") || parts[0].equals("batch") ? 2 : 1;
    boolean namespaced = parts.length - kind > 2;
    List<Field> declared = new ArrayList<>();
    for (int i = 0; i < fields.length; i += 2) {
      declared.add(new Field(fields[i], fields[i + 1]));
    }
    return PolicySnapshot.newBuilder()
        .setHeader(header("kubernetes", target))
        .setApiVersion(String.join("/", List.of(parts).subList(0, kind)))
        .setKind(parts[kind])
        .setNamespace(namespaced ? parts[kind + 1] : "")
        .setName(parts[parts.length - 1])
        .setManagers(
            manager.isEmpty()
                ? List.of()
                : new ArrayList<>(
                    new java.util.LinkedHashSet<>(List.of("argocd-controller", manager))))
        .setDeclared(declared)
        .setDigest(Integer.toString(declared.hashCode()))
        .build();
  }

  public PolicySnapshot labelled(PolicySnapshot object, String... labels) {
    Map<String, String> map = new TreeMap<>();
    for (int i = 0; i < labels.length; i += 2) {
      map.put(labels[i], labels[i + 1]);
    }
    object.setObjectLabels(map);
    return object;
  }

  public PolicySnapshot gone(String target) {
    PolicySnapshot snapshot = object(target, "");
    snapshot.getHeader().setGone(true);
    return snapshot;
  }

  public PolicySnapshot report(String verdict, String resource) {
    PolicySnapshot snapshot =
        object("wgpolicyk8s.io/v1alpha2/PolicyReport/retail/report-of-chat", "");
    snapshot.setResults(
        List.of(
            PolicyResult.newBuilder()
                .setPolicy("require-limits")
                .setRule("limits")
                .setVerdict(verdict)
                .setResource(resource)
                .build()));
    return snapshot;
  }
}
