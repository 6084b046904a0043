package dev.plumbline.bench.micro;

import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.serde.EventDeserializer;
import dev.plumbline.schemas.serde.EventSerializer;
import java.util.concurrent.TimeUnit;
import org.apache.avro.specific.SpecificRecord;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** The wire format of a node's snapshot with 8 GPUs, and of a model server's. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SnapshotBenchmark {
  private Snapshots boards;
  private Snapshots servers;
  private EventSerializer<SpecificRecord> serializer;
  private EventDeserializer<? extends SpecificRecord> resource;
  private EventDeserializer<? extends SpecificRecord> latency;
  private int next;

  @Setup
  public void setUp() {
    boards = new Snapshots(0, 64);
    servers = new Snapshots(1, 64);
    serializer = new EventSerializer<>(boards.registry);
    resource = new EventDeserializer<>(Topic.RESOURCE_SNAPSHOTS.type(), boards.registry);
    latency = new EventDeserializer<>(Topic.LATENCY_SNAPSHOTS.type(), servers.registry);
  }

  @Benchmark
  public Object encodeBoards() {
    return serializer.serialize(Topic.RESOURCE_SNAPSHOTS.name(), boards.all.get(next++ & 63));
  }

  @Benchmark
  public Object decodeBoards() {
    return resource.deserialize(Topic.RESOURCE_SNAPSHOTS.name(), boards.bytes.get(next++ & 63));
  }

  @Benchmark
  public Object decodeServer() {
    return latency.deserialize(Topic.LATENCY_SNAPSHOTS.name(), servers.bytes.get(next++ & 63));
  }
}
