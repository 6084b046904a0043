package dev.plumbline.bench.fleet;

import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Expositions as the exporters write them: names, labels, order and number formats are theirs. */
final class Texts {
  private Texts() {}

  /** As Go's client writes a number. */
  static String go(double v) {
    if (Double.isNaN(v)) {
      return "NaN";
    }
    if (v == Math.rint(v) && Math.abs(v) < 1e6) {
      return Long.toString((long) v);
    }
    if (Math.abs(v) >= 1e6 || Math.abs(v) < 1e-4) {
      String s = Double.toString(v);
      int e = (int) Math.floor(Math.log10(Math.abs(v)));
      java.math.BigDecimal digits =
          new java.math.BigDecimal(s).movePointLeft(e).stripTrailingZeros();
      if (digits.abs().compareTo(java.math.BigDecimal.TEN) >= 0) {
        digits = digits.movePointLeft(1).stripTrailingZeros();
        e++;
      }
      return digits.toPlainString() + (e < 0 ? "e-" : "e+") + String.format("%02d", Math.abs(e));
    }
    String s = Double.toString(v);
    return s.contains("E") ? new java.math.BigDecimal(s).toPlainString() : s;
  }

  /** As Python's client writes a number. */
  static String python(double v) {
    String s = go(v);
    return s.indexOf('.') < 0 && s.indexOf('e') < 0 && s.indexOf('N') < 0 ? s + ".0" : s;
  }

  private static double round(double v, int digits) {
    double scale = Math.pow(10, digits);
    return Math.rint(v * scale) / scale;
  }

  // ---------------------------------------------------------------------------------------- dcgm

  static String dcgm(Node node, Target target) {
    Dcgm out = new Dcgm(node, target.quirk(0) < .006, target.quirk(1) < .02);
    out.family("DCGM_FI_DEV_SM_CLOCK", "SM clock frequency (in MHz).", "gauge", b -> go(b.mhz));
    out.family(
        "DCGM_FI_DEV_CLOCKS_EVENT_REASONS",
        "Current clock event reasons (bitmask).",
        "gauge",
        b -> go(b.reasons));
    out.family(
        "DCGM_FI_DEV_GPU_TEMP",
        "GPU temperature (in C).",
        "gauge",
        b -> go(Math.rint(b.temperature)));
    out.family(
        "DCGM_FI_DEV_POWER_USAGE",
        "Power draw (in W).",
        "gauge",
        b -> String.format("%.6f", Math.rint(b.watts * 1000) / 1000));
    if (node.site.fleet.shape.detailed()) {
      out.family(
          "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION",
          "Total energy consumption since boot (in mJ).",
          "counter",
          b -> Long.toString((long) (3e9 + b.energyMj)));
      out.family(
          "DCGM_FI_DEV_FB_FREE",
          "Framebuffer memory free (in MiB).",
          "gauge",
          b -> go(Math.rint(b.product.memoryMib() - b.frameBufferMib() - 480)));
      out.family(
          "DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS",
          "Number of remapped rows for uncorrectable errors",
          "counter",
          b -> go(b.uncorrectableRows));
      out.family(
          "DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS",
          "Number of remapped rows for correctable errors",
          "counter",
          b -> go(b.correctableRows));
    }
    if (node.site.fleet.shape.detailed()
        || node.boards.stream().anyMatch(b -> b.remapFailures > 0)) {
      out.family(
          "DCGM_FI_DEV_ROW_REMAP_FAILURE",
          "Whether remapping of rows has failed",
          "gauge",
          b -> go(b.remapFailures));
    }
    out.wholeBoards(
        "DCGM_FI_DEV_GPU_UTIL",
        "GPU utilization (in %).",
        b -> go(Math.rint(Math.min(100, b.collectedBusy * 108))));
    out.family(
        "DCGM_FI_DEV_FB_USED",
        "Framebuffer memory used (in MiB).",
        "gauge",
        b -> go(Math.rint(b.frameBufferMib())));
    out.family(
        "DCGM_FI_DEV_XID_ERRORS",
        "Value of the last XID error encountered.",
        "gauge",
        b -> go(b.xid));
    out.family(
        "DCGM_FI_DEV_THERMAL_VIOLATION",
        "Throttling duration due to thermal constraints (in ns).",
        "counter",
        b -> Long.toString((long) b.thermalViolationNs));
    out.family(
        "DCGM_FI_DEV_POWER_VIOLATION",
        "Throttling duration due to power constraints (in ns).",
        "counter",
        b -> Long.toString((long) b.powerViolationNs));
    out.profiled(
        "DCGM_FI_PROF_GR_ENGINE_ACTIVE",
        "Ratio of time the graphics engine is active.",
        b -> b.collectedBusy,
        m -> m.busy);
    out.profiled(
        "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE",
        "Ratio of cycles the tensor (HMMA) pipe is active.",
        b -> b.collectedTensor,
        m -> m.tensor);
    out.profiled(
        "DCGM_FI_PROF_DRAM_ACTIVE",
        "Ratio of cycles the device memory interface is active sending or receiving data.",
        b -> b.collectedDram,
        m -> m.dram);
    out.wholeBoards(
        "DCGM_FI_PROF_PCIE_RX_BYTES",
        "The rate of data received over the PCIe bus (in bytes per second).",
        b -> Long.toString((long) b.collectedPcie));
    return out.text.toString();
  }

  private static final class Dcgm {
    final StringBuilder text = new StringBuilder(16_000);
    private final Node node;
    private final boolean nameless;
    private final boolean turned;

    Dcgm(Node node, boolean nameless, boolean turned) {
      this.node = node;
      this.nameless = nameless;
      this.turned = turned;
    }

    /** Ratios of time: of a whole board, or of each of its instances. */
    void profiled(
        String name,
        String help,
        ToDoubleFunction<Board> whole,
        ToDoubleFunction<Board.Meter> part) {
      family(
          name,
          help,
          "gauge",
          (b, i) ->
              String.format(
                  "%.6f",
                  round(
                      i == null ? whole.applyAsDouble(b) : part.applyAsDouble(b.meters.get(i)),
                      4)));
    }

    void family(
        String name, String help, String type, java.util.function.Function<Board, String> value) {
      family(name, help, type, (b, i) -> value.apply(b));
    }

    private void family(
        String name,
        String help,
        String type,
        java.util.function.BiFunction<Board, Board.Instance, String> value) {
      head(name, help, type);
      for (Board b : node.boards) {
        if (b.lost) {
          continue;
        }
        if (!b.instances.isEmpty()) {
          for (Board.Instance i : b.instances) {
            String[] holder = null;
            for (Server s : b.servers) {
              holder = s.instance == i ? pod(s) : holder;
            }
            for (Job j : b.jobs) {
              holder = j.instance == i ? pod(j) : holder;
            }
            row(name, b, i, holder, null, value.apply(b, i));
          }
          continue;
        }
        rows(name, b, value.apply(b, null));
      }
    }

    /** Families that MIG does not have. */
    void wholeBoards(String name, String help, java.util.function.Function<Board, String> value) {
      head(name, help, "gauge");
      for (Board b : node.boards) {
        if (!b.lost && b.instances.isEmpty()) {
          rows(name, b, value.apply(b));
        }
      }
    }

    private void rows(String name, Board b, String value) {
      java.util.ArrayList<String[]> holders = new java.util.ArrayList<>();
      for (Server s : b.servers) {
        holders.add(pod(s));
      }
      for (Job j : b.jobs) {
        holders.add(pod(j));
      }
      if (holders.isEmpty()) {
        row(name, b, null, null, null, value);
      } else if (b.timeSliced && node.site.spec.everyHolder()) {
        for (int i = 0; i < holders.size(); i++) {
          row(name, b, null, holders.get(i), Integer.toString(i), value);
        }
      } else {
        row(name, b, null, holders.get(holders.size() - 1), null, value);
      }
    }

    private String[] pod(Job j) {
      return new String[] {"main", j.namespace, j.pod};
    }

    private String[] pod(Server s) {
      return new String[] {"vllm", s.spec.namespace(), s.pod};
    }

    private void head(String name, String help, String type) {
      text.append("# HELP ")
          .append(name)
          .append(' ')
          .append(help)
          .append("\n# TYPE ")
          .append(name)
          .append(' ')
          .append(type)
          .append('\n');
    }

    private void row(
        String name, Board b, Board.Instance i, String[] pod, String vgpu, String value) {
      String host = node.site.spec.oldHostLabel() ? "Hostname" : "hostname";
      text.append(name).append('{');
      if (turned) {
        text.append("UUID=\"").append(b.uuid).append("\",gpu=\"").append(b.index).append("\",");
      } else {
        text.append("gpu=\"").append(b.index).append("\",UUID=\"").append(b.uuid).append("\",");
      }
      text.append("pci_bus_id=\"")
          .append(b.pci)
          .append("\",device=\"nvidia")
          .append(b.index)
          .append("\",modelName=\"")
          .append(b.product.name())
          .append('"');
      if (i != null) {
        text.append(",GPU_I_PROFILE=\"")
            .append(i.profile())
            .append("\",GPU_I_ID=\"")
            .append(i.id())
            .append('"');
      }
      text.append(',')
          .append(host)
          .append("=\"")
          .append(node.name)
          .append("\",DCGM_FI_DRIVER_VERSION=\"")
          .append(node.driver)
          .append('"');
      if (pod != null && !nameless) {
        text.append(",container=\"")
            .append(pod[0])
            .append("\",namespace=\"")
            .append(pod[1])
            .append("\",pod=\"")
            .append(pod[2])
            .append('"');
        if (vgpu != null) {
          text.append(",vgpu=\"").append(vgpu).append('"');
        }
      }
      text.append("} ").append(value).append('\n');
    }
  }

  // ---------------------------------------------------------------------------------------- vllm

  static String vllm(Server s, Target target) {
    double now = s.deployment.site.fleet.loop.now();
    Moments moments = s.deployment.site.fleet.moments;
    boolean detailed = s.deployment.site.fleet.shape.detailed();
    String model = "model_name=\"" + s.spec.model().name() + "\"";
    String labels = target.quirk(0) < .02 ? model + ",engine=\"0\"" : "engine=\"0\"," + model;
    Vllm out =
        new Vllm(
            labels,
            s.deployment.site.fleet.shape.detailed() ? moments.epoch(s.startedAt) : Double.NaN);
    out.plain(
        "process_resident_memory_bytes",
        "Resident memory size in bytes.",
        "gauge",
        Math.rint(s.resident(now)));
    out.plain(
        "process_start_time_seconds",
        "Start time of the process since unix epoch in seconds.",
        "gauge",
        round(moments.epoch(s.startedAt), 2));
    if (detailed) {
      out.plain(
          "process_cpu_seconds_total",
          "Total user and system CPU time spent in seconds.",
          "counter",
          round(s.cpuSeconds, 2));
    }
    out.one(
        "vllm:num_requests_running",
        "Number of requests in model execution batches.",
        "gauge",
        "",
        s.runningRequests());
    out.one(
        "vllm:num_requests_waiting",
        "Number of requests waiting to be processed.",
        "gauge",
        "",
        s.waitingRequests());
    out.head(
        "vllm:num_requests_waiting_by_reason", "Number of waiting requests by reason.", "gauge");
    int forMemory = s.waitsForMemory() ? s.waitingRequests() : 0;
    out.row("vllm:num_requests_waiting_by_reason", ",reason=\"capacity\"", forMemory);
    out.row(
        "vllm:num_requests_waiting_by_reason",
        ",reason=\"deferred\"",
        s.waitingRequests() - forMemory);
    double usage = target.quirk(1) < .0004 ? Double.NaN : round(s.kvUsage(), 4);
    out.one(
        "vllm:kv_cache_usage_perc",
        "KV-cache usage. 1 means 100 percent usage.",
        "gauge",
        "",
        usage);
    out.one(
        "vllm:num_preemptions_total",
        "Cumulative number of preemption from the engine.",
        "counter",
        "",
        s.preemptions);
    out.one(
        "vllm:prompt_tokens_total",
        "Number of prefill tokens processed.",
        "counter",
        "",
        s.promptTokens);
    out.one(
        "vllm:generation_tokens_total",
        "Number of generation tokens processed.",
        "counter",
        "",
        s.generationTokens);
    if (detailed) {
      out.one(
          "vllm:prefix_cache_queries_total",
          "Prefix cache queries, in number of tokens.",
          "counter",
          "",
          s.promptTokens);
      out.one(
          "vllm:prefix_cache_hits_total",
          "Prefix cache hits, in number of tokens.",
          "counter",
          "",
          s.cachedTokens);
    }
    out.head("vllm:request_success_total", "Count of successfully processed requests.", "counter");
    out.row("vllm:request_success_total", ",finished_reason=\"stop\"", s.stopped);
    out.row("vllm:request_success_total", ",finished_reason=\"length\"", s.cut);
    out.histogram(
        "vllm:time_to_first_token_seconds", "Histogram of time to first token in seconds.", s.ttft);
    out.histogram(
        "vllm:inter_token_latency_seconds",
        "Histogram of inter-token latency in seconds.",
        s.interToken);
    out.histogram(
        "vllm:e2e_request_latency_seconds",
        "Histogram of e2e request latency in seconds.",
        s.endToEnd);
    if (detailed) {
      out.histogram(
          "vllm:request_queue_time_seconds",
          "Histogram of time spent in WAITING phase for request.",
          s.queued);
      out.histogram(
          "vllm:request_prefill_time_seconds",
          "Histogram of time spent in PREFILL phase for request.",
          s.prefill);
      out.histogram(
          "vllm:request_decode_time_seconds",
          "Histogram of time spent in DECODE phase for request.",
          s.decode);
      out.histogram("vllm:request_prompt_tokens", "Number of prefill tokens processed.", s.prompts);
      out.histogram(
          "vllm:request_generation_tokens", "Number of generation tokens processed.", s.outputs);
    }
    out.head("vllm:cache_config_info", "Information of the LLMEngine CacheConfig", "gauge");
    out.text
        .append(
            "vllm:cache_config_info{block_size=\"16\",cache_dtype=\"auto\",enable_prefix_caching=\"True\",engine=\"0\",gpu_memory_utilization=\"")
        .append(s.boards.get(0).timeSliced ? "0.45" : "0.9")
        .append("\",num_gpu_blocks=\"")
        .append(s.kvBlocks())
        .append("\"} 1.0\n");
    return out.text.toString();
  }

  private static final class Vllm {
    final StringBuilder text = new StringBuilder(14_000);
    private final String labels;
    private final double createdAt;

    Vllm(String labels, double createdAt) {
      this.labels = labels;
      this.createdAt = createdAt;
    }

    void head(String name, String help, String type) {
      text.append("# HELP ")
          .append(name)
          .append(' ')
          .append(help)
          .append("\n# TYPE ")
          .append(name)
          .append(' ')
          .append(type)
          .append('\n');
    }

    void plain(String name, String help, String type, double value) {
      head(name, help, type);
      text.append(name).append(' ').append(python(value)).append('\n');
    }

    void row(String name, String more, double value) {
      text.append(name)
          .append('{')
          .append(labels)
          .append(more)
          .append("} ")
          .append(python(value))
          .append('\n');
    }

    void one(String name, String help, String type, String more, double value) {
      head(name, help, type);
      row(name, more, value);
      if (type.equals("counter")) {
        created(name.replaceAll("_total$", ""));
      }
    }

    private void created(String base) {
      if (!Double.isNaN(createdAt)) {
        head(base + "_created", base + " creation time", "gauge");
        row(base + "_created", "", round(createdAt + 2, 3));
      }
    }

    void histogram(String name, String help, Histogram h) {
      head(name, help, "histogram");
      long[] counts = h.cumulative();
      for (int i = 0; i < counts.length; i++) {
        String le = i < h.bounds.length ? python(h.bounds[i]) : "+Inf";
        row(name + "_bucket", ",le=\"" + le + "\"", counts[i]);
      }
      row(name + "_count", "", counts[counts.length - 1]);
      row(name + "_sum", "", round(h.sum(), 3));
      created(name);
    }
  }

  // --------------------------------------------------------------------------- node, kubelet, ksm

  private static void go(
      StringBuilder out, String name, String help, String type, String labels, double value) {
    out.append("# HELP ")
        .append(name)
        .append(' ')
        .append(help)
        .append("\n# TYPE ")
        .append(name)
        .append(' ')
        .append(type)
        .append('\n');
    out.append(name).append(labels).append(' ').append(go(value)).append('\n');
  }

  static String node(Node node) {
    Fleet fleet = node.site.fleet;
    double now = fleet.loop.now();
    StringBuilder out = new StringBuilder(3000);
    go(
        out,
        "node_boot_time_seconds",
        "Node boot time, in unixtime.",
        "gauge",
        "",
        Math.rint(fleet.moments.epoch(node.bootedAt)));
    out.append(
        "# HELP node_cpu_seconds_total Seconds the CPUs spent in each mode.\n# TYPE node_cpu_seconds_total counter\n");
    double[] modes = {node.idleSeconds, node.ioSeconds, node.systemSeconds, node.userSeconds};
    String[] names = {"idle", "iowait", "system", "user"};
    for (int i = 0; i < 4; i++) {
      out.append("node_cpu_seconds_total{cpu=\"0\",mode=\"")
          .append(names[i])
          .append("\"} ")
          .append(go(round(modes[i], 2)))
          .append('\n');
    }
    go(
        out,
        "node_filesystem_avail_bytes",
        "Filesystem space available to non-root users in bytes.",
        "gauge",
        "{device=\"/dev/nvme1n1\",device_error=\"\",fstype=\"xfs\",mountpoint=\"/var/lib/models\"}",
        4.1e12 - Math.rint(now * 1000));
    go(out, "node_load1", "1m load average.", "gauge", "", round(node.load, 2));
    go(
        out,
        "node_memory_MemAvailable_bytes",
        "Memory information field MemAvailable_bytes.",
        "gauge",
        "",
        Math.rint(node.memoryAvailable(now)));
    go(
        out,
        "node_memory_MemTotal_bytes",
        "Memory information field MemTotal_bytes.",
        "gauge",
        "",
        node.memoryBytes);
    go(
        out,
        "node_pressure_cpu_waiting_seconds_total",
        "Total time in seconds that processes have waited for CPU time",
        "counter",
        "",
        round(node.waitSeconds, 2));
    out.append(
            "# HELP node_time_seconds System time in seconds since epoch (1970).\n# TYPE node_time_seconds gauge\nnode_time_seconds ")
        .append(String.format("%.3f", fleet.moments.epoch(now + node.clockAhead())))
        .append('\n');
    long key = Draw.hash(fleet.seed, "ntp/" + node.name);
    go(
        out,
        "node_timex_offset_seconds",
        "Time offset in between local system and reference clock.",
        "gauge",
        "",
        round(3e-5 * Draw.normalAt(key, (long) now + 9000), 7));
    go(
        out,
        "node_timex_sync_status",
        "Is clock synchronized to a reliable server (1 = yes, 0 = no).",
        "gauge",
        "",
        node.clockSynchronised ? 1 : 0);
    go(
        out,
        "node_uname_info",
        "Labeled system information as provided by the uname system call.",
        "gauge",
        "{domainname=\"(none)\",machine=\"x86_64\",nodename=\""
            + node.name
            + "\",release=\""
            + node.kernel
            + "\",sysname=\"Linux\",version=\"#1 SMP PREEMPT_DYNAMIC\"}",
        1);
    go(
        out,
        "node_vmstat_oom_kill",
        "/proc/vmstat information field oom_kill.",
        "untyped",
        "",
        node.oomKills);
    return out.toString();
  }

  static String kubelet(Node node) {
    Fleet fleet = node.site.fleet;
    double now = fleet.loop.now();
    long at = fleet.moments.millis(now - .4);
    StringBuilder memory =
        new StringBuilder(
            "# HELP container_memory_working_set_bytes Current working set in bytes.\n# TYPE container_memory_working_set_bytes gauge\n");
    StringBuilder cpu =
        new StringBuilder(
            "# HELP container_cpu_usage_seconds_total Cumulative cpu time consumed in seconds.\n# TYPE container_cpu_usage_seconds_total counter\n");
    for (Board board : node.boards) {
      for (Server s : board.servers) {
        if (s.boards.get(0) != board) {
          continue;
        }
        String labels =
            "{container=\"vllm\",id=\"/kubepods.slice/"
                + s.podUid
                + "\",image=\"\",name=\"\",namespace=\""
                + s.spec.namespace()
                + "\",pod=\""
                + s.pod
                + "\"";
        memory
            .append("container_memory_working_set_bytes")
            .append(labels)
            .append("} ")
            .append(go(Math.rint(s.workingSet(now))))
            .append(' ')
            .append(at)
            .append('\n');
        cpu.append("container_cpu_usage_seconds_total")
            .append(labels)
            .append(",cpu=\"total\"} ")
            .append(go(round(s.cpuSeconds, 2)))
            .append(' ')
            .append(at)
            .append('\n');
      }
    }
    for (Job j : node.jobs) {
      if (j.from > now) {
        continue;
      }
      String labels =
          "{container=\"main\",id=\"/kubepods.slice/"
              + j.pod
              + "\",image=\"\",name=\"\",namespace=\""
              + j.namespace
              + "\",pod=\""
              + j.pod
              + "\"";
      memory
          .append("container_memory_working_set_bytes")
          .append(labels)
          .append("} ")
          .append(go(Math.rint(2.4e10 + 1e8 * Math.sin(now / 300))))
          .append(' ')
          .append(at)
          .append('\n');
      cpu.append("container_cpu_usage_seconds_total")
          .append(labels)
          .append(",cpu=\"total\"} ")
          .append(go(round(j.cpuSeconds, 2)))
          .append(' ')
          .append(at)
          .append('\n');
    }
    return memory.append(cpu).toString();
  }

  static String ksm(Site site) {
    StringBuilder out = new StringBuilder(9000);
    out.append("# TYPE kube_node_info gauge\n");
    for (Node n : site.nodes) {
      out.append("kube_node_info{node=\"")
          .append(n.name)
          .append("\",kernel_version=\"")
          .append(n.kernel)
          .append(
              "\",os_image=\"Red Hat Enterprise Linux CoreOS 9.6\",container_runtime_version=\"cri-o://1.34.2\",kubelet_version=\"")
          .append(n.kubelet)
          .append("\",kubeproxy_version=\"deprecated\"} 1\n");
    }
    for (String which : List.of("allocatable", "capacity")) {
      out.append("# TYPE kube_node_status_").append(which).append(" gauge\n");
      for (Node n : site.nodes) {
        Map<String, Object> o = site.api.get("v1/Node/" + n.name);
        Object count = Json.map(o, "status", which).get("nvidia.com/gpu");
        out.append("kube_node_status_")
            .append(which)
            .append("{node=\"")
            .append(n.name)
            .append("\",resource=\"nvidia_com_gpu\",unit=\"integer\"} ")
            .append(count)
            .append('\n');
      }
    }
    out.append("# TYPE kube_node_status_condition gauge\n");
    for (Node n : site.nodes) {
      out.append("kube_node_status_condition{node=\"")
          .append(n.name)
          .append("\",condition=\"Ready\",status=\"true\"} ")
          .append(n.up ? 1 : 0)
          .append('\n');
      out.append("kube_node_status_condition{node=\"")
          .append(n.name)
          .append("\",condition=\"Ready\",status=\"unknown\"} ")
          .append(n.up ? 0 : 1)
          .append('\n');
    }
    out.append("# TYPE kube_node_spec_unschedulable gauge\n");
    for (Node n : site.nodes) {
      out.append("kube_node_spec_unschedulable{node=\"")
          .append(n.name)
          .append("\"} ")
          .append(n.schedulable ? 0 : 1)
          .append('\n');
    }
    deployments(out, site, "kube_deployment_spec_replicas", d -> d.replicas);
    deployments(out, site, "kube_deployment_status_replicas_ready", Deployment::ready);
    deployments(
        out,
        site,
        "kube_deployment_metadata_generation",
        d -> ((Number) Json.map(site.api.get(d.key), "metadata").get("generation")).doubleValue());
    out.append("# TYPE kube_pod_info gauge\n");
    StringBuilder containers = new StringBuilder("# TYPE kube_pod_container_info gauge\n");
    StringBuilder restarts =
        new StringBuilder("# TYPE kube_pod_container_status_restarts_total counter\n");
    for (Deployment d : site.deployments) {
      for (Server s : d.servers) {
        String id =
            "{namespace=\""
                + s.spec.namespace()
                + "\",pod=\""
                + s.pod
                + "\",uid=\""
                + s.podUid
                + "\"";
        out.append("kube_pod_info")
            .append(id)
            .append(",node=\"")
            .append(s.node.name)
            .append("\",created_by_kind=\"ReplicaSet\",created_by_name=\"")
            .append(s.spec.name())
            .append('-')
            .append(s.revision.hash())
            .append("\"} 1\n");
        containers
            .append("kube_pod_container_info")
            .append(id)
            .append(",container=\"vllm\",image_spec=\"")
            .append(s.revision.image())
            .append("\",image=\"")
            .append(s.revision.image())
            .append("\"} 1\n");
        restarts
            .append("kube_pod_container_status_restarts_total")
            .append(id)
            .append(",container=\"vllm\"} ")
            .append(s.restarts)
            .append('\n');
      }
    }
    out.append(containers);
    if (site.fleet.shape.detailed()) {
      out.append(restarts);
    }
    Map<String, Object> quota = site.api.get("v1/ResourceQuota/team-lab/gpu-quota");
    if (quota != null) {
      out.append("# TYPE kube_resourcequota gauge\n");
      for (String type : List.of("hard", "used")) {
        out.append(
                "kube_resourcequota{resourcequota=\"gpu-quota\",namespace=\"team-lab\",resource=\"requests.nvidia.com/gpu\",type=\"")
            .append(type)
            .append("\"} ")
            .append(Json.map(quota, "status", type).get("requests.nvidia.com/gpu"))
            .append('\n');
      }
    }
    out.append("# TYPE kube_networkpolicy_spec_ingress_rules gauge\n");
    for (String key : site.api.keys(Objects.NETWORK)) {
      String[] p = key.substring(Objects.NETWORK.length()).split("/");
      out.append("kube_networkpolicy_spec_ingress_rules{namespace=\"")
          .append(p[0])
          .append("\",networkpolicy=\"")
          .append(p[1])
          .append("\"} ")
          .append(Json.array(site.api.get(key), "spec", "ingress").size())
          .append('\n');
    }
    return out.toString();
  }

  private static void deployments(
      StringBuilder out, Site site, String name, ToDoubleFunction<Deployment> value) {
    out.append("# TYPE ").append(name).append(" gauge\n");
    for (Deployment d : site.deployments) {
      out.append(name)
          .append("{namespace=\"")
          .append(d.namespace())
          .append("\",deployment=\"")
          .append(d.spec.name())
          .append("\"} ")
          .append(go(value.applyAsDouble(d)))
          .append('\n');
    }
  }

  static String kubevirt(Site site) {
    double now = site.fleet.loop.now() + 500_000;
    String vm =
        "kubernetes_vmi_label_app=\""
            + site.machine
            + "\",name=\""
            + site.machine
            + "\",namespace=\"vm-workloads\",node=\""
            + site.nodes.get(0).name
            + "\"";
    StringBuilder out = new StringBuilder(1500);
    out.append(
            "# TYPE kubevirt_vmi_cpu_usage_seconds_total counter\nkubevirt_vmi_cpu_usage_seconds_total{")
        .append(vm)
        .append("} ")
        .append(go(round(now * 2.1, 1)))
        .append('\n');
    out.append("# TYPE kubevirt_vmi_memory_usable_bytes gauge\nkubevirt_vmi_memory_usable_bytes{")
        .append(vm)
        .append("} ")
        .append(go(Math.rint(9e9 + 4e8 * Math.sin(now / 2200))))
        .append('\n');
    out.append("# TYPE kubevirt_vmi_vcpu_delay_seconds_total counter\n");
    for (int i = 0; i < 4; i++) {
      out.append("kubevirt_vmi_vcpu_delay_seconds_total{id=\"")
          .append(i)
          .append("\",")
          .append(vm)
          .append("} ")
          .append(go(round(now * .0041 * (1 + .1 * i), 2)))
          .append('\n');
    }
    out.append(
            "# TYPE kubevirt_vmi_info gauge\nkubevirt_vmi_info{evictable=\"true\",guest_os_name=\"Red Hat Enterprise Linux\",instance_type=\"<none>\",name=\"")
        .append(site.machine)
        .append("\",namespace=\"vm-workloads\",node=\"")
        .append(site.nodes.get(0).name)
        .append("\",os=\"rhel9\",outdated=\"")
        .append(site.launcherOutdated)
        .append("\",phase=\"running\",vmi_pod=\"virt-launcher-")
        .append(site.machine)
        .append("-k2m9q\",workload=\"server\"} 1\n");
    out.append("# TYPE kubevirt_vmi_number_of_outdated gauge\nkubevirt_vmi_number_of_outdated ")
        .append(site.launcherOutdated.equals("true") ? 1 : 0)
        .append('\n');
    return out.toString();
  }
}
