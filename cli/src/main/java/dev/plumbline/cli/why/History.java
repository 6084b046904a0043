package dev.plumbline.cli.why;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;

/** Where what was said, and what it was said of, can be read again. */
public interface History {

  /** Takes a snapshot and the place where it can be read again. */
  @FunctionalInterface
  interface Reader {
    void read(String place, SpecificRecord snapshot);
  }

  /** Every line about every finding, in the order in which they were said. */
  List<ObjectNode> findings() throws IOException;

  /** Every line about every incident. */
  List<ObjectNode> incidents() throws IOException;

  /** Every line about every remediation. */
  List<ObjectNode> remediations() throws IOException;

  /**
   * Snapshots of a cluster, in the order in which they are kept.
   *
   * @param from observed no earlier, event time
   * @param to observed no later
   */
  void snapshots(String cluster, Instant from, Instant to, Reader reader) throws IOException;
}
