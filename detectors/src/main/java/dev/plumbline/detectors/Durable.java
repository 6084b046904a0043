package dev.plumbline.detectors;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * A detector whose past can be put into bytes and taken back at any sample: the copy says from then
 * on exactly what the original would have said.
 */
public interface Durable {

  /** Writes the whole state; its first byte is the version of the form. */
  void write(DataOutput out) throws IOException;

  /**
   * Takes over what {@link #write} wrote.
   *
   * @throws IOException when the bytes are of a form this build doesn't know
   */
  void read(DataInput in) throws IOException;

  /** Reads the version byte of a form that has had only this one version. */
  static void version(DataInput in, int known) throws IOException {
    int version = in.readUnsignedByte();
    if (version != known) {
      throw new IOException(
          "state of version " + version + " can't be read: this build knows version " + known);
    }
  }

  /** Writes the values of an array whose length the form fixes. */
  static void write(DataOutput out, double[] values) throws IOException {
    for (double value : values) {
      out.writeDouble(value);
    }
  }

  /** Fills an array from what {@link #write(DataOutput, double[])} wrote. */
  static void read(DataInput in, double[] values) throws IOException {
    for (int i = 0; i < values.length; i++) {
      values[i] = in.readDouble();
    }
  }

  /** Writes the values of an array whose length the form fixes. */
  static void write(DataOutput out, float[] values) throws IOException {
    for (float value : values) {
      out.writeFloat(value);
    }
  }

  /** Fills an array from what {@link #write(DataOutput, float[])} wrote. */
  static void read(DataInput in, float[] values) throws IOException {
    for (int i = 0; i < values.length; i++) {
      values[i] = in.readFloat();
    }
  }
}
