package dev.plumbline.streams.state;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** A point of event time that a table keeps by itself. */
public final class Moment implements State {
  /** Milliseconds since 1970. */
  public long at;

  @Override
  public void write(DataOutput out) throws IOException {
    out.writeByte(1);
    out.writeLong(at);
  }

  @Override
  public void read(DataInput in) throws IOException {
    State.version(in, 1);
    at = in.readLong();
  }
}
