package dev.plumbline.cli.why;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.Topics;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.event.Incident;
import dev.plumbline.schemas.event.Remediation;
import dev.plumbline.schemas.json.EventJson;
import dev.plumbline.schemas.registry.SchemaRegistry;
import dev.plumbline.schemas.serde.BadRecordException;
import dev.plumbline.schemas.serde.EventDeserializer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** The topics of a broker. A record that can't be read is passed over: its cause is told there. */
public final class TopicHistory implements History {
  private static final List<Topic> SNAPSHOTS =
      List.of(Topic.RESOURCE_SNAPSHOTS, Topic.LATENCY_SNAPSHOTS, Topic.POLICY_SNAPSHOTS);

  /** Records lie in the order in which they arrived, which differs a little from event time. */
  private static final Duration LATE = Duration.ofMinutes(2);

  private final Map<String, Object> kafka;
  private final SchemaRegistry registry;

  /**
   * @param kafka client settings of the broker
   */
  public TopicHistory(Map<String, Object> kafka, SchemaRegistry registry) {
    this.kafka = new HashMap<>(kafka);
    this.kafka.put("isolation.level", "read_committed");
    this.kafka.putIfAbsent("default.api.timeout.ms", 10_000);
    this.registry = registry;
  }

  @Override
  public List<ObjectNode> findings() {
    return events(Topic.FINDINGS, Finding.class, EventJson::of);
  }

  @Override
  public List<ObjectNode> incidents() {
    return events(Topic.INCIDENTS, Incident.class, EventJson::of);
  }

  @Override
  public List<ObjectNode> remediations() {
    return events(Topic.REMEDIATIONS, Remediation.class, EventJson::of);
  }

  @Override
  public void snapshots(String cluster, Instant from, Instant to, Reader reader) {
    for (Topic topic : SNAPSHOTS) {
      EventDeserializer<? extends SpecificRecord> decoder =
          new EventDeserializer<>(topic.type(), registry);
      read(
          topic,
          from.minus(LATE),
          to.plus(LATE),
          record -> {
            if (!cluster.equals(record.key()) || record.value() == null) {
              return;
            }
            SpecificRecord snapshot = decoder.deserialize(topic.name(), record.value());
            Instant at = ((Header) snapshot.get(0)).getObservedAt();
            if (!at.isBefore(from) && !at.isAfter(to)) {
              reader.read(
                  record.topic() + "-" + record.partition() + "@" + record.offset(), snapshot);
            }
          });
    }
  }

  private <T extends SpecificRecord> List<ObjectNode> events(
      Topic topic, Class<T> type, Function<T, ObjectNode> json) {
    EventDeserializer<T> decoder = new EventDeserializer<>(type, registry);
    List<ObjectNode> events = new ArrayList<>();
    read(
        topic,
        null,
        null,
        record -> {
          if (record.value() != null) {
            events.add(json.apply(decoder.deserialize(topic.name(), record.value())));
          }
        });
    return events;
  }

  private void read(
      Topic topic,
      Instant from,
      Instant to,
      java.util.function.Consumer<ConsumerRecord<String, byte[]>> reader) {
    try (KafkaConsumer<String, byte[]> consumer =
        new KafkaConsumer<>(kafka, new StringDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> all = Topics.assign(consumer, topic);
      Map<TopicPartition, Long> ends = new HashMap<>(consumer.endOffsets(all));
      if (from == null) {
        consumer.seekToBeginning(all);
      } else {
        offsets(consumer, all, from)
            .forEach((it, at) -> consumer.seek(it, at.map(Long::valueOf).orElse(ends.get(it))));
        offsets(consumer, all, to).forEach((it, at) -> at.ifPresent(end -> ends.put(it, end)));
      }
      while (all.stream().anyMatch(it -> consumer.position(it) < ends.get(it))) {
        for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(300))) {
          try {
            reader.accept(record);
          } catch (BadRecordException e) {
            // detection has put it into the dead letters, with this cause
          }
        }
      }
    }
  }

  private static Map<TopicPartition, Optional<Long>> offsets(
      KafkaConsumer<?, ?> consumer, List<TopicPartition> all, Instant at) {
    Map<TopicPartition, Long> times = new HashMap<>();
    all.forEach(it -> times.put(it, Math.max(0, at.toEpochMilli())));
    Map<TopicPartition, Optional<Long>> offsets = new HashMap<>();
    consumer
        .offsetsForTimes(times)
        .forEach(
            (it, found) ->
                offsets.put(it, Optional.ofNullable(found).map(OffsetAndTimestamp::offset)));
    return offsets;
  }
}
