package dev.plumbline.bench.prometheus;

import dev.plumbline.bench.load.Numbers;
import dev.plumbline.schemas.event.GpuSample;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.event.Histogram;
import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.schemas.event.ModelServerSample;
import dev.plumbline.schemas.event.NodeSample;
import dev.plumbline.schemas.event.ResourceSnapshot;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;

/**
 * Snapshots as the series that Prometheus would have scraped: the exporters' own metric names for
 * all that a rule reads, and a name made of the field's for the rest, one series for each number.
 */
final class Exposition {
  private static final Map<String, String> NAMES =
      Map.ofEntries(
          Map.entry("smClockMhz", "DCGM_FI_DEV_SM_CLOCK"),
          Map.entry("temperatureCelsius", "DCGM_FI_DEV_GPU_TEMP"),
          Map.entry("clockEventReasons", "DCGM_FI_DEV_CLOCKS_EVENT_REASONS"),
          Map.entry("thermalViolationSeconds", "DCGM_FI_DEV_THERMAL_VIOLATION"),
          Map.entry("powerViolationSeconds", "DCGM_FI_DEV_POWER_VIOLATION"),
          Map.entry("xid", "DCGM_FI_DEV_XID_ERRORS"),
          Map.entry("uncorrectableRemappedRows", "DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS"),
          Map.entry("rowRemapFailure", "DCGM_FI_DEV_ROW_REMAP_FAILURE"),
          Map.entry("frameBufferUsedBytes", "DCGM_FI_DEV_FB_USED"),
          Map.entry("requestsWaitingForCapacity", "vllm:num_requests_waiting_for_capacity"),
          Map.entry("requestsRunning", "vllm:num_requests_running"),
          Map.entry("kvCacheUsageRatio", "vllm:kv_cache_usage_perc"),
          Map.entry("preemptions", "vllm:num_preemptions_total"),
          Map.entry("promptTokens", "vllm:prompt_tokens_total"),
          Map.entry("generationTokens", "vllm:generation_tokens_total"),
          Map.entry("requests", "vllm:request_success_total"),
          Map.entry("residentMemoryBytes", "process_resident_memory_bytes"),
          Map.entry("memoryAvailableBytes", "node_memory_MemAvailable_bytes"),
          Map.entry("timeSeconds", "node_time_seconds"),
          Map.entry("ttft", "vllm:time_to_first_token_seconds"),
          Map.entry("inter_token", "vllm:inter_token_latency_seconds"),
          Map.entry("e2e", "vllm:e2e_request_latency_seconds"));

  private final Appendable out;
  private long samples;

  Exposition(Appendable out) {
    this.out = out;
  }

  /** Samples written so far. */
  long samples() {
    return samples;
  }

  /**
   * Writes a snapshot's numbers, one line each.
   *
   * @param at time of the samples, milliseconds
   */
  void write(SpecificRecord snapshot, long at) throws IOException {
    Header header = (Header) snapshot.get(0);
    Map<String, String> labels = new LinkedHashMap<>();
    labels.put("cluster", header.getCluster());
    labels.put("instance", header.getTarget());
    labels.putAll(header.getLabels());
    if (snapshot instanceof ResourceSnapshot resource) {
      for (GpuSample gpu : resource.getGpus()) {
        labels.put("gpu", gpu.getIndex());
        labels.put("driver", gpu.getDriverVersion());
        labels.put("pod", gpu.getHolders().isEmpty() ? "" : gpu.getHolders().get(0).getPod());
        fields(gpu, "DCGM_", labels, at);
        gpu.getWindowed().forEach((key, value) -> line("DCGM_EXP_" + key, "", labels, value, at));
      }
      for (NodeSample node : resource.getNodes()) {
        fields(node, "node_", labels, at);
      }
    } else if (snapshot instanceof LatencySnapshot latency) {
      fields(latency, "vllm_", labels, at);
      for (ModelServerSample server : latency.getServers()) {
        fields(server, "vllm_", labels, at);
        server
            .getFinished()
            .forEach((reason, n) -> line("vllm_finished_" + reason, "", labels, n, at));
        for (Histogram histogram : server.getHistograms()) {
          histogram(histogram, labels, at);
        }
      }
    }
  }

  private void histogram(Histogram histogram, Map<String, String> labels, long at) {
    String name = NAMES.getOrDefault(histogram.getSignal(), "vllm_" + histogram.getSignal());
    int last = histogram.getBounds().size();
    for (int i = 0; i <= last; i++) {
      String le = i == last ? "+Inf" : histogram.getBounds().get(i).toString();
      line(name + "_bucket", ",le=\"" + le + '"', labels, histogram.getCounts().get(i), at);
    }
    line(name + "_count", "", labels, histogram.getCounts().get(last), at);
    line(name + "_sum", "", labels, histogram.getSum(), at);
  }

  private void fields(SpecificRecord record, String prefix, Map<String, String> labels, long at) {
    for (Schema.Field field : record.getSchema().getFields()) {
      if (record.get(field.pos()) instanceof Double value && !value.isNaN()) {
        line(NAMES.getOrDefault(field.name(), prefix + field.name()), "", labels, value, at);
      }
    }
  }

  private void line(String name, String more, Map<String, String> labels, double value, long at) {
    try {
      out.append(name).append('{');
      char separator = 0;
      for (Map.Entry<String, String> label : labels.entrySet()) {
        if (separator != 0) {
          out.append(separator);
        }
        separator = ',';
        out.append(label.getKey()).append("=\"").append(label.getValue()).append('"');
      }
      out.append(more).append("} ").append(Double.toString(value)).append(' ');
      out.append(Long.toString(at / 1000)).append('.');
      out.append(Long.toString(1000 + at % 1000), 1, 4).append('\n');
      samples++;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** What a snapshot carries, by the count that all figures use. */
  static int count(SpecificRecord snapshot) {
    return Numbers.count(snapshot);
  }
}
