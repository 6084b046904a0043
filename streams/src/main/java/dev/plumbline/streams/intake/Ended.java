package dev.plumbline.streams.intake;

import dev.plumbline.streams.state.State;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** That something of a tape has ended, a topic or a stage; its being there says it all. */
public final class Ended implements State {
  @Override
  public void write(DataOutput out) throws IOException {
    out.writeByte(1);
  }

  @Override
  public void read(DataInput in) throws IOException {
    State.version(in, 1);
  }
}
