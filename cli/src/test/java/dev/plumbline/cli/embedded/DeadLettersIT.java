package dev.plumbline.cli.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.Topics;
import dev.plumbline.schemas.registry.SchemaRegistry;
import dev.plumbline.streams.Detect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Foreign and huge records on the input topics of a live detection. */
class DeadLettersIT {
  @TempDir Path folder;

  @Test
  void whateverAForeignProducerWritesIsKeptWholeAndStopsNothing() throws Exception {
    byte[] json = "{\"message\":\"from syslog\"}".getBytes(StandardCharsets.UTF_8);
    byte[] huge = new byte[8 << 20];
    Arrays.fill(huge, (byte) 'x');
    // the largest value that the topic takes, less what a record needs around it
    byte[] largest = Arrays.copyOf(huge, huge.length - 4096);
    byte[] unknown = {0, 0, 0, 3, 9, 1, 2, 3};
    try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("kafka"), 0)) {
      try (Admin admin = Admin.create(broker.client())) {
        Topics.create(admin, 1, 1);
      }
      Map<String, Object> settings = new HashMap<>(broker.client());
      settings.put("max.request.size", 16 << 20);
      try (Detect detect =
              Detect.start(
                  new Detect.Settings(
                      broker.client(),
                      SchemaRegistry.inMemory(),
                      "plumbline",
                      1,
                      true,
                      folder.resolve("state"),
                      null));
          KafkaProducer<byte[], byte[]> producer =
              new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
        for (byte[] value : List.of(json, largest, unknown, new byte[0])) {
          producer
              .send(new ProducerRecord<>(Topic.RESOURCE_SNAPSHOTS.name(), "k".getBytes(), value))
              .get();
        }

        List<ConsumerRecord<byte[], byte[]>> letters = letters(broker, 4);
        assertThat(letters)
            .extracting(ConsumerRecord::value)
            .containsExactly(json, largest, unknown, new byte[0]);
        assertThat(letters)
            .extracting(DeadLettersIT::cause)
            .containsExactly("not_wire_format", "not_wire_format", "unknown_schema_id", "empty");
        assertThat(detect.healthy()).isTrue();
      }
    }
  }

  private static List<ConsumerRecord<byte[], byte[]>> letters(EmbeddedBroker broker, int wanted) {
    Map<String, Object> settings = new HashMap<>(broker.client());
    settings.put("isolation.level", "read_committed");
    TopicPartition only = new TopicPartition(Topic.DEAD_LETTERS.name(), 0);
    List<ConsumerRecord<byte[], byte[]>> letters = new ArrayList<>();
    Instant end = Instant.now().plus(Duration.ofMinutes(1));
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.assign(List.of(only));
      consumer.seekToBeginning(List.of(only));
      while (letters.size() < wanted && Instant.now().isBefore(end)) {
        consumer.poll(Duration.ofMillis(200)).forEach(letters::add);
      }
    }
    return letters;
  }

  private static String cause(ConsumerRecord<?, ?> letter) {
    return new String(
        letter.headers().lastHeader("plumbline.error.cause").value(), StandardCharsets.UTF_8);
  }
}
