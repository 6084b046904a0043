package dev.plumbline.cli.embedded;

import dev.plumbline.agent.snapshot.SnapshotFactory;
import dev.plumbline.agent.tape.TapeLine;
import dev.plumbline.agent.tape.TapeReader;
import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.Topics;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.Incident;
import dev.plumbline.schemas.event.Remediation;
import dev.plumbline.schemas.registry.SchemaRegistry;
import dev.plumbline.schemas.serde.EventDeserializer;
import dev.plumbline.schemas.serde.EventSerializer;
import dev.plumbline.streams.Detect;
import dev.plumbline.streams.findings.CloudEventHeaders;
import dev.plumbline.streams.intake.EndOfTape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Takes tapes through the production path on a broker: snapshots onto their topics, detection over
 * them, findings, incidents and remediations off theirs.
 */
public final class Replay {
  /** Event time behind the last line at which the end is marked. */
  private static final Duration BEHIND = Duration.ofMinutes(1);

  /** Nothing at all for so long (wall clock) means that detection is stuck. */
  private static final Duration STUCK = Duration.ofMinutes(3);

  /** What came out, sorted by time, id and revision. */
  public record Result(
      List<Finding> findings,
      List<Incident> incidents,
      List<Remediation> remediations,
      long lines,
      long broken) {}

  private final Map<String, Object> kafka;
  private final SchemaRegistry registry;
  private final Consumer<String> trouble;
  private long lines;
  private long broken;

  /**
   * @param kafka client settings of the broker
   * @param trouble takes a sentence about each broken line of a tape
   */
  public Replay(Map<String, Object> kafka, SchemaRegistry registry, Consumer<String> trouble) {
    this.kafka = kafka;
    this.registry = registry;
    this.trouble = trouble;
  }

  /**
   * Creates the topics and puts all lines of the tapes onto them, each tape an agent of its own,
   * and marks the end.
   *
   * @param partitions partitions of the snapshot topics
   */
  public void load(List<Path> tapes, int partitions) throws IOException {
    load(tapes, partitions, line -> {});
  }

  /**
   * The same, step by step.
   *
   * @param before is told the number of each line before the line is sent
   */
  void load(List<Path> tapes, int partitions, LongConsumer before) throws IOException {
    try (Admin admin = Admin.create(kafka)) {
      Topics.create(admin, partitions, 1, Map.of("retention.ms", "-1"));
    }
    AtomicReference<Exception> failed = new AtomicReference<>();
    long latest = 0;
    Map<String, Object> settings = new java.util.HashMap<>(kafka);
    settings.put("linger.ms", 20);
    settings.put("compression.type", "lz4");
    settings.put("batch.size", 262_144);
    settings.put("max.request.size", 16_777_216);
    try (KafkaProducer<String, byte[]> producer =
        new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer())) {
      Serializer<SpecificRecord> bytes = new EventSerializer<>(registry);
      for (Path tape : tapes) {
        String agent = tape.getFileName().toString();
        SnapshotFactory snapshots = new SnapshotFactory(agent, 0, Map.of());
        try (TapeReader reader = new TapeReader(tape, trouble)) {
          for (Optional<TapeLine> line = reader.next(); line.isPresent(); line = reader.next()) {
            before.accept(lines);
            SnapshotFactory.Event event = snapshots.of(line.get());
            long at = line.get().at().toEpochMilli();
            latest = Math.max(latest, at);
            lines++;
            String topic = event.topic().name();
            producer.send(
                new ProducerRecord<>(
                    topic, null, at, event.key(), bytes.serialize(topic, event.value())),
                (sent, e) -> failed.compareAndSet(null, e));
          }
          broken += reader.broken();
        }
      }
      long end = latest + BEHIND.toMillis();
      for (Topic topic :
          List.of(Topic.RESOURCE_SNAPSHOTS, Topic.LATENCY_SNAPSHOTS, Topic.POLICY_SNAPSHOTS)) {
        for (int partition = 0; partition < partitions; partition++) {
          producer.send(
              EndOfTape.marker(topic.name(), partition, end),
              (sent, e) -> failed.compareAndSet(null, e));
        }
      }
      producer.flush();
    }
    if (failed.get() != null) {
      throw new IOException("the tape could not be written to the broker", failed.get());
    }
  }

  /**
   * Detects until every partition has ended and all that came of it is there.
   *
   * @param threads stream threads
   * @throws IOException when detection stops or is stuck
   */
  public Result detect(Path stateDir, int threads, int partitions) throws IOException {
    return detect(stateDir, threads, partitions, finding -> {});
  }

  /**
   * The same, and shows each finding as it comes.
   *
   * @throws IOException when detection stops or is stuck
   */
  public Result detect(Path stateDir, int threads, int partitions, Consumer<Finding> shown)
      throws IOException {
    Detect.Settings settings =
        new Detect.Settings(kafka, registry, "plumbline", threads, false, stateDir, null);
    try (Detect detect = Detect.start(settings)) {
      List<Finding> findings = read(Topic.FINDINGS, Finding.class, partitions, detect, shown);
      List<Incident> incidents =
          read(Topic.INCIDENTS, Incident.class, partitions, detect, it -> {});
      List<Remediation> remediations =
          read(Topic.REMEDIATIONS, Remediation.class, partitions, detect, it -> {});
      findings.sort(
          Comparator.comparing(Finding::getAt)
              .thenComparing(Finding::getId)
              .thenComparing(Finding::getRevision));
      incidents.sort(
          Comparator.comparing(Incident::getAt)
              .thenComparing(Incident::getId)
              .thenComparing(Incident::getRevision));
      remediations.sort(
          Comparator.comparing(Remediation::getAt)
              .thenComparing(Remediation::getId)
              .thenComparing(Remediation::getRevision));
      return new Result(findings, incidents, remediations, lines, broken);
    }
  }

  /** All records of a topic up to the last marker; what is said twice is taken once. */
  private <T extends SpecificRecord> List<T> read(
      Topic topic, Class<T> type, int partitions, Detect detect, Consumer<T> shown)
      throws IOException {
    Map<String, Object> settings = new java.util.HashMap<>(kafka);
    settings.put("isolation.level", "read_committed");
    settings.put("auto.offset.reset", "earliest");
    List<T> events = new ArrayList<>();
    EventDeserializer<T> decoder = new EventDeserializer<>(type, registry);
    try (KafkaConsumer<String, byte[]> consumer =
        new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
      consumer.seekToBeginning(Topics.assign(consumer, topic));
      Set<String> ended = new HashSet<>();
      Set<String> said = new HashSet<>();
      long position = 0;
      Instant moved = Instant.now();
      while (ended.size() < EndOfTape.markers(partitions)) {
        for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(100))) {
          if (EndOfTape.is(record.headers())) {
            ended.add(record.key());
          } else if (record.value() != null && said.add(CloudEventHeaders.id(record.headers()))) {
            T event = decoder.deserialize(topic.name(), record.value());
            events.add(event);
            shown.accept(event);
          }
          moved = Instant.now();
        }
        long judged = detect.judged();
        if (judged != position) {
          position = judged;
          moved = Instant.now();
        }
        if (!detect.healthy()) {
          throw new IOException("detection stopped; its log says why");
        }
        if (Duration.between(moved, Instant.now()).compareTo(STUCK) > 0) {
          throw new IOException("detection made no progress for " + STUCK.toMinutes() + " min");
        }
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    return events;
  }
}
