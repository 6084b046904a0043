package dev.plumbline.bench.path;

import dev.plumbline.bench.load.Load;
import dev.plumbline.bench.load.Numbers;
import dev.plumbline.bench.load.Size;
import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.Topics;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.registry.RegistryServer;
import dev.plumbline.schemas.registry.SchemaRegistry;
import dev.plumbline.schemas.serde.EventDeserializer;
import dev.plumbline.schemas.serde.EventSerializer;
import dev.plumbline.streams.findings.CloudEventHeaders;
import dev.plumbline.streams.findings.Kind;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.LogDirDescription;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Topics with a load on them, and what the broker knows of them. */
final class Fixture implements AutoCloseable {
  static final List<Topic> SNAPSHOTS =
      List.of(Topic.RESOURCE_SNAPSHOTS, Topic.LATENCY_SNAPSHOTS, Topic.POLICY_SNAPSHOTS);

  private static final List<Topic> OUTPUTS =
      List.of(
          Topic.FLEET_FACTS,
          Topic.FINDINGS,
          Topic.INCIDENTS,
          Topic.REMEDIATIONS,
          Topic.DEAD_LETTERS);

  final BrokerProcess broker;
  final RegistryServer registryServer;
  final SchemaRegistry registry;
  final int partitions;
  final Admin admin;
  long snapshots;
  long samples;
  long rawBytes;
  private int applications;

  Fixture(BrokerProcess broker, int partitions) throws IOException {
    this.broker = broker;
    this.partitions = partitions;
    registryServer = RegistryServer.start(broker.client(), 0);
    registry = SchemaRegistry.connect(Map.of("schema.registry.url", registryServer.url()));
    admin = Admin.create(broker.client());
    Topics.create(admin, partitions, 1, Map.of("retention.ms", "-1"));
  }

  /** A name that no run had before: a group that just ended still waits for its members. */
  String application() {
    return "bench" + applications++;
  }

  /** Client settings. */
  Map<String, Object> client() {
    return broker.client();
  }

  /** Puts a load onto the topics, as the agents send it. */
  void load(Size size) {
    AtomicReference<Exception> failed = new AtomicReference<>();
    EventSerializer<SpecificRecord> bytes = new EventSerializer<>(registry);
    try (KafkaProducer<String, byte[]> producer = producer()) {
      snapshots +=
          new Load(size)
              .drain(
                  (topic, cluster, at, snapshot) -> {
                    byte[] value = bytes.serialize(topic.name(), snapshot);
                    samples += Numbers.count(snapshot);
                    rawBytes += value.length;
                    producer.send(
                        new ProducerRecord<>(topic.name(), null, at, cluster, value),
                        (sent, e) -> failed.compareAndSet(null, e));
                  });
      producer.flush();
    }
    if (failed.get() != null) {
      throw new IllegalStateException("the load could not be written", failed.get());
    }
  }

  /** A producer set as the agent's. */
  KafkaProducer<String, byte[]> producer() {
    return producer(client());
  }

  /** The same for a process that has no more than the client settings. */
  static KafkaProducer<String, byte[]> producer(Map<String, Object> client) {
    Map<String, Object> settings = new HashMap<>(client);
    settings.put("linger.ms", 5);
    settings.put("compression.type", "lz4");
    settings.put("batch.size", 262_144);
    return new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer());
  }

  /** Partitions of the snapshot topics. */
  List<TopicPartition> inputs() {
    List<TopicPartition> all = new ArrayList<>();
    for (Topic topic : SNAPSHOTS) {
      for (int p = 0; p < partitions; p++) {
        all.add(new TopicPartition(topic.name(), p));
      }
    }
    return all;
  }

  /** Records on the snapshot topics that a group has done with. */
  long committed(String group) {
    Set<TopicPartition> inputs = new HashSet<>(inputs());
    return await(admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata())
        .entrySet()
        .stream()
        .filter(it -> inputs.contains(it.getKey()) && it.getValue() != null)
        .mapToLong(it -> it.getValue().offset())
        .sum();
  }

  /** Partitions of the snapshot topics that a member of a group has. */
  Set<TopicPartition> owned(String group, String client) {
    Set<TopicPartition> owned = new HashSet<>();
    await(admin.describeConsumerGroups(List.of(group)).all()).get(group).members().stream()
        .filter(it -> it.clientId().startsWith(client))
        .forEach(it -> owned.addAll(it.assignment().topicPartitions()));
    owned.retainAll(inputs());
    return owned;
  }

  /** Records of a topic that a group still has to do. */
  long behind(String group, Topic topic) {
    Map<TopicPartition, OffsetAndMetadata> done =
        await(admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata());
    Map<TopicPartition, OffsetSpec> all = new HashMap<>();
    for (int p = 0; p < (topic.partitioned() ? partitions : 1); p++) {
      all.put(new TopicPartition(topic.name(), p), OffsetSpec.latest());
    }
    return await(admin.listOffsets(all).all()).entrySet().stream()
        .mapToLong(
            it ->
                it.getValue().offset()
                    - (done.get(it.getKey()) == null ? 0 : done.get(it.getKey()).offset()))
        .sum();
  }

  /** Records in a topic that were not removed, as a reader of committed ones sees them. */
  long records(Topic topic) {
    long[] count = {0};
    read(topic, it -> count[0]++);
    return count[0];
  }

  /**
   * How often each change of a finding was said. Without telemetry.stale: the fleet's clock runs
   * hundreds of times too fast here, so that a producer's batch that is sent a little later than
   * another's is minutes of silence.
   */
  Map<String, Integer> said() {
    Map<String, Integer> said = new TreeMap<>();
    try (EventDeserializer<Finding> findings = new EventDeserializer<>(Finding.class, registry)) {
      read(
          Topic.FINDINGS,
          it -> {
            Finding finding = findings.deserialize(it.topic(), it.value());
            if (!finding.getKind().equals(Kind.TELEMETRY_STALE)) {
              said.merge(CloudEventHeaders.id(it.headers()), 1, Integer::sum);
            }
          });
    }
    return said;
  }

  private void read(Topic topic, Consumer<ConsumerRecord<byte[], byte[]>> out) {
    Map<String, Object> settings = new HashMap<>(client());
    settings.put("isolation.level", "read_committed");
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> all = Topics.assign(consumer, topic);
      consumer.seekToBeginning(all);
      Map<TopicPartition, Long> ends = consumer.endOffsets(all);
      while (ends.entrySet().stream()
          .anyMatch(it -> consumer.position(it.getKey()) < it.getValue())) {
        consumer.poll(Duration.ofMillis(50)).forEach(out);
      }
    }
  }

  /** Bytes in the broker's log of all topics whose name has a part. */
  long logged(String part) {
    long bytes = 0;
    for (Map<String, LogDirDescription> node :
        await(admin.describeLogDirs(List.of(1)).allDescriptions()).values()) {
      for (LogDirDescription folder : node.values()) {
        bytes +=
            folder.replicaInfos().entrySet().stream()
                .filter(it -> it.getKey().topic().contains(part))
                .mapToLong(it -> it.getValue().size())
                .sum();
      }
    }
    return bytes;
  }

  /** Empties what detection writes, and removes an application's own topics. */
  void clean(String application) {
    Map<TopicPartition, RecordsToDelete> all = new HashMap<>();
    for (Topic topic : OUTPUTS) {
      for (int p = 0; p < (topic.partitioned() ? partitions : 1); p++) {
        all.put(new TopicPartition(topic.name(), p), RecordsToDelete.beforeOffset(-1));
      }
    }
    await(admin.deleteRecords(all).all());
    List<String> own =
        await(admin.listTopics().names()).stream()
            .filter(it -> it.startsWith(application + "-"))
            .toList();
    await(admin.deleteTopics(own).all());
  }

  static <T> T await(KafkaFuture<T> future) {
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("the broker refuses: " + e.getCause(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    admin.close();
    registryServer.close();
  }
}
