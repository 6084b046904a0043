package dev.plumbline.connectors.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plumbline.connectors.Given;
import io.cloudevents.CloudEvent;
import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.errors.RetriableException;
import org.apache.kafka.connect.sink.SinkRecord;
import org.junit.jupiter.api.Test;

class WebhookSinkTaskTest {
  private static final Answer OK = new Answer(200, Optional.empty(), "");
  private static final Answer BUSY = new Answer(503, Optional.empty(), "busy");
  private static final Answer BAD = new Answer(400, Optional.empty(), "no such field");

  private final Time time = new Time(Given.TEN);
  private final WorkerContext worker = new WorkerContext();
  private final Deque<Object> answers = new ArrayDeque<>();
  private final List<String> posted = new ArrayList<>();

  @Test
  void eachEventIsPostedOnce() {
    task().put(List.of(finding(0), finding(1), record(2, Given.incident().build())));

    assertThat(posted).containsExactly("f0-0", "f1-0", "inc-7-2");
  }

  @Test
  void aBatchThatFailedInTheMiddleGoesOnWhereItFailed() {
    List<SinkRecord> batch = List.of(finding(0), finding(1), finding(2));
    answer(OK, BUSY, OK, OK);
    WebhookSinkTask task = task();

    assertThatThrownBy(() -> task.put(batch))
        .isInstanceOf(RetriableException.class)
        .hasMessageMatching("f1-0: https://example.com answered 503: busy; again in \\d+ ms");
    time.pass(Duration.ofSeconds(1));
    task.put(batch);

    assertThat(posted).containsExactly("f0-0", "f1-0", "f1-0", "f2-0");
  }

  @Test
  void aWorkerThatComesBackEarlyIsSentAwayWithoutAPost() {
    answer(new Answer(429, Optional.of(Duration.ofSeconds(90)), ""), OK);
    WebhookSinkTask task = task();
    assertThatThrownBy(() -> task.put(List.of(finding(0)))).isInstanceOf(RetriableException.class);
    assertThat(worker.timeout()).isEqualTo(90_000);

    time.pass(Duration.ofSeconds(60));
    assertThatThrownBy(() -> task.put(List.of(finding(0))))
        .isInstanceOf(RetriableException.class)
        .hasMessage("https://example.com is left alone for 30000 ms more");
    assertThat(worker.timeout()).isEqualTo(30_000);
    assertThat(posted).hasSize(1);

    time.pass(Duration.ofSeconds(30));
    task.put(List.of(finding(0)));
    assertThat(posted).hasSize(2);
  }

  @Test
  void waitsGrowWithFailuresAndAreForgottenAfterADelivery() {
    WebhookSinkTask task = task();
    List<Long> waits = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      answer(BUSY);
      assertThatThrownBy(() -> task.put(List.of(finding(0))))
          .isInstanceOf(RetriableException.class);
      waits.add(worker.timeout());
      time.pass(Duration.ofMillis(worker.timeout()));
    }
    assertThat(waits.get(0)).isBetween(500L, 1000L);
    assertThat(waits.get(3)).isBetween(4000L, 8000L);

    answer(OK, BUSY);
    assertThatThrownBy(() -> task.put(List.of(finding(0), finding(1))))
        .isInstanceOf(RetriableException.class);
    assertThat(worker.timeout()).isBetween(500L, 1000L);
  }

  @Test
  void noAnswerIsAPassingFault() {
    answer(new ConnectException("Connection refused"));

    assertThatThrownBy(() -> task().put(List.of(finding(0))))
        .isInstanceOf(RetriableException.class)
        .hasMessageMatching(
            "f0-0: no answer from https://example.com: Connection refused; again in \\d+ ms");
  }

  @Test
  void aRefusedEventIsReportedAndTheRestGoesOn() {
    answer(BAD, OK);

    task().put(List.of(finding(0), finding(1)));

    assertThat(worker.reported())
        .containsExactly("0: f0-0: https://example.com answered 400: no such field");
    assertThat(posted).containsExactly("f0-0", "f1-0");
  }

  @Test
  void withoutAReporterARefusedEventStopsTheTask() {
    worker.withoutReporter();
    answer(BAD);

    assertThatThrownBy(() -> task().put(List.of(finding(0))))
        .isInstanceOf(DataException.class)
        .hasMessage("f0-0: https://example.com answered 400: no such field");
  }

  @Test
  void anEventThatIsTriedForTooLongIsRefused() {
    answer(BUSY, BUSY, OK);
    WebhookSinkTask task = task("retry.limit.ms", "60000");
    assertThatThrownBy(() -> task.put(List.of(finding(0)))).isInstanceOf(RetriableException.class);

    time.pass(Duration.ofMinutes(1));
    task.put(List.of(finding(0), finding(1)));

    assertThat(worker.reported())
        .containsExactly(
            "0: f0-0: https://example.com answered 503: busy; tried for 60000 ms, retry.limit.ms is over");
    assertThat(posted).containsExactly("f0-0", "f0-0", "f1-0");
  }

  @Test
  void aRecordOfAnotherTypeIsReported() {
    SinkRecord text = new SinkRecord("t", 0, null, null, null, "hello", 0);

    task().put(List.of(text));

    assertThat(worker.reported())
        .containsExactly(
            "0: can deliver a Finding, an Incident or a Remediation, not a String; set value.converter"
                + " to dev.plumbline.connectors.EventConverter and topics to those that hold them");
  }

  @Test
  void aTombstoneAndAnUnwantedEventArePassedOver() {
    task("filter.kinds", "gpu.*")
        .put(List.of(new SinkRecord("t", 0, null, null, null, null, 0), finding(1)));

    assertThat(posted).isEmpty();
    assertThat(worker.reported()).isEmpty();
  }

  @Test
  void aPartitionThatLeavesTakesItsProgressAlongButNotTheRest() {
    answer(OK, BUSY, OK, OK);
    WebhookSinkTask task = task();
    List<SinkRecord> batch = List.of(finding(0), finding(1));
    assertThatThrownBy(() -> task.put(batch)).isInstanceOf(RetriableException.class);

    task.close(List.of(new TopicPartition("t", 0)));
    assertThatThrownBy(() -> task.put(batch)).hasMessageContaining("is left alone");
    time.pass(Duration.ofSeconds(1));
    task.put(batch);

    assertThat(posted).containsExactly("f0-0", "f1-0", "f0-0", "f1-0");
  }

  private void answer(Object... next) {
    answers.addAll(List.of(next));
  }

  private WebhookSinkTask task(String... settings) {
    Map<String, String> all =
        new HashMap<>(Map.of("webhook.url", "https://example.com/hook?token=x"));
    for (int i = 0; i < settings.length; i += 2) {
      all.put(settings[i], settings[i + 1]);
    }
    WebhookSinkTask task = new WebhookSinkTask(time, config -> this::post);
    task.initialize(worker);
    task.start(all);
    return task;
  }

  private Answer post(CloudEvent event) throws IOException {
    posted.add(event.getId());
    Object next = answers.isEmpty() ? OK : answers.remove();
    if (next instanceof IOException failure) {
      throw failure;
    }
    return (Answer) next;
  }

  private static SinkRecord finding(int offset) {
    return record(offset, Given.finding().setId("f" + offset).build());
  }

  private static SinkRecord record(int offset, SpecificRecord event) {
    SchemaAndValue value = Given.struct(event);
    return new SinkRecord(
        "t", 0, null, null, value.schema(), value.value(), offset, 0L, TimestampType.CREATE_TIME);
  }
}
