package dev.plumbline.streams.inventory;

import dev.plumbline.streams.state.Codec;
import dev.plumbline.streams.state.State;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.TreeSet;

/** A board and who holds it. */
public final class Gpu implements State {
  public String uuid = "";
  public String index = "";
  public String node = "";
  public String product = "";
  public String driver = "";

  /** True when the board is cut into MIG instances. */
  public boolean mig;

  /** Pods that hold it or a share of it, as namespace/pod. */
  public TreeSet<String> holders = new TreeSet<>();

  @Override
  public void write(DataOutput out) throws IOException {
    out.writeByte(1);
    for (String text : new String[] {uuid, index, node, product, driver}) {
      Codec.text(out, text);
    }
    out.writeBoolean(mig);
    Codec.texts(out, holders);
  }

  @Override
  public void read(DataInput in) throws IOException {
    State.version(in, 1);
    uuid = Codec.text(in);
    index = Codec.text(in);
    node = Codec.text(in);
    product = Codec.text(in);
    driver = Codec.text(in);
    mig = in.readBoolean();
    holders = Codec.texts(in);
  }
}
