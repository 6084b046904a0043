package dev.plumbline.bench.fleet;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The Kubernetes objects of a site, as its API server shows them. */
final class Objects {
  static final String REGISTRY = "registry.fleet.example";
  static final String IMAGE = REGISTRY + "/llm/vllm-openai";
  static final String KYVERNO = "kyverno.io/v1/ClusterPolicy/";
  static final String NETWORK = "networking.k8s.io/v1/NetworkPolicy/";
  static final String GATEKEEPER = "constraints.gatekeeper.sh/v1beta1/";
  static final String GPU_POLICY = "nvidia.com/v1/ClusterPolicy/gpu-cluster-policy";
  static final String POSTGRES = "postgresql.cnpg.io/v1/Cluster/";
  static final String VM = "kubevirt.io/v1/VirtualMachine/vm-workloads/";
  static final String VMI = "kubevirt.io/v1/VirtualMachineInstance/vm-workloads/";
  private static final double LONG_AGO = -90 * 86400.0;

  private Objects() {}

  static Map<String, Object> object(
      Site site, String version, String kind, String namespace, String name, int generation) {
    return object(site, version, kind, namespace, name, generation, LONG_AGO);
  }

  static Map<String, Object> object(
      Site site,
      String version,
      String kind,
      String namespace,
      String name,
      int generation,
      double createdAt) {
    Draw draw =
        new Draw(site.fleet.seed, "uid/" + site.name + "/" + kind + "/" + namespace + "/" + name);
    Map<String, Object> meta =
        Json.of(
            "name",
            name,
            "uid",
            draw.uuid(),
            "resourceVersion",
            "0",
            "generation",
            generation,
            "creationTimestamp",
            site.fleet.moments.kube(createdAt),
            "namespace",
            namespace,
            "labels",
            new LinkedHashMap<String, Object>());
    return Json.of("apiVersion", version, "kind", kind, "metadata", meta);
  }

  private static void managed(Site site, Map<String, Object> object, String manager) {
    Json.map(object, "metadata")
        .put(
            "managedFields",
            Json.list(
                Json.of(
                    "manager",
                    manager,
                    "operation",
                    manager.startsWith("argocd") ? "Apply" : "Update",
                    "time",
                    site.fleet.moments.kube(-4 * 86400.0))));
  }

  /** Managed by GitOps where the site has it, else by a pipeline with Helm. */
  static void owned(Site site, Map<String, Object> object) {
    managed(site, object, site.spec.gitops() ? "argocd-controller" : "helm");
  }

  static Map<String, Object> namespace(Site site, String name, String jurisdictions) {
    Map<String, Object> o = object(site, "v1", "Namespace", null, name, 1);
    Map<String, Object> labels = Json.map(o, "metadata", "labels");
    labels.put("kubernetes.io/metadata.name", name);
    if (jurisdictions != null) {
      labels.put("plumbline.dev/jurisdictions", jurisdictions);
    }
    o.put("status", Json.of("phase", "Active"));
    return o;
  }

  static Map<String, Object> node(Node node) {
    Site site = node.site;
    Product product = node.boards.get(0).product;
    boolean sliced = node.boards.get(0).timeSliced;
    boolean mig = !node.boards.get(0).instances.isEmpty();
    Map<String, Object> o = object(site, "v1", "Node", null, node.name, 1);
    Map<String, Object> labels = Json.map(o, "metadata", "labels");
    labels.put("kubernetes.io/hostname", node.name);
    labels.put("topology.kubernetes.io/region", site.spec.region());
    labels.put("topology.kubernetes.io/zone", site.spec.region() + "a");
    labels.put(
        "node.kubernetes.io/instance-type", product.shortName() + "-" + node.boards.size() + "x");
    labels.put("nvidia.com/gpu.product", product.label() + (sliced ? "-SHARED" : ""));
    labels.put("nvidia.com/gpu.count", Integer.toString(node.boards.size()));
    labels.put("nvidia.com/gpu.memory", Integer.toString(product.memoryMib()));
    labels.put("nvidia.com/gpu.replicas", sliced ? "4" : "1");
    labels.put("nvidia.com/gpu.sharing-strategy", sliced ? "time-slicing" : "none");
    driverLabels(labels, node.driver);
    labels.put("nvidia.com/gpu-driver-upgrade-state", "upgrade-done");
    labels.put(
        "nvidia.com/gfd.timestamp", Long.toString(site.fleet.moments.startEpochSeconds() - 3600));
    if (mig) {
      labels.put("nvidia.com/mig.strategy", "mixed");
      labels.put("nvidia.com/mig.config", "custom-4g-3g");
      labels.put("nvidia.com/mig.config.state", "success");
    }
    managed(site, o, "kubelet");
    o.put(
        "spec",
        Json.of(
            "providerID",
            site.spec.provider() + ":///" + site.spec.region() + "/" + node.name,
            "taints",
            Json.list(
                Json.of("key", "nvidia.com/gpu", "value", "present", "effect", "NoSchedule"))));
    int whole = node.boards.size() - (mig ? 1 : 0);
    String count = Integer.toString(sliced ? 4 * node.boards.size() : whole);
    Map<String, Object> capacity =
        Json.of("cpu", "128", "memory", "1056000000Ki", "nvidia.com/gpu", count, "pods", "250");
    Map<String, Object> allocatable =
        Json.of("cpu", "127", "memory", "1040000000Ki", "nvidia.com/gpu", count, "pods", "250");
    if (mig) {
      for (Board.Instance i : node.boards.get(0).instances) {
        capacity.put("nvidia.com/mig-" + i.profile(), "1");
        allocatable.put("nvidia.com/mig-" + i.profile(), "1");
      }
    }
    o.put(
        "status",
        Json.of(
            "capacity",
            capacity,
            "allocatable",
            allocatable,
            "conditions",
            Json.list(Json.of("type", "Ready", "status", "True", "reason", "KubeletReady")),
            "nodeInfo",
            Json.of(
                "kubeletVersion",
                node.kubelet,
                "kernelVersion",
                node.kernel,
                "osImage",
                "Red Hat Enterprise Linux CoreOS 9.6",
                "containerRuntimeVersion",
                "cri-o://1.34.2",
                "architecture",
                "amd64")));
    return o;
  }

  static void driverLabels(Map<String, Object> labels, String driver) {
    String[] parts = driver.split("\\.");
    labels.put("nvidia.com/cuda.driver-version.full", driver);
    labels.put("nvidia.com/cuda.driver-version.major", parts[0]);
    labels.put("nvidia.com/cuda.driver-version.minor", parts[1]);
    labels.put("nvidia.com/cuda.driver-version.revision", parts[2]);
  }

  static Map<String, Object> deployment(Deployment d) {
    WorkloadSpec w = d.spec;
    Site site = d.site;
    Map<String, Object> o = object(site, "apps/v1", "Deployment", w.namespace(), w.name(), 7);
    Map<String, Object> meta = Json.map(o, "metadata");
    Map<String, Object> labels = Json.map(meta, "labels");
    labels.put("app.kubernetes.io/name", w.name());
    labels.put("fleet.example/business-unit", w.tenant());
    if (site.spec.gitops()) {
      labels.put("app.kubernetes.io/managed-by", "argocd");
      meta.put(
          "annotations",
          Json.of(
              "argocd.argoproj.io/tracking-id",
              site.application() + ":apps/Deployment:" + w.namespace() + "/" + w.name()));
    }
    owned(site, o);
    String gpus = Integer.toString(w.boards());
    String resource =
        w.sharing() == WorkloadSpec.Sharing.MIG ? "nvidia.com/mig-4g.40gb" : "nvidia.com/gpu";
    Map<String, Object> container =
        Json.of(
            "name",
            "vllm",
            "image",
            d.revision.image(),
            "args",
            Json.list(
                "--model",
                w.model().name(),
                "--max-model-len",
                Integer.toString(w.maxModelLength()),
                "--gpu-memory-utilization",
                w.sharing() == WorkloadSpec.Sharing.TIME_SLICED ? "0.45" : "0.90",
                "--max-num-seqs",
                Integer.toString(w.maxSequences()),
                "--tensor-parallel-size",
                gpus),
            "env",
            Json.list(
                Json.of("name", "VLLM_ATTENTION_BACKEND", "value", "FLASH_ATTN"),
                Json.of("name", "OMP_NUM_THREADS", "value", "8")),
            "resources",
            Json.of(
                "limits",
                Json.of("cpu", "16", "memory", "96Gi", resource, gpus),
                "requests",
                Json.of("cpu", "8", "memory", "64Gi", resource, gpus)),
            "ports",
            Json.list(Json.of("containerPort", 8000, "name", "http")));
    o.put(
        "spec",
        Json.of(
            "replicas",
            d.replicas,
            "selector",
            Json.of("matchLabels", Json.of("app", w.name())),
            "strategy",
            Json.of(
                "type",
                "RollingUpdate",
                "rollingUpdate",
                Json.of("maxSurge", 1, "maxUnavailable", 0)),
            "template",
            Json.of(
                "metadata",
                Json.of(
                    "labels", Json.of("app", w.name(), "fleet.example/business-unit", w.tenant())),
                "spec",
                Json.of("containers", Json.list(container)))));
    o.put(
        "status",
        Json.of(
            "observedGeneration",
            7,
            "replicas",
            d.replicas,
            "readyReplicas",
            d.replicas,
            "availableReplicas",
            d.replicas,
            "updatedReplicas",
            d.replicas));
    return o;
  }

  static String podKey(Server server) {
    return "v1/Pod/" + server.spec.namespace() + "/" + server.pod;
  }

  static Map<String, Object> pod(Server s, String phase, boolean ready) {
    Site site = s.node.site;
    Map<String, Object> o =
        object(site, "v1", "Pod", s.spec.namespace(), s.pod, 1, Math.min(s.createdAt, s.startedAt));
    Map<String, Object> meta = Json.map(o, "metadata");
    meta.put("uid", s.podUid);
    Map<String, Object> labels = Json.map(meta, "labels");
    labels.put("app", s.spec.name());
    labels.put("fleet.example/business-unit", s.spec.tenant());
    labels.put("pod-template-hash", s.revision.hash());
    String owner = s.spec.name() + "-" + s.revision.hash();
    meta.put(
        "ownerReferences",
        Json.list(
            Json.of(
                "apiVersion",
                "apps/v1",
                "kind",
                "ReplicaSet",
                "name",
                owner,
                "uid",
                new Draw(site.fleet.seed, site.name + owner).uuid(),
                "controller",
                true)));
    String resource =
        s.spec.sharing() == WorkloadSpec.Sharing.MIG ? "nvidia.com/mig-4g.40gb" : "nvidia.com/gpu";
    o.put(
        "spec",
        Json.of(
            "nodeName",
            s.node.name,
            "containers",
            Json.list(
                Json.of(
                    "name",
                    "vllm",
                    "image",
                    s.revision.image(),
                    "resources",
                    Json.of("limits", Json.of(resource, Integer.toString(s.spec.boards())))))));
    podStatus(o, s, phase, ready);
    return o;
  }

  static void podStatus(Map<String, Object> o, Server s, String phase, boolean ready) {
    Site site = s.node.site;
    Map<String, Object> status = Json.of("phase", phase);
    if (phase.equals("Running")) {
      status.put("startTime", site.fleet.moments.kube(s.startedAt));
      status.put(
          "conditions", Json.list(Json.of("type", "Ready", "status", ready ? "True" : "False")));
      status.put(
          "containerStatuses",
          Json.list(
              Json.of(
                  "name",
                  "vllm",
                  "image",
                  s.revision.image(),
                  "imageID",
                  digest(s.revision.image()),
                  "ready",
                  ready,
                  "restartCount",
                  s.restarts)));
    }
    o.put("status", status);
  }

  static void terminated(Map<String, Object> o, Server s, String reason, String at) {
    Json.map(o, "status", "containerStatuses", 0)
        .put(
            "lastState",
            Json.of(
                "terminated",
                Json.of(
                    "reason",
                    reason,
                    "exitCode",
                    reason.equals("OOMKilled") ? 137 : 1,
                    "finishedAt",
                    at)));
  }

  static String digest(String image) {
    return image.substring(0, image.lastIndexOf(':'))
        + "@sha256:"
        + new Draw(7, "digest/" + image).hex(64);
  }

  static Map<String, Object> policyReport(Deployment d, List<String> failing) {
    Site site = d.site;
    String uid = (String) Json.map(site.api.get(d.key), "metadata").get("uid");
    Map<String, Object> o =
        object(site, "wgpolicyk8s.io/v1alpha2", "PolicyReport", d.namespace(), uid, 1);
    Json.map(o, "metadata", "labels").put("app.kubernetes.io/managed-by", "kyverno");
    o.put(
        "scope",
        Json.of(
            "apiVersion",
            "apps/v1",
            "kind",
            "Deployment",
            "name",
            d.spec.name(),
            "namespace",
            d.namespace(),
            "uid",
            uid));
    results(site, o, failing, -600);
    return o;
  }

  static void results(Site site, Map<String, Object> report, List<String> failing, double at) {
    List<Object> results = new ArrayList<>();
    for (String policy : site.policies()) {
      if (!site.api.has(KYVERNO + policy)) {
        continue;
      }
      String rule = "autogen-" + policy.replaceAll("^(require|disallow)-", "check-");
      boolean fails = failing.contains(policy);
      results.add(
          Json.of(
              "source",
              "kyverno",
              "policy",
              policy,
              "rule",
              rule,
              "result",
              fails ? "fail" : "pass",
              "scored",
              true,
              "severity",
              "medium",
              "message",
              "validation rule '" + rule + "' " + (fails ? "failed." : "passed."),
              "properties",
              Json.of("process", "background scan"),
              "timestamp",
              Json.of("seconds", (long) site.fleet.moments.epoch(at), "nanos", 0)));
    }
    report.put("results", results);
    int fail = 0;
    for (Object r : results) {
      fail += "fail".equals(((Map<?, ?>) r).get("result")) ? 1 : 0;
    }
    report.put(
        "summary",
        Json.of("pass", results.size() - fail, "fail", fail, "warn", 0, "error", 0, "skip", 0));
  }

  static Map<String, Object> application(Site site) {
    Map<String, Object> o =
        object(site, "argoproj.io/v1alpha1", "Application", "argocd", site.application(), 1);
    o.put(
        "spec",
        Json.of(
            "project",
            "ai-platform",
            "source",
            Json.of(
                "repoURL",
                "https://git.fleet.example/platform/fleet.git",
                "path",
                "clusters/" + site.name,
                "targetRevision",
                "main"),
            "destination",
            Json.of("server", "https://kubernetes.default.svc", "namespace", "default"),
            "syncPolicy",
            Json.of("automated", Json.of("prune", false, "selfHeal", false)),
            "ignoreDifferences",
            Json.list(
                Json.of(
                    "group",
                    "apps",
                    "kind",
                    "Deployment",
                    "jsonPointers",
                    Json.list("/spec/replicas")))));
    List<Object> resources = new ArrayList<>();
    for (String key : site.api.keys("")) {
      Map<String, Object> object = site.api.get(key);
      if (!key.startsWith("apps/v1/Deployment/")
          && !key.startsWith(KYVERNO)
          && !key.startsWith(NETWORK)
          && !key.startsWith(POSTGRES)
          && !key.startsWith(VM)) {
        continue;
      }
      String[] group = ((String) object.get("apiVersion")).split("/");
      Map<String, Object> meta = Json.map(object, "metadata");
      resources.add(
          Json.of(
              "group",
              group[0],
              "version",
              group[1],
              "kind",
              object.get("kind"),
              "namespace",
              meta.get("namespace"),
              "name",
              meta.get("name"),
              "status",
              "Synced"));
    }
    o.put(
        "status",
        Json.of(
            "sync",
            Json.of("status", "Synced", "revision", new Draw(site.fleet.seed, "git").hex(8)),
            "health",
            Json.of("status", "Healthy"),
            "reconciledAt",
            site.fleet.moments.kube(0),
            "resources",
            resources));
    return o;
  }

  static Map<String, Object> postgres(Site site, String namespace, String name, int instances) {
    Map<String, Object> o = object(site, "postgresql.cnpg.io/v1", "Cluster", namespace, name, 4);
    Json.map(o, "metadata", "labels").put("fleet.example/cohort", name);
    owned(site, o);
    o.put(
        "spec",
        Json.of(
            "instances",
            instances,
            "imageName",
            REGISTRY + "/postgresql:17.6",
            "postgresql",
            Json.of(
                "parameters",
                Json.of(
                    "max_connections",
                    "300",
                    "shared_buffers",
                    "8GB",
                    "work_mem",
                    "32MB",
                    "max_wal_size",
                    "16GB",
                    "wal_level",
                    "logical",
                    "random_page_cost",
                    "1.1"),
                "shared_preload_libraries",
                Json.list("pg_stat_statements"),
                "extensions",
                Json.list(
                    Json.of(
                        "name",
                        "pgvector",
                        "image",
                        Json.of("reference", REGISTRY + "/pgvector:0.8.1")))),
            "storage",
            Json.of("size", "1Ti", "storageClass", "nvme"),
            "bootstrap",
            Json.of(
                "initdb",
                Json.of(
                    "database",
                    "app",
                    "owner",
                    "app",
                    "encoding",
                    "UTF8",
                    "localeProvider",
                    "icu",
                    "icuLocale",
                    "en-US",
                    "dataChecksums",
                    true))));
    o.put(
        "status",
        Json.of(
            "phase",
            "Cluster in healthy state",
            "instances",
            instances,
            "readyInstances",
            instances,
            "currentPrimary",
            name + "-1",
            "topology",
            Json.of("nodesUsed", instances),
            "conditions",
            Json.list(
                Json.of("type", "Ready", "status", "True"),
                Json.of("type", "ContinuousArchiving", "status", "True"))));
    return o;
  }

  static Map<String, Object> plainPod(
      Site site,
      String namespace,
      String name,
      String node,
      String image,
      String ownerKind,
      String owner,
      Map<String, Object> labels,
      Map<String, Object> limits,
      double at) {
    Map<String, Object> o = object(site, "v1", "Pod", namespace, name, 1, at);
    Map<String, Object> meta = Json.map(o, "metadata");
    meta.put("labels", labels);
    meta.put(
        "ownerReferences",
        Json.list(
            Json.of(
                "apiVersion",
                ownerKind.equals("Job")
                    ? "batch/v1"
                    : ownerKind.equals("Cluster") ? "postgresql.cnpg.io/v1" : "apps/v1",
                "kind",
                ownerKind,
                "name",
                owner,
                "uid",
                new Draw(site.fleet.seed, site.name + ownerKind + owner).uuid(),
                "controller",
                true)));
    o.put(
        "spec",
        Json.of(
            "nodeName",
            node,
            "containers",
            Json.list(
                Json.of("name", "main", "image", image, "resources", Json.of("limits", limits)))));
    o.put(
        "status",
        Json.of(
            "phase",
            "Running",
            "startTime",
            site.fleet.moments.kube(at),
            "containerStatuses",
            Json.list(
                Json.of(
                    "name",
                    "main",
                    "image",
                    image,
                    "imageID",
                    digest(image),
                    "ready",
                    true,
                    "restartCount",
                    0))));
    return o;
  }

  static Map<String, Object> job(Site site, Job job, String image, double at) {
    Map<String, Object> o = object(site, "batch/v1", "Job", job.namespace, job.name, 1, at);
    Json.map(o, "metadata", "labels").put("fleet.example/business-unit", job.namespace);
    managed(site, o, "kube-controller-manager");
    o.put(
        "spec",
        Json.of(
            "parallelism",
            1,
            "completions",
            1,
            "template",
            Json.of(
                "spec",
                Json.of(
                    "containers",
                    Json.list(
                        Json.of(
                            "name",
                            "main",
                            "image",
                            image,
                            "resources",
                            Json.of("limits", Json.of("cpu", "48"))))))));
    o.put("status", Json.of("active", 1, "startTime", site.fleet.moments.kube(at)));
    return o;
  }

  static Map<String, Object> kyverno(
      Site site, String name, String kind, Map<String, Object> pattern) {
    Map<String, Object> o = object(site, "kyverno.io/v1", "ClusterPolicy", null, name, 1);
    owned(site, o);
    o.put(
        "spec",
        Json.of(
            "validationFailureAction",
            "Enforce",
            "background",
            true,
            "rules",
            Json.list(
                Json.of(
                    "name",
                    name.replaceAll("^(require|disallow)-", "check-"),
                    "match",
                    Json.of(
                        "any", Json.list(Json.of("resources", Json.of("kinds", Json.list(kind))))),
                    "validate",
                    Json.of("message", name, "pattern", pattern)))));
    o.put("status", Json.of("ready", true));
    return o;
  }

  static Map<String, Object> constraint(
      Site site, String kind, String name, Map<String, Object> parameters) {
    Map<String, Object> o = object(site, "constraints.gatekeeper.sh/v1beta1", kind, null, name, 1);
    owned(site, o);
    o.put(
        "spec",
        Json.of(
            "enforcementAction",
            "deny",
            "match",
            Json.of(
                "kinds", Json.list(Json.of("apiGroups", Json.list(""), "kinds", Json.list("Pod")))),
            "parameters",
            parameters));
    o.put("status", Json.of("auditTimestamp", site.fleet.moments.kube(-40), "totalViolations", 0));
    return o;
  }

  static Map<String, Object> quota(Site site, String namespace) {
    Map<String, Object> o = object(site, "v1", "ResourceQuota", namespace, "gpu-quota", 1);
    owned(site, o);
    Map<String, Object> hard = Json.of("requests.nvidia.com/gpu", "8", "pods", "60");
    o.put("spec", Json.of("hard", hard));
    o.put(
        "status",
        Json.of(
            "hard",
            new LinkedHashMap<>(hard),
            "used",
            Json.of("requests.nvidia.com/gpu", "2", "pods", "9")));
    return o;
  }

  static Map<String, Object> networkPolicy(Site site, String namespace, String name) {
    Map<String, Object> o =
        object(site, "networking.k8s.io/v1", "NetworkPolicy", namespace, name, 1);
    owned(site, o);
    o.put(
        "spec",
        Json.of(
            "podSelector",
            Json.of(),
            "policyTypes",
            Json.list("Ingress"),
            "ingress",
            Json.list(
                Json.of(
                    "from",
                    Json.list(
                        Json.of(
                            "namespaceSelector",
                            Json.of(
                                "matchLabels", Json.of("kubernetes.io/metadata.name", "gateway")))),
                    "ports",
                    Json.list(Json.of("port", 8000, "protocol", "TCP"))))));
    return o;
  }

  static Map<String, Object> gpuPolicy(Site site, String driver) {
    Map<String, Object> o =
        object(site, "nvidia.com/v1", "ClusterPolicy", null, "gpu-cluster-policy", 1);
    owned(site, o);
    o.put(
        "spec",
        Json.of(
            "driver",
            Json.of(
                "enabled",
                true,
                "version",
                driver,
                "upgradePolicy",
                Json.of("autoUpgrade", true, "maxParallelUpgrades", 1)),
            "dcgmExporter",
            Json.of("enabled", true, "version", "4.6.0-4.8.3"),
            "devicePlugin",
            Json.of("enabled", true, "version", "v0.20.0"),
            "mig",
            Json.of("strategy", "mixed")));
    o.put(
        "status",
        Json.of(
            "state", "ready", "conditions", Json.list(Json.of("type", "Ready", "status", "True"))));
    return o;
  }

  static Map<String, Object> autoscaler(Deployment d, int most, int target) {
    Map<String, Object> o =
        object(
            d.site, "autoscaling/v2", "HorizontalPodAutoscaler", d.namespace(), d.spec.name(), 1);
    owned(d.site, o);
    o.put(
        "spec",
        Json.of(
            "scaleTargetRef",
            Json.of("apiVersion", "apps/v1", "kind", "Deployment", "name", d.spec.name()),
            "minReplicas",
            d.spec.replicas(),
            "maxReplicas",
            most,
            "metrics",
            Json.list(
                Json.of(
                    "type",
                    "Pods",
                    "pods",
                    Json.of(
                        "metric",
                        Json.of("name", "vllm_num_requests_running"),
                        "target",
                        Json.of(
                            "type", "AverageValue", "averageValue", Integer.toString(target)))))));
    o.put("status", Json.of("currentReplicas", d.replicas, "desiredReplicas", d.replicas));
    return o;
  }

  static Map<String, Object> machine(Site site, String name) {
    Map<String, Object> o =
        object(site, "kubevirt.io/v1", "VirtualMachine", "vm-workloads", name, 3);
    Json.map(o, "metadata", "labels").put("app", name);
    owned(site, o);
    o.put(
        "spec",
        Json.of(
            "runStrategy",
            "Always",
            "template",
            Json.of(
                "metadata",
                Json.of("labels", Json.of("app", name)),
                "spec",
                Json.of("evictionStrategy", "LiveMigrate", "domain", domain()))));
    o.put(
        "status",
        Json.of(
            "created",
            true,
            "ready",
            true,
            "printableStatus",
            "Running",
            "desiredGeneration",
            3,
            "observedGeneration",
            3,
            "conditions",
            Json.list(
                Json.of("type", "Ready", "status", "True"),
                Json.of("type", "LiveMigratable", "status", "True"))));
    return o;
  }

  private static Map<String, Object> domain() {
    return Json.of(
        "cpu",
        Json.of("cores", 1, "sockets", 8, "threads", 1),
        "memory",
        Json.of("guest", "32Gi"),
        "machine",
        Json.of("type", "pc-q35-rhel9.6.0"));
  }

  static Map<String, Object> machineInstance(Site site, String name, String node) {
    Map<String, Object> o =
        object(site, "kubevirt.io/v1", "VirtualMachineInstance", "vm-workloads", name, 1);
    Map<String, Object> labels = Json.map(o, "metadata", "labels");
    labels.put("app", name);
    labels.put("kubevirt.io/nodeName", node);
    o.put("spec", Json.of("domain", domain(), "evictionStrategy", "LiveMigrate"));
    o.put(
        "status",
        Json.of(
            "phase",
            "Running",
            "nodeName",
            node,
            "launcherContainerImageVersion",
            launcher("v1.8.2"),
            "memory",
            Json.of("guestAtBoot", "32Gi", "guestCurrent", "32Gi"),
            "conditions",
            Json.list(
                Json.of("type", "Ready", "status", "True"),
                Json.of("type", "LiveMigratable", "status", "True"))));
    return o;
  }

  /** The first container of a Deployment's pods. */
  static Map<String, Object> container(Map<String, Object> deployment) {
    return Json.map(deployment, "spec", "template", "spec", "containers", 0);
  }

  static String launcher(String version) {
    return digest(REGISTRY + "/kubevirt/virt-launcher:" + version);
  }
}
