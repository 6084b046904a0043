package dev.plumbline.detectors;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Sends a detector's past through bytes. */
public final class Copies {
  private Copies() {}

  /** Reads into the blank detector what the other writes, to the last byte. */
  public static <D extends Durable> D through(D detector, D blank) {
    try {
      DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes(detector)));
      blank.read(in);
      if (in.read() >= 0) {
        throw new IllegalStateException("bytes are left over");
      }
      return blank;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static byte[] bytes(Durable detector) {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      detector.write(new DataOutputStream(bytes));
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
