package dev.plumbline.agent.spool;

import java.util.ArrayList;
import java.util.List;

/** Records that the disk refused. They are gone with the process. */
final class MemorySegment implements Segment {
  private final long id;
  private final List<byte[]> records = new ArrayList<>();
  private long bytes;
  private long dropped;

  MemorySegment(long id, long dropped) {
    this.id = id;
    this.dropped = dropped;
  }

  @Override
  public long id() {
    return id;
  }

  @Override
  public long count() {
    return records.size();
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public long dropped() {
    return dropped;
  }

  @Override
  public void addDropped(long more) {
    dropped += more;
  }

  @Override
  public long start() {
    return 0;
  }

  @Override
  public void append(byte[] record) {
    records.add(record);
    bytes += record.length;
  }

  @Override
  public Read read(long at) {
    return at < records.size() ? new Read(records.get((int) at), at + 1) : null;
  }

  @Override
  public void seal() {}

  @Override
  public void release() {}

  @Override
  public void delete() {
    records.clear();
  }
}
