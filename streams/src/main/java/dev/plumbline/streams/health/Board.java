package dev.plumbline.streams.health;

import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.FindingStatus;
import dev.plumbline.schemas.event.Incident;
import dev.plumbline.schemas.event.Remediation;
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
  /** Remediations kept to be asked for; older ones are in the topic. */
  private static final int MOST_REMEDIATIONS = 1_000;

  private final Map<String, Map<String, Finding>> byTask = new ConcurrentHashMap<>();
  private final Map<String, Map<String, Incident>> incidents = new ConcurrentHashMap<>();
  private final Map<String, Map<String, Remediation>> remediations = new ConcurrentHashMap<>();

  private final Map<String, Map<String, List<Map<String, String>>>> entities =
      new ConcurrentHashMap<>();

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

  /** An incident of a task changed. */
  public void changed(String task, Incident incident) {
    Map<String, Incident> known = incidents.computeIfAbsent(task, k -> new ConcurrentHashMap<>());
    if (incident.getStatus() == FindingStatus.resolved) {
      known.remove(incident.getId());
    } else {
      known.put(incident.getId(), incident);
    }
  }

  /** A remediation of a task changed. */
  public void changed(String task, Remediation remediation) {
    Map<String, Remediation> known =
        remediations.computeIfAbsent(task, k -> new ConcurrentHashMap<>());
    known.put(remediation.getId(), remediation);
    if (known.size() > MOST_REMEDIATIONS) {
      known.values().stream()
          .min(java.util.Comparator.comparing(Remediation::getAt))
          .ifPresent(oldest -> known.remove(oldest.getId()));
    }
  }

  /** What a cluster of a task consists of. */
  public void consists(String task, String cluster, List<Map<String, String>> parts) {
    entities.computeIfAbsent(task, k -> new ConcurrentHashMap<>()).put(cluster, List.copyOf(parts));
  }

  /** A task went elsewhere. */
  public void closed(String task) {
    byTask.remove(task);
    incidents.remove(task);
    remediations.remove(task);
    entities.remove(task);
  }

  /** Everything all clusters consist of, sorted by cluster. */
  public List<Map<String, String>> entities() {
    TreeMap<String, List<Map<String, String>>> all = new TreeMap<>();
    entities.values().forEach(all::putAll);
    List<Map<String, String>> list = new java.util.ArrayList<>();
    all.values().forEach(list::addAll);
    return list;
  }

  /** All open incidents, sorted by id. */
  public List<Incident> incidents() {
    TreeMap<String, Incident> all = new TreeMap<>();
    incidents.values().forEach(all::putAll);
    return List.copyOf(all.values());
  }

  /** The latest remediations, sorted by id. */
  public List<Remediation> remediations() {
    TreeMap<String, Remediation> all = new TreeMap<>();
    remediations.values().forEach(all::putAll);
    return List.copyOf(all.values());
  }

  /** All open findings, sorted by id. */
  public List<Finding> findings() {
    TreeMap<String, Finding> all = new TreeMap<>();
    byTask.values().forEach(all::putAll);
    return List.copyOf(all.values());
  }
}
