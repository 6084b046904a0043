package dev.plumbline.streams.decide;

import dev.plumbline.schemas.event.Finding;
import dev.plumbline.streams.findings.Kept;
import dev.plumbline.streams.state.Table;
import dev.plumbline.streams.state.Tables;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Changes of findings of a replayed tape that wait for its end. What the judge of a cluster says
 * and what the fleet says of it come at their own speeds; decided in the order of event time they
 * give the same incidents in each run.
 */
final class Waiting {

  private final Table<Kept> changes;

  Waiting(Tables tables) {
    changes = tables.table("decide.waiting", Kept::new);
  }

  void add(Finding finding) {
    // zero-padded, so that the table's order is the order in time
    String key =
        "%020d|%s|%010d"
            .formatted(
                Math.max(0, finding.getAt().toEpochMilli()),
                finding.getId(),
                finding.getRevision());
    changes.edit(key).finding = finding;
  }

  /** Hands on all that waits, in the order of its event time. */
  void release(Consumer<Finding> out) {
    List<Finding> ordered = new ArrayList<>();
    changes.all().values().forEach(it -> ordered.add(it.finding));
    List.copyOf(changes.all().keySet()).forEach(changes::remove);
    ordered.forEach(out);
  }
}
