package dev.plumbline.bench.fleet;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** One cluster: machines, workloads, objects, and the agent that tells of them. */
final class Site {
  /** Boards, or an instance of one, that a pod may have. */
  record Slot(List<Board> boards, Board.Instance instance) {}

  static final String KERNEL = "5.14.0-570.58.1.el9_6.x86_64";
  static final String DRIVER = "580.95.05";

  final Fleet fleet;
  final Shape.SiteSpec spec;
  final String name;
  final String uid;
  final Api api;
  final List<Node> nodes = new ArrayList<>();
  final List<Deployment> deployments = new ArrayList<>();
  final List<Target> targets = new ArrayList<>();
  final Database database;
  final String machine = "erp";
  String launcherOutdated = "false";
  boolean listed;
  boolean agentSilent;

  /** Seconds by which the agent's clock runs ahead, and what it gains each second. */
  double agentAhead;

  double agentDrift;
  double agentDriftFrom = Double.POSITIVE_INFINITY;
  final List<Job> jobs = new ArrayList<>();

  Site(Fleet fleet, Shape.SiteSpec spec) {
    this.fleet = fleet;
    this.spec = spec;
    name = spec.name();
    Draw draw = new Draw(fleet.seed, "site/" + name);
    uid = draw.uuid();
    api = new Api(this, fleet.seed);
    for (int i = 1; i <= spec.nodes(); i++) {
      addNode(i);
    }
    database = new Database(this, "pg-ledger", draw);
  }

  Node addNode(int number) {
    String host = String.format("%s-%02d", spec.prefix(), number);
    Draw draw = new Draw(fleet.seed, "node/" + name + "/" + host);
    Node node = new Node(this, host, draw.uniform(22, 29));
    node.driver = DRIVER;
    node.kernel = KERNEL;
    node.kubelet = "v1.34.3";
    node.bootedAt = -86400 * draw.uniform(5, 60);
    node.idleSeconds = -node.bootedAt * .9;
    node.userSeconds = -node.bootedAt * .08;
    node.systemSeconds = -node.bootedAt * .02;
    node.waitSeconds = -node.bootedAt * .004;
    node.ioSeconds = -node.bootedAt * .001;
    for (int b = 0; b < spec.boards(); b++) {
      Board board =
          new Board(node, b, spec.product(), new Draw(fleet.seed, "board/" + name + host + b));
      // an error of long ago stays in the gauge
      if (draw.chance(.06)) {
        board.xid = draw.pick(List.of(31, 43, 13));
      }
      if (draw.chance(.05)) {
        board.correctableRows = draw.between(1, 4);
      }
      node.boards.add(board);
    }
    if (number == spec.sharedNode()) {
      node.boards.get(0).timeSliced = true;
    }
    if (number == spec.migNode()) {
      node.boards.get(0).split(Board.Instance.LARGE);
      node.boards.get(0).split(Board.Instance.SMALL);
    }
    nodes.add(node);
    return node;
  }

  String application() {
    return "llm-" + name;
  }

  List<String> policies() {
    return List.of(
        "require-gpu-limits", "disallow-latest-tag", "require-probes", "disallow-host-path");
  }

  Slot slotFor(WorkloadSpec w) {
    if (w.sharing() == WorkloadSpec.Sharing.WHOLE) {
      Slot best = null;
      int least = Integer.MAX_VALUE;
      for (Node node : nodes) {
        if (!node.schedulable || !node.up) {
          continue;
        }
        List<Board> free = new ArrayList<>();
        int busy = 0;
        for (Board board : node.boards) {
          boolean whole = !board.timeSliced && board.instances.isEmpty();
          if (whole && !board.lost && board.servers.isEmpty() && board.jobs.isEmpty()) {
            free.add(board);
          } else {
            busy++;
          }
        }
        // spread: the node with the fewest taken boards first
        if (free.size() >= w.boards() && busy < least) {
          least = busy;
          best = new Slot(free.subList(0, w.boards()), null);
        }
      }
      return best;
    }
    for (Node node : nodes) {
      if (!node.schedulable || !node.up) {
        continue;
      }
      for (Board board : node.boards) {
        if (board.lost) {
          continue;
        }
        if (w.sharing() == WorkloadSpec.Sharing.TIME_SLICED) {
          if (board.timeSliced && board.servers.size() < 4) {
            return new Slot(List.of(board), null);
          }
        } else {
          // the pod asks for the large instance by name
          boolean taken = board.servers.stream().anyMatch(x -> x.instance == Board.Instance.LARGE);
          if (board.instances.contains(Board.Instance.LARGE) && !taken) {
            return new Slot(List.of(board), Board.Instance.LARGE);
          }
        }
      }
    }
    return null;
  }

  /** Everything in place before the tape begins. */
  void build(double warmUp) {
    for (WorkloadSpec w : fleet.shape.workloads()) {
      if (w.sharing() == WorkloadSpec.Sharing.TIME_SLICED && spec.sharedNode() == 0
          || w.sharing() == WorkloadSpec.Sharing.MIG && spec.migNode() == 0
          || Server.kvCapacity(w, spec.product()) < 12 * (w.meanPrompt() + w.meanOutput())) {
        continue;
      }
      Deployment d = new Deployment(this, w);
      Draw age = new Draw(fleet.seed, "age/" + name + w.name());
      d.settle(3600 * age.uniform(2, 200));
      if (!d.placed()) {
        continue;
      }
      deployments.add(d);
      d.start(-warmUp, fleet.end);
    }
    Set<String> namespaces =
        new LinkedHashSet<>(List.of("argocd", "databases", "kube-system", "vm-workloads"));
    for (Deployment d : deployments) {
      namespaces.add(d.namespace());
    }
    for (String ns : namespaces) {
      boolean strict = ns.equals("team-risk") && spec.jurisdiction().equals("eu");
      api.create(Objects.namespace(this, ns, strict ? "eu" : null));
    }
    for (Node node : nodes) {
      api.create(Objects.node(node));
    }
    for (String policy : policies()) {
      api.create(
          Objects.kyverno(
              this,
              policy,
              "Pod",
              Json.of("spec", Json.of("containers", Json.list(Json.of("name", "?*"))))));
    }
    for (Deployment d : deployments) {
      api.create(Objects.deployment(d));
      Draw old = new Draw(fleet.seed, "old-violation/" + name + d.spec.name());
      api.create(Objects.policyReport(d, old.chance(.2) ? List.of("require-probes") : List.of()));
      for (Server s : d.servers) {
        api.create(Objects.pod(s, "Running", true));
      }
      if (d.spec.autoscaled()) {
        api.create(Objects.autoscaler(d, d.spec.replicas() + 4, (int) hpaTarget(d)));
      }
    }
    for (String ns : namespaces) {
      if (ns.startsWith("team-")) {
        api.create(Objects.networkPolicy(this, ns, "only-from-gateway"));
      }
    }
    api.create(Objects.quota(this, "team-lab"));
    api.create(
        Objects.constraint(
            this,
            "K8sRequiredLabels",
            "gpu-pods-need-owner",
            Json.of("labels", Json.list(Json.of("key", "fleet.example/business-unit")))));
    api.create(
        Objects.constraint(
            this,
            "K8sAllowedRepos",
            "only-our-registry",
            Json.of("repos", Json.list(Objects.REGISTRY + "/"))));
    api.create(Objects.gpuPolicy(this, DRIVER));
    api.create(Objects.machine(this, machine));
    api.create(Objects.machineInstance(this, machine, nodes.get(0).name));
    database.create();
    if (spec.gitops()) {
      api.create(Objects.application(this));
    }
    for (Node node : nodes) {
      watchNode(node);
    }
    double slow = fleet.shape.interval() * 2;
    targets.add(
        new Target(
            this,
            "ksm",
            "kube-system/kube-state-metrics",
            Map.of("namespace", "kube-system"),
            slow,
            () -> Texts.ksm(this),
            () -> null));
    targets.add(
        new Target(
            this,
            "kubevirt",
            "kubevirt/virt-handler-0",
            Json0.labels("node", nodes.get(0).name, "namespace", "kubevirt"),
            slow,
            () -> Texts.kubevirt(this),
            () -> nodes.get(0).up ? null : "dial tcp: i/o timeout"));
  }

  static double hpaTarget(Deployment d) {
    return Math.max(3, Math.ceil(d.spec.concurrency() * 1.8));
  }

  /** Labels in their order. */
  static final class Json0 {
    private Json0() {}

    static Map<String, String> labels(String... keysAndValues) {
      Map<String, String> out = new LinkedHashMap<>();
      for (int i = 0; i < keysAndValues.length; i += 2) {
        out.put(keysAndValues[i], keysAndValues[i + 1]);
      }
      return out;
    }
  }

  void watchNode(Node node) {
    double fast = fleet.shape.interval();
    double slow = fast * 2;
    Map<String, String> labels = Map.of("node", node.name);
    java.util.function.Supplier<String> failure =
        () ->
            node.up
                ? null
                : "Get \"http://" + node.name + "\": dial tcp: connect: no route to host";
    Target[] dcgm = new Target[1];
    dcgm[0] =
        new Target(this, "dcgm", node.name, labels, fast, () -> Texts.dcgm(node, dcgm[0]), failure);
    targets.add(dcgm[0]);
    targets.add(new Target(this, "node", node.name, labels, slow, () -> Texts.node(node), failure));
    targets.add(
        new Target(this, "kubelet", node.name, labels, slow, () -> Texts.kubelet(node), failure));
    // the exporter reads the boards every 30 s whoever asks
    long key = Draw.hash(fleet.seed, "collect/" + name + node.name);
    fleet.loop.every(
        fleet.loop.now() + 30 * Draw.at(key, 0),
        Math.min(30, fast),
        () -> node.boards.forEach(Board::collect));
  }

  List<Target> targetsOf(Node node) {
    List<Target> out = new ArrayList<>();
    for (Target t : targets) {
      if (t.name.equals(node.name)) {
        out.add(t);
      }
    }
    return out;
  }

  Deployment deployment(String workload) {
    for (Deployment d : deployments) {
      if (d.spec.name().equals(workload)) {
        return d;
      }
    }
    return null;
  }

  boolean agentHears() {
    return listed && !agentSilent;
  }

  /** What the agent's clock says. */
  double agentTime() {
    double now = fleet.loop.now();
    return now + agentAhead + Math.max(0, now - agentDriftFrom) * agentDrift;
  }

  void say(String format, String source, String target, Map<String, String> labels, Object body) {
    if (fleet.tape != null && agentHears()) {
      fleet.tape.line(
          agentTime(), 0, fleet.loop.now(), uid, format, source, target, labels, body, null);
    }
  }

  void sayObject(String key, String text) {
    if (fleet.tape == null) {
      return;
    }
    String[] parts = key.split("/");
    boolean core = parts[0].equals("v1");
    int rest = parts.length - (core ? 2 : 3);
    Map<String, String> labels = rest > 1 ? Map.of("namespace", parts[core ? 2 : 3]) : null;
    fleet.tape.line(
        agentTime(),
        0,
        fleet.loop.now(),
        uid,
        "object",
        "kubernetes",
        key,
        labels,
        Json.raw(text),
        null);
  }

  void introduce() {
    say(
        "identity",
        "cluster",
        uid,
        null,
        Json.of(
            "name",
            name,
            "provider",
            spec.provider(),
            "kind",
            spec.kind(),
            "region",
            spec.region(),
            "jurisdiction",
            spec.jurisdiction(),
            "labels",
            Json.of("fleet.example/tier", "prod", "plumbline.dev/cohort", "llm-serving")));
  }

  /** A batch pod comes to a node, with its Job. */
  void launch(Job job, Node node, Board board, String image) {
    double now = fleet.loop.now();
    job.from = now + 8;
    node.jobs.add(job);
    jobs.add(job);
    if (board != null) {
      board.jobs.add(job);
    }
    api.create(Objects.job(this, job, image, now));
    fleet.loop.in(
        1,
        () ->
            api.create(
                Objects.plainPod(
                    this,
                    job.namespace,
                    job.pod,
                    node.name,
                    image,
                    "Job",
                    job.name,
                    Json.of("app", job.name),
                    board == null ? Json.of("cpu", "48") : Json.of("nvidia.com/gpu", "1"),
                    now)));
    fleet.loop.at(
        job.to,
        () -> {
          job.to = fleet.loop.now();
          node.jobs.remove(job);
          if (board != null) {
            board.jobs.remove(job);
          }
          jobs.remove(job);
          api.delete("v1/Pod/" + job.namespace + "/" + job.pod);
          fleet.loop.in(3, () -> api.delete("batch/v1/Job/" + job.namespace + "/" + job.name));
        });
  }

  /** GitOps notices that what is live is not what Git says. */
  void outOfSync(String kind, String resource, double delay) {
    if (!spec.gitops()) {
      return;
    }
    fleet.loop.in(
        delay,
        () ->
            application(
                o -> {
                  Json.map(o, "status", "sync").put("status", "OutOfSync");
                  mark(o, kind, resource, "OutOfSync");
                }));
  }

  static void mark(Map<String, Object> application, String kind, String resource, String status) {
    for (Object r : Json.array(application, "status", "resources")) {
      @SuppressWarnings("unchecked")
      Map<String, Object> row = (Map<String, Object>) r;
      if (kind.equals(row.get("kind")) && resource.equals(row.get("name"))) {
        row.put("status", status);
      }
    }
  }

  void application(java.util.function.Consumer<Map<String, Object>> change) {
    api.touch(
        "argoproj.io/v1alpha1/Application/argocd/" + application(),
        o -> {
          change.accept(o);
          Json.map(o, "status").put("reconciledAt", fleet.moments.kube(fleet.loop.now()));
        });
  }

  /** A change that comes through Git: a new revision, the edit, in sync again. */
  void throughGit(String revision, String kind, String resource, Runnable edit) {
    if (!spec.gitops()) {
      edit.run();
      return;
    }
    application(
        o -> {
          Json.map(o, "status", "sync").put("revision", revision);
          Json.map(o, "status", "sync").put("status", "OutOfSync");
          mark(o, kind, resource, "OutOfSync");
        });
    fleet.loop.in(
        6,
        () -> {
          edit.run();
          fleet.loop.in(
              2,
              () ->
                  application(
                      o -> {
                        Json.map(o, "status", "sync").put("status", "Synced");
                        mark(o, kind, resource, "Synced");
                        Json.map(o, "status", "health").put("status", "Progressing");
                      }));
          fleet.loop.in(
              180,
              () -> application(o -> Json.map(o, "status", "health").put("status", "Healthy")));
        });
  }
}
