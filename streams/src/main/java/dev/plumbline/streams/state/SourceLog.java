package dev.plumbline.streams.state;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.processor.api.ProcessingContext;
import org.apache.kafka.streams.processor.api.Record;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The source topics as the write-ahead log of a task's state: after a restore, what was committed
 * after the checkpoint is read again from here.
 */
public interface SourceLog extends AutoCloseable {

  /** Next offset to be read by partition, as committed by the application; without it: absent. */
  Map<TopicPartition, Long> committed(Set<TopicPartition> partitions);

  /**
   * Reads ranges of the source, the partitions merged by the records' time as Kafka Streams merges
   * them.
   *
   * @param from first offset by partition
   * @param to offset behind the last one, by partition; a partition without it is not read
   */
  void read(
      Map<TopicPartition, Long> from,
      Map<TopicPartition, Long> to,
      Consumer<ConsumerRecord<byte[], byte[]>> out);

  /** Shows the newest records of each partition of a topic, at most so many of each. */
  void tail(String topic, int most, Consumer<ConsumerRecord<byte[], byte[]>> out);

  @Override
  void close();

  /** What was read again, as a processor gets it. */
  static Record<String, byte[]> record(ConsumerRecord<byte[], byte[]> read) {
    String key = read.key() == null ? null : new String(read.key(), StandardCharsets.UTF_8);
    return new Record<>(key, read.value(), Math.max(0, read.timestamp()), read.headers());
  }

  /** A source of which nothing was committed, for topologies that run without a broker. */
  static SourceLog empty() {
    return new SourceLog() {
      @Override
      public Map<TopicPartition, Long> committed(Set<TopicPartition> partitions) {
        return Map.of();
      }

      @Override
      public void read(
          Map<TopicPartition, Long> from,
          Map<TopicPartition, Long> to,
          Consumer<ConsumerRecord<byte[], byte[]>> out) {}

      @Override
      public void tail(String topic, int most, Consumer<ConsumerRecord<byte[], byte[]>> out) {}

      @Override
      public void close() {}
    };
  }

  /** The source on the brokers of a task. */
  static SourceLog of(ProcessingContext context) {
    Map<String, Object> settings =
        new StreamsConfig(context.appConfigs())
            .getRestoreConsumerConfigs("fold-" + context.applicationId() + '-' + context.taskId());
    settings.put(ConsumerConfig.GROUP_ID_CONFIG, context.applicationId());
    settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 2_000);
    settings.remove(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG);
    return new Topics(
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer()));
  }

  /** On a broker. */
  final class Topics implements SourceLog {
    private static final Logger LOG = LoggerFactory.getLogger(SourceLog.class);
    private static final int MOST_BUFFERED = 4_000;

    private final KafkaConsumer<byte[], byte[]> consumer;

    /** What is to be read of one partition. */
    private static final class Range {
      final TopicPartition partition;
      final long end;
      final ArrayDeque<ConsumerRecord<byte[], byte[]>> buffer = new ArrayDeque<>();
      long time = Long.MIN_VALUE;
      boolean read;

      Range(TopicPartition partition, long end) {
        this.partition = partition;
        this.end = end;
      }

      /** Time of the next record, never before one that went ahead of it. */
      long next() {
        return Math.max(time, buffer.peek().timestamp());
      }
    }

    private Topics(KafkaConsumer<byte[], byte[]> consumer) {
      this.consumer = consumer;
    }

    @Override
    public Map<TopicPartition, Long> committed(Set<TopicPartition> partitions) {
      Map<TopicPartition, Long> committed = new HashMap<>();
      for (Map.Entry<TopicPartition, OffsetAndMetadata> entry :
          consumer.committed(partitions).entrySet()) {
        if (entry.getValue() != null) {
          committed.put(entry.getKey(), entry.getValue().offset());
        }
      }
      return committed;
    }

    @Override
    public void read(
        Map<TopicPartition, Long> from,
        Map<TopicPartition, Long> to,
        Consumer<ConsumerRecord<byte[], byte[]>> out) {
      List<Range> ranges = ranges(from, to);
      while (!ranges.isEmpty()) {
        fetch(ranges);
        while (!ranges.isEmpty()) {
          ranges.removeIf(range -> range.read && range.buffer.isEmpty());
          Range first = null;
          boolean all = true;
          for (Range range : ranges) {
            if (range.buffer.isEmpty()) {
              all = false;
            } else if (first == null || range.next() < first.next()) {
              first = range;
            }
          }
          if (!all || first == null) {
            break;
          }
          first.time = first.next();
          out.accept(first.buffer.poll());
        }
      }
    }

    @Override
    public void tail(String topic, int most, Consumer<ConsumerRecord<byte[], byte[]>> out) {
      Set<TopicPartition> partitions = new HashSet<>();
      consumer
          .partitionsFor(topic)
          .forEach(it -> partitions.add(new TopicPartition(topic, it.partition())));
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      Map<TopicPartition, Long> from = new HashMap<>(consumer.beginningOffsets(partitions));
      from.replaceAll((partition, begin) -> Math.max(begin, ends.get(partition) - most));
      read(from, ends, out);
    }

    private List<Range> ranges(Map<TopicPartition, Long> from, Map<TopicPartition, Long> to) {
      Map<TopicPartition, Long> begin = consumer.beginningOffsets(to.keySet());
      List<Range> ranges = new ArrayList<>();
      Map<TopicPartition, Long> starts = new HashMap<>();
      to.forEach(
          (partition, end) -> {
            long wanted = from.getOrDefault(partition, 0L);
            long start = Math.max(wanted, begin.get(partition));
            if (wanted < start && from.containsKey(partition) && wanted < end) {
              LOG.atWarn()
                  .addKeyValue("topic", partition.topic())
                  .addKeyValue("partition", partition.partition())
                  .addKeyValue("from", wanted)
                  .addKeyValue("to", start)
                  .log("records are gone that the state lacks; keep the source longer");
            }
            if (start < end) {
              ranges.add(new Range(partition, end));
              starts.put(partition, start);
            }
          });
      ranges.sort(java.util.Comparator.comparing(range -> range.partition.topic()));
      consumer.assign(starts.keySet());
      starts.forEach(consumer::seek);
      return ranges;
    }

    private void fetch(List<Range> ranges) {
      for (Range range : ranges) {
        if (range.read || range.buffer.size() >= MOST_BUFFERED) {
          consumer.pause(List.of(range.partition));
        } else {
          consumer.resume(List.of(range.partition));
        }
      }
      var records = consumer.poll(Duration.ofMillis(100));
      for (Range range : ranges) {
        for (ConsumerRecord<byte[], byte[]> record : records.records(range.partition)) {
          if (record.offset() < range.end) {
            range.buffer.add(record);
          }
        }
        range.read = range.read || consumer.position(range.partition) >= range.end;
      }
    }

    @Override
    public void close() {
      consumer.close();
    }
  }
}
