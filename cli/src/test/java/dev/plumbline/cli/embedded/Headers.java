package dev.plumbline.cli.embedded;

import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.registry.SchemaRegistry;
import dev.plumbline.schemas.serde.EventDeserializer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Headers of the snapshots that lie on a topic of one partition, in their order. */
final class Headers {
  private Headers() {}

  static List<Header> of(int port, SchemaRegistry registry, Topic topic) {
    EventDeserializer<? extends SpecificRecord> decoder =
        new EventDeserializer<>(topic.type(), registry);
    List<Header> headers = new ArrayList<>();
    try (KafkaConsumer<String, byte[]> consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", "127.0.0.1:" + port),
            new StringDeserializer(),
            new ByteArrayDeserializer())) {
      TopicPartition partition = new TopicPartition(topic.name(), 0);
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      long end = consumer.endOffsets(List.of(partition)).get(partition);
      while (consumer.position(partition) < end) {
        consumer
            .poll(Duration.ofMillis(200))
            .forEach(
                it -> headers.add((Header) decoder.deserialize(it.topic(), it.value()).get(0)));
      }
    }
    return headers;
  }
}
