package dev.plumbline.bench.report;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the figures were taken on. */
public final class Machine {
  private Machine() {}

  /** Writes what this machine and this Java are, and how busy the machine was before. */
  public static void describe(ObjectNode out) throws IOException {
    OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    out.put("processors", system.getAvailableProcessors());
    out.put("processor", processor());
    out.put("memoryBytes", system.getTotalMemorySize());
    out.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    out.put(
        "java", System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"));
    out.put("loadBefore", system.getSystemLoadAverage());
  }

  private static String processor() throws IOException {
    Path info = Path.of("/proc/cpuinfo");
    if (!Files.isReadable(info)) {
      return System.getProperty("os.arch");
    }
    return Files.readAllLines(info).stream()
        .filter(it -> it.startsWith("model name"))
        .map(it -> it.substring(it.indexOf(':') + 1).trim())
        .findFirst()
        .orElse(System.getProperty("os.arch"));
  }
}
