package dev.plumbline.streams.findings;

import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.FindingStatus;
import dev.plumbline.streams.state.State;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** A finding, as it was said last, that a table keeps by itself. */
public final class Kept implements State {
  public Finding finding;

  public boolean isOpen() {
    return finding.getStatus() != FindingStatus.resolved;
  }

  @Override
  public void write(DataOutput out) throws IOException {
    out.writeByte(1);
    Records.write(out, finding);
  }

  @Override
  public void read(DataInput in) throws IOException {
    State.version(in, 1);
    finding = Records.read(in, Finding.class);
  }
}
