package dev.plumbline.connectors.webhook;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.plumbline.connectors.Version;
import io.cloudevents.CloudEvent;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.errors.RetriableException;
import org.apache.kafka.connect.sink.ErrantRecordReporter;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.sink.SinkTask;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Posts each record and judges the answer.
 *
 * <p>A failure that may pass gives the batch back to the worker, which brings it again after the
 * wait it was asked for, or earlier, when its offset commit is due: then it is given back at once.
 * Records of the batch that were settled are not sent again. Nothing sleeps here.
 */
public final class WebhookSinkTask extends SinkTask {
  // plain calls: a worker of Apache Kafka brings SLF4J 1.7, which has no fluent ones
  private static final Logger log = LoggerFactory.getLogger(WebhookSinkTask.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Clock clock;
  private final Function<WebhookConfig, Endpoint> connect;

  /** Offset of the last record that was delivered, refused or filtered, in a batch that is not. */
  private final Map<TopicPartition, Long> settled = new HashMap<>();

  private WebhookConfig config;
  private Filter filter;
  private Envelope envelope;
  private Endpoint endpoint;
  private Trouble trouble = Trouble.NONE;

  public WebhookSinkTask() {
    this(Clock.systemUTC(), it -> new HttpEndpoint(it, Clock.systemUTC()));
  }

  WebhookSinkTask(Clock clock, Function<WebhookConfig, Endpoint> connect) {
    this.clock = clock;
    this.connect = connect;
  }

  @Override
  public void start(Map<String, String> settings) {
    config = new WebhookConfig(settings);
    filter = config.filter();
    envelope = config.envelope();
    endpoint = connect.apply(config);
  }

  @Override
  public void put(Collection<SinkRecord> records) {
    Duration rest = trouble.restAt(clock.instant());
    if (!rest.isZero()) {
      context.timeout(rest.toMillis());
      throw new RetriableException(
          receiver() + " is left alone for " + rest.toMillis() + " ms more");
    }
    for (SinkRecord record : records) {
      if (!isSettled(record)) {
        deliver(record);
        settled.put(place(record), record.originalKafkaOffset());
        trouble = Trouble.NONE;
      }
    }
    settled.clear();
  }

  @Override
  public void close(Collection<TopicPartition> partitions) {
    settled.keySet().removeAll(partitions);
    trouble = trouble.ofNoRecord();
  }

  @Override
  public void stop() {}

  @Override
  public String version() {
    return Version.TEXT;
  }

  private void deliver(SinkRecord record) {
    Optional<CloudEvent> event;
    try {
      event = event(record);
    } catch (DataException e) {
      refuse(record, e);
      return;
    }
    event.ifPresent(it -> post(record, it));
  }

  /** Empty for a record that nobody wants. */
  private Optional<CloudEvent> event(SinkRecord record) {
    if (record.value() == null) {
      return Optional.empty();
    }
    Event event = Event.of(record.value());
    return filter.wants(event) ? Optional.of(envelope.of(event, bytes(event))) : Optional.empty();
  }

  private static byte[] bytes(Event event) {
    try {
      return JSON.writeValueAsBytes(Body.of(event.value()));
    } catch (JsonProcessingException e) {
      throw new DataException("no JSON form for " + event.noun().word() + " " + event.id(), e);
    }
  }

  private void post(SinkRecord record, CloudEvent event) {
    try {
      Answer answer = endpoint.post(event);
      String said = event.getId() + ": " + receiver() + " " + answer;
      switch (answer.delivery()) {
        case DELIVERED -> log.debug("{}", said);
        case RETRY -> retry(record, said, answer.retryAfter().orElse(Duration.ZERO), null);
        case REFUSED -> refuse(record, new DataException(said));
      }
    } catch (IOException e) {
      String said = event.getId() + ": no answer from " + receiver() + ": " + e.getMessage();
      retry(record, said, Duration.ZERO, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ConnectException(event.getId() + ": interrupted while posting", e);
    }
  }

  private void retry(SinkRecord record, String said, Duration atLeast, IOException cause) {
    Instant now = clock.instant();
    Trouble worse = trouble.failedAt(now);
    Duration tried = Duration.between(worse.since(), now);
    if (config.retryLimit().filter(it -> tried.compareTo(it) >= 0).isPresent()) {
      String over =
          "; tried for " + tried.toMillis() + " ms, " + WebhookConfig.RETRY_LIMIT + " is over";
      refuse(record, new DataException(said + over, cause));
      return;
    }
    Duration backoff = config.backoff().after(worse.failures(), ThreadLocalRandom.current());
    Duration wait = backoff.compareTo(atLeast) > 0 ? backoff : atLeast;
    trouble = worse.restUntil(now.plus(wait));
    context.timeout(wait.toMillis());
    throw new RetriableException(said + "; again in " + wait.toMillis() + " ms", cause);
  }

  private void refuse(SinkRecord record, DataException reason) {
    ErrantRecordReporter reporter = context.errantRecordReporter();
    if (reporter == null) {
      throw reason;
    }
    log.warn(
        "refused {} offset {}: {}",
        place(record),
        record.originalKafkaOffset(),
        reason.getMessage());
    reporter.report(record, reason);
  }

  private boolean isSettled(SinkRecord record) {
    Long last = settled.get(place(record));
    return last != null && record.originalKafkaOffset() <= last;
  }

  private static TopicPartition place(SinkRecord record) {
    return new TopicPartition(record.originalTopic(), record.originalKafkaPartition());
  }

  /** Without path and query: some receivers' secrets stand there. */
  private String receiver() {
    return config.url().getScheme() + "://" + config.url().getAuthority();
  }
}
