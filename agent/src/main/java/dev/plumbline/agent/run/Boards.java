package dev.plumbline.agent.run;

import dev.plumbline.agent.scrape.TargetKey;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which GPUs are told by exporters: where the agent also asks the driver of its own host, it says
 * none of them a second time. A GPU is known by its UUID, wherever its exporter was found.
 */
final class Boards {
  /** A label, which a MIG instance's line has too: it names the board that it is on. */
  private static final Pattern UUID = Pattern.compile("[{,]\\s*UUID=\"([^\"]+)\"");

  /** UUIDs by source and name of the exporter's target. */
  private final Map<TargetKey, Set<String>> told = new HashMap<>();

  /** An exporter was read. */
  synchronized void told(String source, String name, byte[] exposition) {
    Set<String> uuids = new TreeSet<>();
    Matcher uuid = UUID.matcher(new String(exposition, StandardCharsets.UTF_8));
    while (uuid.find()) {
      uuids.add(uuid.group(1));
    }
    told.put(new TargetKey(source, name), uuids);
  }

  /** Whether a target was read. */
  synchronized boolean isTold(String source, String name) {
    return told.containsKey(new TargetKey(source, name));
  }

  /**
   * The host's own exposition without the boards that an exporter tells. One that fails keeps its
   * boards: to change who tells them would change what is told.
   *
   * @param isScraped by source and name; the boards of a target that left are the host's again
   */
  synchronized String without(String exposition, BiPredicate<String, String> isScraped) {
    told.keySet().removeIf(it -> !isScraped.test(it.source(), it.name()));
    StringBuilder out = new StringBuilder(exposition.length());
    for (String line : exposition.lines().toList()) {
      Matcher uuid = UUID.matcher(line);
      if (!uuid.find() || told.values().stream().noneMatch(it -> it.contains(uuid.group(1)))) {
        out.append(line).append('\n');
      }
    }
    return out.toString();
  }
}
