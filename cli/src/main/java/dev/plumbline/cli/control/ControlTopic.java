package dev.plumbline.cli.control;

import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.event.Control;
import dev.plumbline.schemas.registry.SchemaRegistry;
import dev.plumbline.schemas.serde.EventSerde;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** The compacted topic in which control documents are kept. */
public final class ControlTopic {
  private final Map<String, Object> kafka;
  private final Serde<Control> serde;

  /**
   * @param kafka client settings of the broker
   */
  public ControlTopic(Map<String, Object> kafka, SchemaRegistry registry) {
    this.kafka = new HashMap<>(kafka);
    this.kafka.putIfAbsent("default.api.timeout.ms", 10_000);
    this.kafka.putIfAbsent("max.block.ms", 10_000);
    serde = EventSerde.of(Control.class, registry);
  }

  /**
   * Puts documents in force; all are acknowledged when it returns.
   *
   * @param at event time from which they hold
   * @param by who applied them
   * @param reason why, for whoever asks later; may be empty
   */
  public void apply(List<Document> documents, Instant at, String by, String reason)
      throws IOException {
    Map<String, Control> controls = new TreeMap<>();
    for (Document document : documents) {
      controls.put(
          document.key(),
          Control.newBuilder()
              .setKind(document.kind())
              .setName(document.metadata().name())
              .setSpec(Documents.json(document))
              .setAt(at)
              .setBy(by)
              .setReason(reason)
              .build());
    }
    send(controls, at);
  }

  /**
   * Takes a document out of force.
   *
   * @param key kind/name
   * @return false when there is none
   */
  public boolean delete(String key, Instant at) throws IOException {
    if (!all().containsKey(key)) {
      return false;
    }
    Map<String, Control> tombstone = new HashMap<>();
    tombstone.put(key, null);
    send(tombstone, at);
    return true;
  }

  /** Documents in force, by kind/name. */
  public Map<String, Control> all() {
    Map<String, Control> all = new TreeMap<>();
    TopicPartition only = new TopicPartition(Topic.CONTROL.name(), 0);
    try (KafkaConsumer<String, Control> consumer =
        new KafkaConsumer<>(kafka, new StringDeserializer(), serde.deserializer())) {
      consumer.assign(List.of(only));
      consumer.seekToBeginning(List.of(only));
      long end = consumer.endOffsets(List.of(only)).get(only);
      while (consumer.position(only) < end) {
        consumer
            .poll(Duration.ofMillis(300))
            .forEach(
                record -> {
                  if (record.value() == null) {
                    all.remove(record.key());
                  } else {
                    all.put(record.key(), record.value());
                  }
                });
      }
    }
    return all;
  }

  private void send(Map<String, Control> controls, Instant at) throws IOException {
    Map<String, Object> settings = new HashMap<>(kafka);
    settings.put("acks", "all");
    settings.put("enable.idempotence", true);
    try (KafkaProducer<String, Control> producer =
        new KafkaProducer<>(settings, new StringSerializer(), serde.serializer())) {
      for (Map.Entry<String, Control> control : controls.entrySet()) {
        producer
            .send(
                new ProducerRecord<>(
                    Topic.CONTROL.name(),
                    0,
                    Math.max(0, at.toEpochMilli()),
                    control.getKey(),
                    control.getValue()))
            .get();
      }
    } catch (ExecutionException e) {
      throw new IOException("the broker refused it: " + e.getCause().getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
