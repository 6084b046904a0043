package dev.plumbline.streams.findings;

import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.streams.state.SourceLog;
import java.util.HashSet;
import java.util.Set;

/**
 * The newest changes on the findings topic when a task begins. At-least-once, what a task said
 * after its last commit is judged once more by whoever takes over; ids and revisions are the same,
 * so what stands on the topic already is not said again.
 */
public final class Said {
  /** Far more than a task says between two commits. */
  private static final int MOST = 2_000;

  private final Set<String> ids = new HashSet<>();

  /** Reads the newest records of the findings topic. */
  public void read(SourceLog log) {
    ids.clear();
    log.tail(
        Topic.FINDINGS.name(),
        MOST,
        record -> {
          String id = CloudEventHeaders.id(record.headers());
          if (id != null) {
            ids.add(id);
          }
        });
  }

  /** True when the change stands on the topic already. */
  public boolean contains(Finding finding) {
    return !ids.isEmpty() && ids.remove(CloudEventHeaders.id(finding));
  }
}
