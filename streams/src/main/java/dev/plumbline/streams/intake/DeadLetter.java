package dev.plumbline.streams.intake;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/**
 * A record that could not be used: its own bytes, with the cause and where it was in the headers.
 */
public final class DeadLetter {
  private DeadLetter() {}

  /**
   * The dead letter of a record.
   *
   * @param cause short name of the cause, the value of the metric label
   * @param message what is wrong and what to do about it
   */
  public static Record<String, byte[]> of(
      Record<String, byte[]> record, RecordMetadata origin, String cause, String message) {
    Headers headers = new RecordHeaders(record.headers());
    put(headers, "cause", cause);
    put(headers, "message", message);
    put(headers, "topic", origin.topic());
    put(headers, "partition", Integer.toString(origin.partition()));
    put(headers, "offset", Long.toString(origin.offset()));
    put(headers, "timestamp", Long.toString(record.timestamp()));
    return new Record<>(record.key(), record.value(), Math.max(0, record.timestamp()), headers);
  }

  private static void put(Headers headers, String name, String value) {
    headers.add("plumbline.error." + name, value.getBytes(StandardCharsets.UTF_8));
  }
}
