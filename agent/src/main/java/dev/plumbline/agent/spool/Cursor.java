package dev.plumbline.agent.spool;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Up to where records were acknowledged, and the number of this life, in a small file that is
 * written over in place. One that can't be read stands at the beginning: what is then sent again is
 * recognised by its sequence number.
 */
final class Cursor {
  private static final Logger LOG = LoggerFactory.getLogger(Cursor.class);
  private static final int SIZE = 4 * Long.BYTES + Integer.BYTES;

  private final RandomAccessFile file;
  private boolean failed;

  long segment;
  long at;

  /** Records acknowledged in the segment. */
  long index;

  long epoch;

  Cursor(Path path) throws IOException {
    file = new RandomAccessFile(path.toFile(), "rw");
    if (file.length() >= SIZE) {
      byte[] bytes = new byte[SIZE];
      file.readFully(bytes);
      ByteBuffer in = ByteBuffer.wrap(bytes);
      if (in.getInt(SIZE - Integer.BYTES) == checksum(bytes)) {
        segment = in.getLong();
        at = in.getLong();
        index = in.getLong();
        epoch = in.getLong();
      }
    }
  }

  void move(long segment, long at, long index) {
    this.segment = segment;
    this.at = at;
    this.index = index;
    save();
  }

  /** Records of a segment that were acknowledged, as far as this stands in it. */
  long acknowledged(Segment in) {
    return in.id() == segment ? index : 0;
  }

  void save() {
    ByteBuffer out = ByteBuffer.allocate(SIZE);
    out.putLong(segment).putLong(at).putLong(index).putLong(epoch);
    out.putInt(checksum(out.array()));
    try {
      file.seek(0);
      file.write(out.array());
      failed = false;
    } catch (IOException e) {
      if (!failed) {
        LOG.warn("the spool's cursor can't be written: {}", e.getMessage());
      }
      failed = true;
    }
  }

  void close() throws IOException {
    file.close();
  }

  private static int checksum(byte[] bytes) {
    CRC32C sum = new CRC32C();
    sum.update(bytes, 0, SIZE - Integer.BYTES);
    return (int) sum.getValue();
  }
}
