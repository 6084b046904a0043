package dev.plumbline.connectors.webhook;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.metrics.PluginMetrics;
import org.apache.kafka.connect.sink.ErrantRecordReporter;
import org.apache.kafka.connect.sink.SinkTaskContext;

/** What a worker gives a task: it remembers the wait and the reports. */
final class WorkerContext implements SinkTaskContext {
  private final List<String> reported = new ArrayList<>();
  private ErrantRecordReporter reporter =
      (record, error) -> {
        reported.add(record.originalKafkaOffset() + ": " + error.getMessage());
        return CompletableFuture.completedFuture(null);
      };
  private long timeout = -1;

  void withoutReporter() {
    reporter = null;
  }

  /** Offset and message of each reported record. */
  List<String> reported() {
    return reported;
  }

  /** The last wait that was asked for, in milliseconds. */
  long timeout() {
    return timeout;
  }

  @Override
  public ErrantRecordReporter errantRecordReporter() {
    return reporter;
  }

  @Override
  public void timeout(long millis) {
    timeout = millis;
  }

  @Override
  public Map<String, String> configs() {
    return Map.of();
  }

  @Override
  public void offset(Map<TopicPartition, Long> offsets) {}

  @Override
  public void offset(TopicPartition partition, long offset) {}

  @Override
  public Set<TopicPartition> assignment() {
    return Set.of();
  }

  @Override
  public void pause(TopicPartition... partitions) {}

  @Override
  public void resume(TopicPartition... partitions) {}

  @Override
  public void requestCommit() {}

  @Override
  public PluginMetrics pluginMetrics() {
    throw new UnsupportedOperationException();
  }
}
