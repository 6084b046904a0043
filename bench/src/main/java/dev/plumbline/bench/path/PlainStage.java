package dev.plumbline.bench.path;

import dev.plumbline.bench.load.Numbers;
import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.serde.EventDeserializer;
import dev.plumbline.streams.intake.Sequencer;
import dev.plumbline.streams.judge.ClusterJudge;
import dev.plumbline.streams.state.Tables;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * What one would build first with Kafka Streams: the same detectors, and the state of each series
 * an entry of its own in the default store (RocksDB with a changelog), got and put with every
 * sample. Kindly to it, the series are not sent through a repartition topic as the DSL would, and
 * their state is 64 bytes of level, spread and drift.
 */
final class PlainStage implements Stage {
  private static final String STORE = "series";

  private final long most;

  /**
   * @param most snapshots to go over; it is slow
   */
  PlainStage(long most) {
    this.most = most;
  }

  @Override
  public String name() {
    return "plain";
  }

  @Override
  public String about() {
    return "Kafka Streams with the same detectors and one RocksDB entry for each series";
  }

  @Override
  public Probe.Taken run(Fixture fixture, Path folder) throws Exception {
    AtomicLong done = new AtomicLong();
    Topology topology = new Topology();
    topology.addSource(
        "snapshots",
        new StringDeserializer(),
        new ByteArrayDeserializer(),
        Fixture.SNAPSHOTS.stream().map(Topic::name).toArray(String[]::new));
    topology.addProcessor("plain", () -> new PlainProcessor(fixture, done), "snapshots");
    topology.addStateStore(
        Stores.keyValueStoreBuilder(
            Stores.persistentKeyValueStore(STORE), Serdes.String(), Serdes.ByteArray()),
        "plain");
    return StreamsRun.of(fixture, folder, topology, done::get, Math.min(most, fixture.snapshots));
  }

  private static final class PlainProcessor implements Processor<String, byte[], Void, Void> {
    private final Map<String, EventDeserializer<? extends SpecificRecord>> decoders =
        new HashMap<>();
    private final Map<String, Sequencer> clusters = new HashMap<>();
    private final AtomicLong done;
    private ProcessorContext<Void, Void> context;
    private KeyValueStore<String, byte[]> store;

    PlainProcessor(Fixture fixture, AtomicLong done) {
      this.done = done;
      for (Topic topic : Fixture.SNAPSHOTS) {
        decoders.put(topic.name(), new EventDeserializer<>(topic.type(), fixture.registry));
      }
    }

    @Override
    public void init(ProcessorContext<Void, Void> context) {
      this.context = context;
      store = context.getStateStore(STORE);
    }

    @Override
    public void process(Record<String, byte[]> record) {
      String topic = context.recordMetadata().orElseThrow().topic();
      SpecificRecord snapshot = decoders.get(topic).deserialize(topic, record.value());
      Header header = (Header) snapshot.get(0);
      clusters.computeIfAbsent(record.key(), this::cluster).offer(header, snapshot);
      String prefix = record.key() + '|' + header.getTarget() + '|' + header.getSource() + '|';
      Numbers.each(snapshot, (series, value) -> update(prefix + series, value));
      done.incrementAndGet();
    }

    private Sequencer cluster(String uid) {
      Tables tables = new Tables();
      ClusterJudge judge = new ClusterJudge(uid, tables, finding -> {});
      return new Sequencer(tables, judge::judge);
    }

    /** Exponentially weighted mean and variance, a two-sided sum of drift, least and most. */
    private void update(String series, double value) {
      byte[] bytes = store.get(series);
      ByteBuffer state = ByteBuffer.wrap(bytes == null ? new byte[64] : bytes);
      double count = state.getDouble(0) + 1;
      double rate = Math.max(0.02, 1 / count);
      double error = value - state.getDouble(8);
      double mean = state.getDouble(8) + rate * error;
      double variance = (1 - rate) * (state.getDouble(16) + rate * error * error);
      double z = variance > 0 ? error / Math.sqrt(variance) : 0;
      state.putDouble(0, count);
      state.putDouble(8, mean);
      state.putDouble(16, variance);
      state.putDouble(24, Math.max(0, state.getDouble(24) + z - 0.5));
      state.putDouble(32, Math.max(0, state.getDouble(32) - z - 0.5));
      state.putDouble(40, bytes == null ? value : Math.min(state.getDouble(40), value));
      state.putDouble(48, bytes == null ? value : Math.max(state.getDouble(48), value));
      state.putDouble(56, value);
      store.put(series, state.array());
    }
  }
}
