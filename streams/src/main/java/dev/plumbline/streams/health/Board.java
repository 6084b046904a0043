package dev.plumbline.streams.health;

import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.FindingStatus;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What is open now in the partitions this process owns, for whoever asks over HTTP: a copy of the
 * state that the judging threads keep current, safe to read at any time.
 */
public final class Board {
  private final Map<String, Map<String, Finding>> byTask = new ConcurrentHashMap<>();

  /** A task was assigned and knows these open findings. */
  public void opened(String task, Collection<Finding> open) {
    Map<String, Finding> findings = new ConcurrentHashMap<>();
    open.forEach(finding -> findings.put(finding.getId(), finding));
    byTask.put(task, findings);
  }

  /** A finding of a task changed. */
  public void changed(String task, Finding finding) {
    Map<String, Finding> findings = byTask.computeIfAbsent(task, k -> new ConcurrentHashMap<>());
    if (finding.getStatus() == FindingStatus.resolved) {
      findings.remove(finding.getId());
    } else {
      findings.put(finding.getId(), finding);
    }
  }

  /** A task went elsewhere. */
  public void closed(String task) {
    byTask.remove(task);
  }

  /** All open findings, sorted by id. */
  public List<Finding> open() {
    TreeMap<String, Finding> all = new TreeMap<>();
    byTask.values().forEach(all::putAll);
    return List.copyOf(all.values());
  }
}
