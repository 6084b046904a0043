package dev.plumbline.bench.path;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.plumbline.cli.embedded.Workspace;
import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.Topics;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.Incident;
import dev.plumbline.schemas.serde.EventDeserializer;
import dev.plumbline.streams.Detect;
import dev.plumbline.streams.Detect.Guarantee;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * From the moment a snapshot is handed to the producer until a reader has the finding that it leads
 * to, and the incident behind it. With each scrape of the fleet a few boards report a new XID,
 * which is a finding at once. Sender and broker are processes of their own on the same machine.
 */
public final class Latency {
  private static final String XID = "gpu.fault";

  /** It counts once detection has kept up for so long, or after the longest warm-up. */
  private static final long KEEPS_UP = 8_000_000_000L;

  private static final long MOST_WARM_UP = 90_000_000_000L;

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
        SenderProcess sender = SenderProcess.start(fixture, 0)) {
      long warm = System.nanoTime() + 15_000_000_000L;
      long ends = warm + 8_000_000_000L;
      long before = -1;
      long began = 0;
      while (System.nanoTime() < ends) {
        if (before < 0 && System.nanoTime() > warm) {
          before = detect.judged();
          began = System.nanoTime();
        }
        sender.judged(detect.judged());
        Thread.sleep(5);
      }
      return (detect.judged() - before) / ((System.nanoTime() - began) / 1e9);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private static void of(
      Fixture fixture, Detect detect, Guarantee guarantee, double rate, int seconds, ObjectNode out)
      throws IOException, InterruptedException {
    Map<String, Arrival> found = new ConcurrentHashMap<>();
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
                found.putIfAbsent(finding.getId(), new Arrival(finding.getEntity().get("gpu"), at));
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
    long counted;
    Map<String, Long> began = new HashMap<>();
    try (findings;
        incidents;
        SenderProcess sender = SenderProcess.start(fixture, rate)) {
      counted = warm(detect, sender, rate);
      while (System.nanoTime() - counted < seconds * 1_000_000_000L) {
        Thread.sleep(20);
      }
      out.put("behind", sender.sent() - detect.judged());
      sender.close();
      // whatever is on its way still counts
      long patience = System.nanoTime() + 5_000_000_000L;
      while (decided.size() < found.size() && System.nanoTime() < patience) {
        Thread.sleep(50);
      }
      found.forEach(
          (id, arrival) -> {
            Long sent = sender.faultBefore(arrival.board(), arrival.nanos());
            if (sent != null && sent >= counted) {
              began.put(id, sent);
            }
          });
    }
    long[] judging =
        began.entrySet().stream()
            .mapToLong(it -> found.get(it.getKey()).nanos() - it.getValue())
            .toArray();
    long[] deciding =
        began.entrySet().stream()
            .filter(it -> decided.containsKey(it.getKey()))
            .mapToLong(it -> decided.get(it.getKey()) - it.getValue())
            .toArray();
    report(judging, out.putObject("judging"));
    report(deciding, out.putObject("deciding"));
  }

  /** Waits until what is compiled first is compiled, and what piled up until then is done. */
  private static long warm(Detect detect, SenderProcess sender, double rate)
      throws InterruptedException {
    long began = System.nanoTime();
    long keepsUpSince = began;
    while (true) {
      long now = System.nanoTime();
      if (sender.sent() == 0 || sender.sent() - detect.judged() > rate / 4) {
        keepsUpSince = now;
      }
      if (now - keepsUpSince > KEEPS_UP || now - began > MOST_WARM_UP) {
        return now;
      }
      Thread.sleep(20);
    }
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

  /** When a finding about a board was there. */
  private record Arrival(String board, long nanos) {}

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
                  consumer.seekToBeginning(Topics.assign(consumer, topic));
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
