package dev.plumbline.streams.intake;

import dev.plumbline.schemas.serde.BadRecordException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.function.BiConsumer;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a processor puts the records that it can't use: each goes on as its own bytes, with the
 * cause and where it was in the headers, and is counted and logged.
 */
public final class DeadLetters {
  private static final Logger LOG = LoggerFactory.getLogger(DeadLetters.class);

  private final ProcessorContext<String, Object> context;
  private final String child;
  private final BiConsumer<String, String> count;

  /**
   * @param child name of the node that writes the letters to their topic
   * @param count told the topic and the cause of each
   */
  public DeadLetters(
      ProcessorContext<String, Object> context, String child, BiConsumer<String, String> count) {
    this.context = context;
    this.child = child;
    this.count = count;
  }

  /** Puts a record aside that is no event at all. */
  public void bury(Record<String, byte[]> record, RecordMetadata origin, BadRecordException why) {
    bury(record, origin, why.cause().name().toLowerCase(Locale.ROOT), why.getMessage());
  }

  /**
   * Puts a record aside.
   *
   * @param cause short name of the cause, the value of the metric label
   * @param message what is wrong and what to do about it
   */
  public void bury(
      Record<String, byte[]> record, RecordMetadata origin, String cause, String message) {
    count.accept(origin.topic(), cause);
    LOG.atWarn()
        .addKeyValue("topic", origin.topic())
        .addKeyValue("partition", origin.partition())
        .addKeyValue("offset", origin.offset())
        .addKeyValue("cause", cause)
        .log("record moved to the dead letters: {}", message);
    Headers headers = new RecordHeaders(record.headers());
    put(headers, "cause", cause);
    put(headers, "message", message);
    put(headers, "topic", origin.topic());
    put(headers, "partition", Integer.toString(origin.partition()));
    put(headers, "offset", Long.toString(origin.offset()));
    put(headers, "timestamp", Long.toString(record.timestamp()));
    context.forward(
        new Record<>(record.key(), record.value(), Math.max(0, record.timestamp()), headers),
        child);
  }

  private static void put(Headers headers, String name, String value) {
    headers.add("plumbline.error." + name, value.getBytes(StandardCharsets.UTF_8));
  }
}
