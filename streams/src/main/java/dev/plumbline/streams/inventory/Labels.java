package dev.plumbline.streams.inventory;

import dev.plumbline.streams.state.Codec;
import dev.plumbline.streams.state.State;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.TreeMap;

/** Names and values of something: labels of a node or namespace, what a cluster says of itself. */
public final class Labels implements State {
  public TreeMap<String, String> values = new TreeMap<>();

  public String get(String name) {
    return values.getOrDefault(name, "");
  }

  @Override
  public void write(DataOutput out) throws IOException {
    out.writeByte(1);
    Codec.map(out, values);
  }

  @Override
  public void read(DataInput in) throws IOException {
    State.version(in, 1);
    values = Codec.map(in);
  }
}
