package dev.plumbline.cli.command;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.Topics;
import dev.plumbline.schemas.serde.BadRecordException;
import dev.plumbline.schemas.serde.EventDeserializer;
import dev.plumbline.streams.findings.CloudEventHeaders;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Reads one of the topics that come out, from its beginning. */
abstract class EventsCommand<T extends SpecificRecord> implements Callable<Integer> {
  @Mixin BrokerOption broker;

  @Option(names = "--json", description = "One JSON object a line.")
  boolean json;

  @Option(names = "--follow", description = "Go on with what comes.")
  boolean follow;

  @Spec CommandSpec spec;

  /** After a crash the newest events may come once more; older ones never do. */
  private static final int MOST_REMEMBERED = 100_000;

  private final Set<String> said = new LinkedHashSet<>();
  private final Topic topic;
  private final Class<T> type;
  private final Function<T, ObjectNode> object;
  private final Function<T, String> text;

  EventsCommand(
      Topic topic, Class<T> type, Function<T, ObjectNode> object, Function<T, String> text) {
    this.topic = topic;
    this.type = type;
    this.object = object;
    this.text = text;
  }

  @Override
  public Integer call() throws IOException {
    Map<String, Object> kafka = broker.kafka();
    kafka.put("isolation.level", "read_committed");
    kafka.put("default.api.timeout.ms", 10_000);
    PrintWriter out = spec.commandLine().getOut();
    EventDeserializer<T> decoder = new EventDeserializer<>(type, broker.registry());
    try (KafkaConsumer<String, byte[]> consumer =
        new KafkaConsumer<>(kafka, new StringDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> all = Topics.assign(consumer, topic);
      consumer.seekToBeginning(all);
      Map<TopicPartition, Long> ends = consumer.endOffsets(all);
      while (follow || all.stream().anyMatch(it -> consumer.position(it) < ends.get(it))) {
        for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(300))) {
          show(record, decoder, out);
        }
        out.flush();
      }
    }
    return 0;
  }

  private void show(
      ConsumerRecord<String, byte[]> record, EventDeserializer<T> decoder, PrintWriter out) {
    if (record.value() == null || !said.add(CloudEventHeaders.id(record.headers()))) {
      return;
    }
    if (said.size() > MOST_REMEMBERED) {
      said.remove(said.iterator().next());
    }
    try {
      T event = decoder.deserialize(topic.name(), record.value());
      out.println(json ? object.apply(event).toString() : text.apply(event));
    } catch (BadRecordException e) {
      spec.commandLine()
          .getErr()
          .println(
              "%s-%d@%d: %s"
                  .formatted(record.topic(), record.partition(), record.offset(), e.getMessage()));
    }
  }
}
