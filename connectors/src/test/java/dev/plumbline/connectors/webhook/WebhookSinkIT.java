package dev.plumbline.connectors.webhook;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.plumbline.connectors.Broker;
import dev.plumbline.connectors.Given;
import dev.plumbline.connectors.Registry;
import dev.plumbline.connectors.Worker;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.Incident;
import dev.plumbline.schemas.event.Remediation;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The sink in a real Connect worker on a real broker. */
class WebhookSinkIT {
  private static final int FINDING = 1;
  private static final int INCIDENT = 2;
  private static final int REMEDIATION = 3;
  private static final Duration LONG = Duration.ofSeconds(90);

  @TempDir static Path folder;
  private static Broker broker;
  private static Registry registry;
  private static Worker worker;

  private Receiver receiver;

  @BeforeAll
  static void startAll() throws Exception {
    registry =
        new Registry()
            .with(FINDING, Finding.getClassSchema())
            .with(INCIDENT, Incident.getClassSchema())
            .with(REMEDIATION, Remediation.getClassSchema());
    broker = new Broker(folder.resolve("broker"));
    worker = worker();
  }

  @AfterAll
  static void stopAll() {
    worker.close();
    broker.close();
    registry.close();
  }

  @BeforeEach
  void start() throws IOException {
    receiver = new Receiver();
  }

  @AfterEach
  void stop() {
    receiver.close();
  }

  @Test
  void aWorkerListsThePlugInsByTheirManifests() throws Exception {
    assertThat(worker.get("/connector-plugins?connectorsOnly=false").findValuesAsText("class"))
        .contains(
            "dev.plumbline.connectors.webhook.WebhookSinkConnector",
            "dev.plumbline.connectors.EventConverter");
  }

  @Test
  void findingsIncidentsAndRemediationsArrive() throws Exception {
    broker.create("all.findings", "all.incidents", "all.remediations");
    broker.send("all.findings", Given.wire(FINDING, Given.finding().build()));
    broker.send("all.incidents", Given.wire(INCIDENT, Given.incident().build()));
    broker.send("all.remediations", Given.wire(REMEDIATION, Given.remediation().build()));

    deliver("all", Map.of("topics", "all.findings,all.incidents,all.remediations"));

    await().atMost(LONG).until(() -> receiver.ids().size() == 3);
    assertThat(receiver.ids()).containsExactlyInAnyOrder("4f1c-0", "inc-7-2", "op-9-0");
    assertThat(receiver.requests())
        .filteredOn(it -> it.id().equals("4f1c-0"))
        .singleElement()
        .satisfies(
            it ->
                assertThat(new ObjectMapper().readTree(it.body()).at("/evidence/unit").textValue())
                    .isEqualTo("seconds"));
  }

  @Test
  void anEventThatFoundTheReceiverBusyComesAgainWithTheSameId() throws Exception {
    AtomicBoolean busy = new AtomicBoolean(true);
    receiver.answers(request -> busy.getAndSet(false) ? 503 : 200);
    broker.create("busy");
    send("busy", "b0", "b1");

    deliver("busy", Map.of("topics", "busy"));

    await().atMost(LONG).until(() -> receiver.ids().size() == 3);
    assertThat(receiver.ids()).containsExactly("b0-0", "b0-0", "b1-0");
  }

  @Test
  void aRefusedEventAndGarbageGoToTheDeadLettersAndTheRestArrives() throws Exception {
    receiver.answers(request -> request.id().equals("r1-0") ? 400 : 200);
    broker.create("refused");
    byte[] garbage = "no event at all".getBytes(UTF_8);
    byte[] unknown = Given.wire(99, Given.finding().build());
    byte[] refused = finding("r1");
    broker.send("refused", garbage);
    broker.send("refused", refused);
    broker.send("refused", unknown);
    broker.send("refused", finding("r2"));

    deliver("refused", Map.of("topics", "refused"));

    await().atMost(LONG).until(() -> receiver.ids().size() == 2 && letters("refused").size() == 3);
    assertThat(receiver.ids()).containsExactly("r1-0", "r2-0");
    assertThat(letters("refused"))
        .extracting(ConsumerRecord::value)
        .containsExactlyInAnyOrder(garbage, refused, unknown);
    assertThat(letters("refused"))
        .extracting(it -> header(it, "__connect.errors.exception.message"))
        .containsExactlyInAnyOrder(
            "not in the Confluent wire format: begins with byte 110 and not 0",
            "r1-0: " + receiver.url() + " answered 400",
            "the schema registry knows no schema 99");
  }

  @Test
  void aRegistryThatIsAwayDelaysAndLosesNothing() throws Exception {
    registry.fallIll(true);
    broker.create("away");
    registry.with(21, Finding.getClassSchema());
    broker.send("away", Given.wire(21, Given.finding().setId("a0").build()));
    int asked = registry.asked();

    deliver("away", Map.of("topics", "away"));
    await().atMost(LONG).until(() -> registry.asked() > asked + 1);
    registry.fallIll(false);

    await().atMost(LONG).until(() -> receiver.ids().equals(List.of("a0-0")));
    assertThat(letters("away")).isEmpty();
  }

  @Test
  void aWorkerThatIsStoppedInTheMiddleLosesNone() throws Exception {
    List<String> ids = IntStream.range(0, 60).mapToObj(i -> "s" + i).toList();
    broker.create("stopped");
    send("stopped", ids.toArray(String[]::new));
    receiver.answers(request -> receiver.ids().size() < 20 ? 200 : 503);
    deliver("stopped", Map.of("topics", "stopped"));
    await().atMost(LONG).until(() -> receiver.ids().size() > 20);

    worker.close();
    receiver.answers(request -> 200);
    worker = worker();
    deliver("stopped", Map.of("topics", "stopped"));

    List<String> expected = ids.stream().map(it -> it + "-0").toList();
    await().atMost(LONG).until(() -> receiver.ids().contains("s59-0"));
    assertThat(receiver.ids().stream().distinct()).containsExactlyElementsOf(expected);
  }

  @Test
  void wrongSettingsAreRefusedByTheWorker() throws Exception {
    Map<String, String> wrong =
        settings("wrong", Map.of("topics", "wrong", "webhook.mode", "batch"));

    assertThat(worker.start("wrong", wrong)).isEqualTo(400);
  }

  private static Worker worker() {
    return new Worker(
        broker.address(),
        folder.resolve("offsets"),
        Map.of("value.converter.schema.registry.url", registry.url()));
  }

  private void deliver(String name, Map<String, String> more) throws Exception {
    assertThat(worker.start(name, settings(name, more))).isLessThan(300);
  }

  private Map<String, String> settings(String name, Map<String, String> more) {
    Map<String, String> settings = new HashMap<>();
    settings.put("connector.class", "dev.plumbline.connectors.webhook.WebhookSinkConnector");
    settings.put("tasks.max", "1");
    settings.put("webhook.url", receiver.url() + "/hook");
    settings.put("allow.private.addresses", "true");
    settings.put("retry.backoff.ms", "200");
    settings.put("errors.tolerance", "all");
    settings.put("errors.retry.timeout", "-1");
    settings.put("errors.retry.delay.max.ms", "500");
    settings.put("errors.deadletterqueue.topic.name", name + ".deadletters");
    settings.put("errors.deadletterqueue.topic.replication.factor", "1");
    settings.put("errors.deadletterqueue.context.headers.enable", "true");
    settings.put("consumer.override.auto.offset.reset", "earliest");
    settings.putAll(more);
    return settings;
  }

  private static void send(String topic, String... ids) throws Exception {
    for (String id : ids) {
      broker.send(topic, finding(id));
    }
  }

  private static byte[] finding(String id) {
    return Given.wire(FINDING, Given.finding().setId(id).build());
  }

  private static List<ConsumerRecord<String, byte[]>> letters(String name) {
    return broker.read(name + ".deadletters");
  }

  private static String header(ConsumerRecord<?, ?> record, String name) {
    return new String(record.headers().lastHeader(name).value(), UTF_8);
  }
}
