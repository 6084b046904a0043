package dev.plumbline.bench.path;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** What processes have used so far. */
public final class Cpu {
  private static final OperatingSystemMXBean HERE =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private Cpu() {}

  /** CPU time of this process, nanoseconds. */
  public static long here() {
    return HERE.getProcessCpuTime();
  }

  /** CPU time of another process, nanoseconds, as fine as the system counts (10 ms on Linux). */
  public static long of(ProcessHandle process) {
    return process.info().totalCpuDuration().orElse(Duration.ZERO).toNanos();
  }

  /** Resident memory of a process, bytes; -1 where the system doesn't say. */
  public static long resident(ProcessHandle process) {
    Path status = Path.of("/proc/" + process.pid() + "/status");
    if (!Files.isReadable(status)) {
      return -1;
    }
    try {
      return Files.readAllLines(status).stream()
          .filter(it -> it.startsWith("VmRSS:"))
          .mapToLong(it -> 1024 * Long.parseLong(it.replaceAll("[^0-9]", "")))
          .findFirst()
          .orElse(-1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
