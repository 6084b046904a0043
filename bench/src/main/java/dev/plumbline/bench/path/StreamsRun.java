package dev.plumbline.bench.path;

import java.nio.file.Path;
import java.util.Properties;
import java.util.function.LongSupplier;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;

/** Runs a topology that isn't Plumbline's over the topics, in one thread, at-least-once. */
final class StreamsRun {
  private StreamsRun() {}

  /**
   * @param done snapshots done so far
   * @param total where to stop
   */
  static Probe.Taken of(
      Fixture fixture, Path folder, Topology topology, LongSupplier done, long total)
      throws InterruptedException {
    String application = fixture.application();
    Properties settings = new Properties();
    settings.putAll(fixture.client());
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, folder.toString());
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 200);
    settings.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
    settings.put(StreamsConfig.TOPIC_PREFIX + "min.compaction.lag.ms", "86400000");
    Probe probe = new Probe(fixture.broker.handle(), total);
    Probe.Taken taken;
    try (KafkaStreams streams = new KafkaStreams(topology, settings)) {
      streams.start();
      while (done.getAsLong() < total) {
        probe.at(done.getAsLong());
        Thread.sleep(2);
        if (streams.state() == KafkaStreams.State.ERROR) {
          throw new IllegalStateException(application + " failed; its log says why");
        }
      }
      taken = probe.end(done.getAsLong());
    }
    long changelog = fixture.logged(application + "-");
    if (changelog > 0) {
      taken.other().put("changelogBytes", (double) changelog);
      taken.other().put("of", (double) done.getAsLong());
    }
    fixture.clean(application);
    return taken;
  }
}
