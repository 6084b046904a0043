package dev.plumbline.streams.decide;

import dev.plumbline.schemas.event.Finding;
import dev.plumbline.streams.state.State;
import dev.plumbline.streams.state.Table;
import dev.plumbline.streams.state.Tables;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * Which changes of findings were taken. The judging stage may say again, after a crash, what it
 * said since its last commit: same ids, same revisions. What comes a second time is dropped here,
 * and everything behind this stage is said once.
 */
final class Seen {
  /** Far more than one cluster's judge says between two commits. */
  static final int MOST = 10_000;

  /** The newest revision of a finding. */
  private static final class Revision implements State {
    int revision = -1;

    /** Rises with every change taken: orders findings by their last change. */
    long order;

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      out.writeInt(revision);
      out.writeLong(order);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      revision = in.readInt();
      order = in.readLong();
    }
  }

  private final Table<Revision> revisions;

  /** Ids, the one whose last change is the longest ago first. */
  private final Set<String> byAge = new LinkedHashSet<>();

  private long order;

  Seen(Tables tables) {
    revisions = tables.table("decide.seen", Revision::new);
    revisions.all().entrySet().stream()
        .sorted(Comparator.comparingLong(it -> it.getValue().order))
        .map(Map.Entry::getKey)
        .forEach(byAge::add);
    revisions.all().values().forEach(it -> order = Math.max(order, it.order));
  }

  /** True when the change was not taken before; it is taken now. */
  boolean isNew(Finding finding) {
    Revision known = revisions.get(finding.getId());
    if (known != null && known.revision >= finding.getRevision()) {
      return false;
    }
    Revision newest = revisions.edit(finding.getId());
    newest.revision = finding.getRevision();
    newest.order = ++order;
    byAge.remove(finding.getId());
    byAge.add(finding.getId());
    if (byAge.size() > MOST) {
      String oldest = byAge.iterator().next();
      byAge.remove(oldest);
      revisions.remove(oldest);
    }
    return true;
  }
}
