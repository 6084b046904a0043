package dev.plumbline.streams.judge;

import dev.plumbline.streams.findings.Entity;
import dev.plumbline.streams.state.Codec;
import dev.plumbline.streams.state.State;
import dev.plumbline.streams.state.Table;
import dev.plumbline.streams.state.Tables;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The changes of the last hours in one cluster, whether or not each is a fault by itself: a symptom
 * looks here for what happened just before it.
 */
public final class Changes {
  private static final Duration KEPT = Duration.ofHours(6);

  /** One change. */
  public static final class Change implements State {
    /** Event time, milliseconds. */
    public long at;

    /** The finding kind this change is, or would be, if it were a fault. */
    public String kind = "";

    public Entity entity = Entity.of();

    /** One sentence: from what to what, by whom. */
    public String summary = "";

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      out.writeLong(at);
      Codec.text(out, kind);
      Codec.map(out, entity.parts());
      Codec.text(out, summary);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      at = in.readLong();
      kind = Codec.text(in);
      entity = new Entity(Codec.map(in));
      summary = Codec.text(in);
    }
  }

  private final Table<Change> table;

  public Changes(Tables tables) {
    table = tables.table("changes", Change::new);
  }

  /** Remembers a change; a later one of the same kind and entity replaces it. */
  public void add(long at, String kind, Entity entity, String summary) {
    Change change = table.edit(kind + '|' + entity.key());
    change.at = at;
    change.kind = kind;
    change.entity = entity;
    change.summary = summary;
  }

  /** Changes within a time, both ends included, sorted by kind and entity. */
  public List<Change> between(long from, long to) {
    List<Change> found = new ArrayList<>();
    for (Change change : table.all().values()) {
      if (change.at >= from && change.at <= to) {
        found.add(change);
      }
    }
    return found;
  }

  /** Forgets what is too old to explain anything. */
  void tick(long at) {
    List<String> old = new ArrayList<>();
    table
        .all()
        .forEach(
            (key, change) -> {
              if (at - change.at > KEPT.toMillis()) {
                old.add(key);
              }
            });
    old.forEach(table::remove);
  }
}
