package dev.plumbline.agent.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The boards of this machine as nvidia-smi tells them, in the names of dcgm-exporter. A machine
 * without it has none, and is not asked again.
 */
final class GpuQuery {
  private static final Logger LOG = LoggerFactory.getLogger(GpuQuery.class);
  private static final int PATIENCE_SECONDS = 8;

  /** Fields asked for, behind the identity of the board, and what they are called here. */
  private static final List<String[]> FIELDS =
      List.of(
          new String[] {"clocks.sm", "DCGM_FI_DEV_SM_CLOCK"},
          new String[] {"clocks.mem", "DCGM_FI_DEV_MEM_CLOCK"},
          new String[] {"temperature.gpu", "DCGM_FI_DEV_GPU_TEMP"},
          new String[] {"power.draw", "DCGM_FI_DEV_POWER_USAGE"},
          new String[] {"utilization.gpu", "DCGM_FI_DEV_GPU_UTIL"},
          new String[] {"utilization.memory", "DCGM_FI_DEV_MEM_COPY_UTIL"},
          new String[] {"memory.used", "DCGM_FI_DEV_FB_USED"},
          new String[] {"memory.free", "DCGM_FI_DEV_FB_FREE"},
          new String[] {"memory.reserved", "DCGM_FI_DEV_FB_RESERVED"});

  private final List<String> command;
  private boolean absent;

  GpuQuery() {
    this(List.of("nvidia-smi"));
  }

  GpuQuery(List<String> command) {
    this.command = command;
  }

  /** One sample a board and field; empty where there are none. */
  String expose() {
    if (absent) {
      return "";
    }
    StringBuilder query = new StringBuilder("--query-gpu=uuid,index,name,driver_version");
    FIELDS.forEach(it -> query.append(',').append(it[0]));
    List<String> all = new java.util.ArrayList<>(command);
    all.add(query.toString());
    all.add("--format=csv,noheader,nounits");
    try {
      Process process = new ProcessBuilder(all).redirectErrorStream(false).start();
      try {
        process.getOutputStream().close();
        // it writes a line a board: far less than a pipe holds
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
          LOG.warn("nvidia-smi doesn't answer within {} s", PATIENCE_SECONDS);
          return "";
        }
        String rows = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return process.exitValue() == 0 ? exposition(rows) : "";
      } finally {
        process.destroyForcibly();
      }
    } catch (IOException e) {
      absent = true;
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }

  /** What is not supported comes as [N/A] or the like, and stays out. */
  private static String exposition(String rows) {
    StringBuilder out = new StringBuilder(2048);
    for (String row : rows.lines().toList()) {
      String[] cells = row.split(",\\s*");
      if (cells.length != 4 + FIELDS.size()) {
        continue;
      }
      String labels =
          String.format(
              Locale.ROOT,
              "{UUID=\"%s\",gpu=\"%s\",modelName=\"%s\",DCGM_FI_DRIVER_VERSION=\"%s\"} ",
              cells[0],
              cells[1],
              cells[2],
              cells[3]);
      for (int i = 0; i < FIELDS.size(); i++) {
        String cell = cells[4 + i];
        if (!cell.isEmpty() && (Character.isDigit(cell.charAt(0)) || cell.charAt(0) == '-')) {
          out.append(FIELDS.get(i)[1]).append(labels).append(cell).append('\n');
        }
      }
    }
    return out.toString();
  }
}
