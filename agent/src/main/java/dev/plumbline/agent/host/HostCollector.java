package dev.plumbline.agent.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import oshi.SystemInfo;
import oshi.hardware.CentralProcessor;
import oshi.hardware.CentralProcessor.TickType;
import oshi.hardware.GlobalMemory;
import oshi.hardware.HWDiskStore;
import oshi.hardware.NetworkIF;
import oshi.software.os.OSFileStore;

/**
 * This machine, said in the names of node-exporter, so that the same mapping reads both: CPU,
 * memory, pressure, disks, file systems, network, clock.
 */
public final class HostCollector {
  /** File systems that hold no data of their own. */
  private static final List<String> NOT_DISKS =
      List.of("tmpfs", "proc", "sysfs", "overlay", "squashfs", "devtmpfs", "cgroup2", "nsfs");

  private final SystemInfo system = new SystemInfo();
  private final GpuQuery gpus;
  private final Path proc;

  /** Reads the machine this runs on. */
  public HostCollector() {
    this(Path.of("/proc"), new GpuQuery());
  }

  HostCollector(Path proc, GpuQuery gpus) {
    this.proc = proc;
    this.gpus = gpus;
  }

  /** The machine's boards now, in the names of dcgm-exporter; empty where there are none. */
  public String exposeGpus() {
    return gpus.expose();
  }

  /** The machine's exposition now. */
  public byte[] expose() {
    StringBuilder out = new StringBuilder(4096);
    processor(out);
    GlobalMemory memory = system.getHardware().getMemory();
    sample(out, "node_memory_MemTotal_bytes", memory.getTotal());
    sample(out, "node_memory_MemAvailable_bytes", memory.getAvailable());
    for (String resource : List.of("cpu", "memory", "io")) {
      pressure(out, resource);
    }
    for (HWDiskStore disk : system.getHardware().getDiskStores()) {
      sample(
          out,
          "node_disk_io_time_seconds_total{device=\"" + escaped(disk.getName()) + "\"}",
          disk.getTransferTime() / 1000.0);
    }
    files(out);
    for (NetworkIF link : system.getHardware().getNetworkIFs()) {
      String device = "{device=\"" + escaped(link.getName()) + "\"}";
      sample(out, "node_network_receive_bytes_total" + device, link.getBytesRecv());
      sample(out, "node_network_transmit_bytes_total" + device, link.getBytesSent());
      sample(out, "node_network_receive_errs_total" + device, link.getInErrors());
      sample(out, "node_network_transmit_errs_total" + device, link.getOutErrors());
    }
    oomKills(out);
    sample(out, "node_boot_time_seconds", system.getOperatingSystem().getSystemBootTime());
    sample(out, "node_time_seconds", System.currentTimeMillis() / 1000.0);
    out.append("node_uname_info{release=\"")
        .append(escaped(System.getProperty("os.version")))
        .append("\"} 1\n");
    release(out);
    return out.toString().getBytes(StandardCharsets.UTF_8);
  }

  private void processor(StringBuilder out) {
    CentralProcessor processor = system.getHardware().getProcessor();
    long[][] ticks = processor.getProcessorCpuLoadTicks();
    for (int cpu = 0; cpu < ticks.length; cpu++) {
      for (TickType mode : TickType.values()) {
        // oshi counts in milliseconds
        sample(
            out,
            "node_cpu_seconds_total{cpu=\""
                + cpu
                + "\",mode=\""
                + mode.name().toLowerCase(Locale.ROOT)
                + "\"}",
            ticks[cpu][mode.getIndex()] / 1000.0);
      }
    }
    double load = processor.getSystemLoadAverage(1)[0];
    if (load >= 0) {
      sample(out, "node_load1", load);
    }
  }

  /** Pressure stall totals; kernels without them have no such file. */
  private void pressure(StringBuilder out, String resource) {
    Path file = proc.resolve("pressure").resolve(resource);
    try {
      for (String line : Files.readAllLines(file)) {
        String total = line.substring(line.indexOf("total=") + "total=".length());
        String kind = line.startsWith("some") ? "waiting" : "stalled";
        sample(
            out,
            "node_pressure_" + resource + '_' + kind + "_seconds_total",
            Long.parseLong(total) / 1e6);
      }
    } catch (IOException e) {
      // no pressure information: the series is absent, as it is from node-exporter
    }
  }

  /** As os-release(5) has it. */
  private static void release(StringBuilder out) {
    try {
      for (String line : Files.readAllLines(Path.of("/etc/os-release"))) {
        if (line.startsWith("PRETTY_NAME=")) {
          String name = line.substring("PRETTY_NAME=".length()).replace("\"", "");
          out.append("node_os_info{pretty_name=\"").append(escaped(name)).append("\"} 1\n");
        }
      }
    } catch (IOException e) {
      // not every Linux has it
    }
  }

  private void oomKills(StringBuilder out) {
    try {
      for (String line : Files.readAllLines(proc.resolve("vmstat"))) {
        if (line.startsWith("oom_kill ")) {
          sample(out, "node_vmstat_oom_kill", Long.parseLong(line.substring("oom_kill ".length())));
        }
      }
    } catch (IOException e) {
      // an older kernel: the series is absent, as it is from node-exporter
    }
  }

  private void files(StringBuilder out) {
    for (OSFileStore store : system.getOperatingSystem().getFileSystem().getFileStores(true)) {
      if (NOT_DISKS.contains(store.getType()) || store.getTotalSpace() <= 0) {
        continue;
      }
      String labels =
          "{device=\""
              + escaped(store.getVolume())
              + "\",fstype=\""
              + escaped(store.getType())
              + "\",mountpoint=\""
              + escaped(store.getMount())
              + "\"}";
      sample(out, "node_filesystem_avail_bytes" + labels, store.getUsableSpace());
      sample(out, "node_filesystem_size_bytes" + labels, store.getTotalSpace());
    }
  }

  private static void sample(StringBuilder out, String series, double value) {
    out.append(series).append(' ').append(value).append('\n');
  }

  private static String escaped(String text) {
    return text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
  }
}
