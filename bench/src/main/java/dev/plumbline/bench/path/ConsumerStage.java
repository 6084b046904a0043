package dev.plumbline.bench.path;

import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.serde.EventDeserializer;
import dev.plumbline.streams.intake.Sequencer;
import dev.plumbline.streams.judge.ClusterJudge;
import dev.plumbline.streams.state.Tables;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** A bare consumer in one thread: the least that any of it can cost. */
final class ConsumerStage implements Stage {
  /** Passes over the topics, so that a short one lasts long enough to be measured. */
  private final int passes;

  private final String name;
  private final String about;
  private final Work work;

  /** What is done with the records of one pass. */
  private interface Pass extends Consumer<ConsumerRecord<String, byte[]>> {
    /** True when each partition's three topics must come in the order of time. */
    default boolean ordered() {
      return false;
    }

    default double findings() {
      return 0;
    }
  }

  private interface Work {
    Pass begin(Fixture fixture);
  }

  private ConsumerStage(String name, String about, int passes, Work work) {
    this.name = name;
    this.about = about;
    this.passes = passes;
    this.work = work;
  }

  /** Reads and looks at no byte of it. */
  static Stage raw(int passes) {
    return new ConsumerStage("consume", "a consumer reads", passes, fixture -> record -> {});
  }

  /** Reads and decodes with the production deserialiser. */
  static Stage decode(int passes) {
    return new ConsumerStage(
        "decode",
        "a consumer reads and decodes",
        passes,
        fixture -> {
          Map<String, EventDeserializer<? extends SpecificRecord>> decoders = decoders(fixture);
          return record -> decoders.get(record.topic()).deserialize(record.topic(), record.value());
        });
  }

  /** Reads, decodes and judges; keeps all in the heap and writes nothing. */
  static Stage judge() {
    return new ConsumerStage(
        "bare",
        "a consumer reads, decodes and judges with the same detectors; nothing is kept",
        1,
        BareJudge::new);
  }

  private static Map<String, EventDeserializer<? extends SpecificRecord>> decoders(
      Fixture fixture) {
    Map<String, EventDeserializer<? extends SpecificRecord>> decoders = new HashMap<>();
    for (Topic topic : Fixture.SNAPSHOTS) {
      decoders.put(topic.name(), new EventDeserializer<>(topic.type(), fixture.registry));
    }
    return decoders;
  }

  private static final class BareJudge implements Pass {
    private final Map<String, EventDeserializer<? extends SpecificRecord>> decoders;
    private final Map<String, Sequencer> clusters = new HashMap<>();
    private long findings;

    BareJudge(Fixture fixture) {
      decoders = decoders(fixture);
    }

    @Override
    public void accept(ConsumerRecord<String, byte[]> record) {
      SpecificRecord snapshot =
          decoders.get(record.topic()).deserialize(record.topic(), record.value());
      clusters
          .computeIfAbsent(record.key(), this::cluster)
          .offer((Header) snapshot.get(0), snapshot);
    }

    private Sequencer cluster(String uid) {
      Tables tables = new Tables();
      ClusterJudge judge = new ClusterJudge(uid, tables, this::found);
      return new Sequencer(tables, judge::judge);
    }

    private void found(Finding finding) {
      findings++;
    }

    @Override
    public boolean ordered() {
      return true;
    }

    @Override
    public double findings() {
      return findings;
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String about() {
    return about;
  }

  @Override
  public Probe.Taken run(Fixture fixture, Path folder) {
    Map<String, Object> settings = new HashMap<>(fixture.client());
    settings.put("enable.auto.commit", "false");
    settings.put("auto.offset.reset", "earliest");
    Probe probe = new Probe(fixture.broker.handle(), fixture.snapshots * passes);
    long done = 0;
    double findings = 0;
    try (KafkaConsumer<String, byte[]> consumer =
        new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> inputs = fixture.inputs();
      consumer.assign(inputs);
      Map<TopicPartition, Long> ends = consumer.endOffsets(inputs);
      for (int pass = 0; pass < passes; pass++) {
        consumer.seekToBeginning(inputs);
        Pass one = work.begin(fixture);
        done =
            one.ordered()
                ? ordered(consumer, ends, one, probe)
                : any(consumer, one, probe, done, fixture.snapshots * (pass + 1));
        findings = one.findings();
      }
    }
    Probe.Taken taken = probe.end(done);
    if (findings > 0) {
      taken.other().put("findings", findings);
    }
    return taken;
  }

  private static long any(
      KafkaConsumer<String, byte[]> consumer, Pass pass, Probe probe, long before, long until) {
    long done = before;
    while (done < until) {
      for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(100))) {
        pass.accept(record);
        done++;
      }
      probe.at(done);
    }
    return done;
  }

  /** Takes the three topics of each partition in the order of time, as Kafka Streams does. */
  private static long ordered(
      KafkaConsumer<String, byte[]> consumer,
      Map<TopicPartition, Long> ends,
      Pass pass,
      Probe probe) {
    Map<TopicPartition, ArrayDeque<ConsumerRecord<String, byte[]>>> waiting = new HashMap<>();
    Map<Integer, List<TopicPartition>> tasks = new HashMap<>();
    Set<TopicPartition> ended = new HashSet<>();
    ends.forEach(
        (partition, end) -> {
          waiting.put(partition, new ArrayDeque<>());
          tasks.computeIfAbsent(partition.partition(), k -> new ArrayList<>()).add(partition);
          if (end == 0) {
            ended.add(partition);
          }
        });
    long done = 0;
    while (done < probe.total()) {
      for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(100))) {
        TopicPartition from = new TopicPartition(record.topic(), record.partition());
        waiting.get(from).add(record);
        if (record.offset() == ends.get(from) - 1) {
          ended.add(from);
        }
      }
      for (List<TopicPartition> task : tasks.values()) {
        for (TopicPartition next = next(task, waiting, ended);
            next != null;
            next = next(task, waiting, ended)) {
          pass.accept(waiting.get(next).poll());
          done++;
        }
      }
      waiting.forEach(
          (partition, records) -> {
            if (records.size() > 1000) {
              consumer.pause(List.of(partition));
            } else {
              consumer.resume(List.of(partition));
            }
          });
      probe.at(done);
    }
    return done;
  }

  /** The topic whose first record is the oldest; null while one of them may still bring older. */
  private static TopicPartition next(
      List<TopicPartition> task,
      Map<TopicPartition, ArrayDeque<ConsumerRecord<String, byte[]>>> waiting,
      Set<TopicPartition> ended) {
    TopicPartition next = null;
    long oldest = Long.MAX_VALUE;
    for (TopicPartition partition : task) {
      ConsumerRecord<String, byte[]> first = waiting.get(partition).peek();
      if (first == null && !ended.contains(partition)) {
        return null;
      }
      if (first != null && first.timestamp() < oldest) {
        oldest = first.timestamp();
        next = partition;
      }
    }
    return next;
  }
}
