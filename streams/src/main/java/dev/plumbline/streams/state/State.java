package dev.plumbline.streams.state;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * What is remembered of one entity. It writes itself to bytes and reads itself back, so that a
 * state restored at any point goes on exactly as the original would have.
 */
public interface State {

  /** Writes all of it; the first byte is the version of the form. */
  void write(DataOutput out) throws IOException;

  /**
   * Reads what {@link #write} wrote into this blank state.
   *
   * @throws IOException when the bytes are not of a form this version knows
   */
  void read(DataInput in) throws IOException;

  /**
   * Reads the version byte of a form that has had only one version.
   *
   * @throws IOException when it is another
   */
  static void version(DataInput in, int known) throws IOException {
    int version = in.readUnsignedByte();
    if (version != known) {
      throw new IOException(
          "state of version " + version + " can't be read: this build knows version " + known);
    }
  }
}
