package dev.plumbline.bench.path;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.Record;

/** Kafka Streams that does nothing with what it reads. */
final class PassThrough implements Stage {
  @Override
  public String name() {
    return "pass-through";
  }

  @Override
  public String about() {
    return "Kafka Streams reads";
  }

  @Override
  public Probe.Taken run(Fixture fixture, Path folder) throws Exception {
    AtomicLong done = new AtomicLong();
    Topology topology = new Topology();
    topology.addSource(
        "snapshots",
        new StringDeserializer(),
        new ByteArrayDeserializer(),
        Fixture.SNAPSHOTS.stream().map(it -> it.name()).toArray(String[]::new));
    topology.addProcessor(
        "nothing",
        () ->
            new Processor<String, byte[], Void, Void>() {
              @Override
              public void process(Record<String, byte[]> record) {
                done.lazySet(done.get() + 1);
              }
            },
        "snapshots");
    return StreamsRun.of(fixture, folder, topology, done::get, fixture.snapshots);
  }
}
