package dev.plumbline.bench.path;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.plumbline.bench.load.Load;
import dev.plumbline.bench.load.Size;
import dev.plumbline.cli.embedded.Workspace;
import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.GpuSample;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.event.Incident;
import dev.plumbline.schemas.event.ResourceSnapshot;
import dev.plumbline.schemas.serde.EventDeserializer;
import dev.plumbline.schemas.serde.EventSerializer;
import dev.plumbline.streams.Detect;
import dev.plumbline.streams.Detect.Guarantee;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * From the moment a snapshot is handed to the producer until a reader has the finding that it leads
 * to, and the incident behind it. With each scrape of the fleet a few boards report a new XID,
 * which is a finding at once; generator, detection and readers share this process.
 */
public final class Latency {
  private static final String XID = "gpu.fault";
  private static final int CODE = 79;
  private static final int OTHER_CODE = 48;
  private static final int TURNS = 16;
  private static final long MOST_AHEAD = 50_000;
  private static final long MOST_WARM_UP = 30_000_000_000L;

  private Latency() {}

  /**
   * Runs it for both guarantees of judging.
   *
   * @param rate snapshots that are sent in a second; 0 for half of what generator, broker,
   *     detection and readers sustain together on this machine
   * @param seconds that count, once detection is warm and keeps up
   */
  public static void run(double rate, int seconds, Consumer<String> progress, ObjectNode out)
      throws IOException {
    double snapshotsPerSecond = rate;
    if (rate == 0) {
      progress.accept("latency, what the machine sustains");
      double sustained = sustained();
      out.put("sustainedPerSecond", sustained);
      snapshotsPerSecond = Math.floor(sustained / 2);
    }
    out.put("snapshotsPerSecond", snapshotsPerSecond);
    out.put("seconds", seconds);
    for (Guarantee guarantee : Guarantee.values()) {
      String name = guarantee == Guarantee.AT_LEAST_ONCE ? "at-least-once" : "exactly-once";
      progress.accept("latency, judging " + name);
      try (Workspace workspace = Workspace.temporary();
          BrokerProcess broker = BrokerProcess.start(workspace.folder("kafka"), "-Xmx1g");
          Fixture fixture = new Fixture(broker, 4);
          Detect running =
              Detect.start(
                  new Detect.Settings(
                      fixture.client(),
                      fixture.registry,
                      fixture.application(),
                      1,
                      true,
                      workspace.folder("state"),
                      null,
                      guarantee,
                      0))) {
        while (!running.ready()) {
          Thread.sleep(20);
        }
        of(fixture, running, guarantee, snapshotsPerSecond, seconds, out.putObject(name));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }
  }

  /** Snapshots that are judged in a second when they are sent as fast as it goes. */
  private static double sustained() throws IOException {
    try (Workspace workspace = Workspace.temporary();
        BrokerProcess broker = BrokerProcess.start(workspace.folder("kafka"), "-Xmx1g");
        Fixture fixture = new Fixture(broker, 4);
        Detect detect =
            Detect.start(
                new Detect.Settings(
                    fixture.client(),
                    fixture.registry,
                    fixture.application(),
                    1,
                    true,
                    workspace.folder("state"),
                    null));
        KafkaProducer<String, byte[]> producer = fixture.producer()) {
      EventSerializer<SpecificRecord> bytes = new EventSerializer<>(fixture.registry);
      Load load = new Load(new Size(16, 8, Integer.MAX_VALUE, 30));
      long warm = System.nanoTime() + 8_000_000_000L;
      long ends = warm + 6_000_000_000L;
      long sent = 0;
      long before = -1;
      long began = 0;
      while (System.nanoTime() < ends) {
        if (before < 0 && System.nanoTime() > warm) {
          before = detect.judged();
          began = System.nanoTime();
        }
        if (sent - detect.judged() > MOST_AHEAD) {
          // what piles up only hides who is the slower one
          LockSupport.parkNanos(1_000_000);
          continue;
        }
        sent +=
            load.scrape(
                (topic, cluster, at, snapshot, samples) ->
                    producer.send(
                        new ProducerRecord<>(
                            topic.name(),
                            null,
                            at,
                            cluster,
                            bytes.serialize(topic.name(), snapshot))));
      }
      return (detect.judged() - before) / ((System.nanoTime() - began) / 1e9);
    }
  }

  private static void of(
      Fixture fixture, Detect detect, Guarantee guarantee, double rate, int seconds, ObjectNode out)
      throws InterruptedException {
    Map<String, Long> sent = new ConcurrentHashMap<>();
    Map<String, Long> boards = new ConcurrentHashMap<>();
    Map<String, Long> found = new ConcurrentHashMap<>();
    Map<String, Long> decided = new ConcurrentHashMap<>();
    String isolation = guarantee == Guarantee.AT_LEAST_ONCE ? "read_uncommitted" : "read_committed";
    Reader<Finding> findings =
        new Reader<>(
            fixture,
            Topic.FINDINGS,
            Finding.class,
            isolation,
            (finding, at) -> {
              if (finding.getKind().equals(XID) && finding.getRevision() == 0) {
                Long began = sent.get(finding.getEntity().get("gpu"));
                if (began != null) {
                  found.putIfAbsent(finding.getId(), at - began);
                  boards.put(finding.getId(), began);
                }
              }
            });
    Reader<Incident> incidents =
        new Reader<>(
            fixture,
            Topic.INCIDENTS,
            Incident.class,
            "read_committed",
            (incident, at) ->
                incident.getMembers().forEach(it -> decided.merge(it.getFinding(), at, Math::min)));
    Load load = new Load(new Size(16, 8, Integer.MAX_VALUE, 30));
    long began = System.nanoTime();
    long counted = Long.MAX_VALUE;
    long put = 0;
    try (findings;
        incidents;
        KafkaProducer<String, byte[]> producer = fixture.producer()) {
      EventSerializer<SpecificRecord> bytes = new EventSerializer<>(fixture.registry);
      Pace pace = new Pace(rate);
      for (int tick = 0;
          counted == Long.MAX_VALUE || System.nanoTime() - counted < seconds * 1_000_000_000L;
          tick++) {
        long warm = System.nanoTime() - began;
        boolean behind = put - detect.judged() > rate / 4;
        if (counted == Long.MAX_VALUE && warm > 5e9 && (!behind || warm > MOST_WARM_UP)) {
          // compiled, and what piled up until then is done
          counted = System.nanoTime();
        }
        int from = tick;
        put +=
            load.scrape(
                (topic, cluster, at, snapshot, samples) -> {
                  pace.next();
                  if (from > 2
                      && snapshot instanceof ResourceSnapshot resource
                      && !resource.getGpus().isEmpty()) {
                    fault(resource, from, sent);
                  }
                  byte[] value = bytes.serialize(topic.name(), snapshot);
                  producer.send(new ProducerRecord<>(topic.name(), null, at, cluster, value));
                });
      }
      producer.flush();
      out.put("behind", put - detect.judged());
      // whatever is on its way still counts
      long patience = System.nanoTime() + 5_000_000_000L;
      while (decided.size() < found.size() && System.nanoTime() < patience) {
        Thread.sleep(50);
      }
    }
    long from = counted;
    long[] judging =
        found.entrySet().stream()
            .filter(it -> boards.get(it.getKey()) >= from)
            .mapToLong(Map.Entry::getValue)
            .toArray();
    long[] deciding =
        found.keySet().stream()
            .filter(it -> boards.get(it) >= from && decided.containsKey(it))
            .mapToLong(it -> decided.get(it) - boards.get(it))
            .toArray();
    report(judging, out.putObject("judging"));
    report(deciding, out.putObject("deciding"));
  }

  /** Each node in its turn reports an XID of its next board: a few for each scrape of the fleet. */
  private static void fault(ResourceSnapshot resource, int tick, Map<String, Long> sent) {
    Header header = resource.getHeader();
    int turn = Math.floorMod((header.getCluster() + header.getTarget()).hashCode(), TURNS);
    if (turn != tick % TURNS) {
      return;
    }
    GpuSample gpu = resource.getGpus().get(tick / TURNS % resource.getGpus().size());
    // any change is news; the finding before has long been resolved when the board's turn comes
    // again
    gpu.setXid(gpu.getXid() == CODE ? OTHER_CODE : CODE);
    sent.put(gpu.getUuid(), System.nanoTime());
  }

  private static void report(long[] nanos, ObjectNode out) {
    Arrays.sort(nanos);
    out.put("records", nanos.length);
    for (double quantile : new double[] {0.5, 0.9, 0.99, 0.999}) {
      int at = (int) Math.min(nanos.length - 1, Math.ceil(quantile * nanos.length) - 1);
      out.put(
          "p" + Double.toString(100 * quantile).replaceAll("\\.0$", ""),
          nanos.length == 0 ? Double.NaN : nanos[Math.max(0, at)] / 1e6);
    }
  }

  /** Lets so many through in a second, evenly. */
  static final class Pace {
    private final double nanosEach;
    private final long began = System.nanoTime();
    private long count;

    Pace(double perSecond) {
      nanosEach = 1e9 / perSecond;
    }

    void next() {
      long due = began + (long) (count++ * nanosEach);
      for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
    }
  }

  /** Takes an event and the time at which it was there. */
  private interface Seen<T> {
    void accept(T event, long nanos);
  }

  /** Reads a topic in a thread of its own. */
  private static final class Reader<T extends SpecificRecord> implements AutoCloseable {
    private final Thread thread;
    private volatile boolean closed;

    Reader(Fixture fixture, Topic topic, Class<T> type, String isolation, Seen<T> seen) {
      thread =
          new Thread(
              () -> {
                Map<String, Object> settings = new HashMap<>(fixture.client());
                settings.put("isolation.level", isolation);
                EventDeserializer<T> decoder = new EventDeserializer<>(type, fixture.registry);
                try (KafkaConsumer<byte[], byte[]> consumer =
                    new KafkaConsumer<>(
                        settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
                  List<TopicPartition> all =
                      consumer.partitionsFor(topic.name()).stream()
                          .map(it -> new TopicPartition(it.topic(), it.partition()))
                          .toList();
                  consumer.assign(all);
                  consumer.seekToBeginning(all);
                  while (!closed) {
                    for (ConsumerRecord<byte[], byte[]> record :
                        consumer.poll(Duration.ofMillis(50))) {
                      seen.accept(
                          decoder.deserialize(topic.name(), record.value()), System.nanoTime());
                    }
                  }
                }
              },
              "reader of " + topic.name());
      thread.setDaemon(true);
      thread.start();
    }

    @Override
    public void close() throws InterruptedException {
      closed = true;
      thread.join();
    }
  }
}
