package dev.plumbline.streams.intake;

import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.StreamPartitioner;

/**
 * A marker that says: nothing more comes in this partition. A replay writes one behind a tape into
 * every partition of the snapshot topics; each stage passes it on behind its last output, so a
 * reader knows when it has everything. Live runs have none.
 */
public final class EndOfTape {
  private static final String HEADER = "plumbline.end-of-tape";

  private static final String PREFIX = "end-of-tape/";

  /** Stages that end their findings by themselves: each of them in every partition. */
  public static final int STAGES = 2;

  private EndOfTape() {}

  /**
   * The marker for a partition of a snapshot topic.
   *
   * @param at event time after everything on the tape, milliseconds
   */
  public static ProducerRecord<String, byte[]> marker(String topic, int partition, long at) {
    return new ProducerRecord<>(topic, partition, at, key("tape", partition), null, headers());
  }

  /** True when a record is such a marker. */
  public static boolean is(Headers headers) {
    return headers.lastHeader(HEADER) != null;
  }

  /** Headers of a marker that is passed on. */
  public static Headers headers() {
    return new RecordHeaders().add(HEADER, new byte[] {1});
  }

  /**
   * Key of a marker bound for a partition.
   *
   * @param stage whose output ends; a marker that is passed on keeps it
   */
  public static String key(String stage, int partition) {
    return PREFIX + stage + '/' + partition;
  }

  /** Number of different markers behind all that comes of a tape. */
  public static int markers(int partitions) {
    return STAGES * partitions;
  }

  /** Sends markers to the partition they name and everything else where its key belongs. */
  public static <V> StreamPartitioner<String, V> partitioner() {
    return (topic, key, value, partitions) ->
        value == null && key != null && key.startsWith(PREFIX)
            ? Optional.of(
                Set.of(Integer.parseInt(key.substring(key.lastIndexOf('/') + 1)) % partitions))
            : Optional.empty();
  }
}
