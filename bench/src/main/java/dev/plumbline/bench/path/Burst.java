package dev.plumbline.bench.path;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.plumbline.bench.load.Load;
import dev.plumbline.bench.load.Size;
import dev.plumbline.cli.embedded.Workspace;
import dev.plumbline.schemas.serde.EventSerializer;
import dev.plumbline.streams.Detect;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Ten times the usual for a while: what piles up, and when it is gone. */
public final class Burst {
  private Burst() {}

  /**
   * Runs it.
   *
   * @param mean snapshots a second before and after
   * @param seconds of the burst
   */
  public static void run(double mean, int seconds, Consumer<String> progress, ObjectNode out)
      throws IOException {
    progress.accept("a burst");
    try (Workspace workspace = Workspace.temporary();
        BrokerProcess broker = BrokerProcess.start(workspace.folder("kafka"), "-Xmx1g");
        Fixture fixture = new Fixture(broker, 4);
        Detect detect =
            Detect.start(
                new Detect.Settings(
                    kafka(fixture),
                    fixture.registry,
                    fixture.application(),
                    2,
                    true,
                    workspace.folder("state"),
                    null));
        KafkaProducer<String, byte[]> producer = fixture.producer()) {
      Load load = new Load(new Size(16, 8, Integer.MAX_VALUE, 30));
      long sent = send(fixture, load, producer, mean, 10);
      sent += send(fixture, load, producer, 10 * mean, seconds);
      producer.flush();
      long ended = System.nanoTime();
      out.put("meanSnapshotsPerSecond", mean);
      out.put("burstSeconds", seconds);
      out.put("lagAtItsEnd", sent - detect.judged());
      double clear = -1;
      while (clear < 0 && System.nanoTime() - ended < 120_000_000_000L) {
        sent += send(fixture, load, producer, mean, 0.2);
        // what is on its way in a fifth of a second is no lag
        if (sent - detect.judged() <= mean / 4) {
          clear = (System.nanoTime() - ended) / 1e9;
        }
      }
      producer.flush();
      long patience = System.nanoTime() + 20_000_000_000L;
      while (detect.judged() < sent && System.nanoTime() < patience) {
        Thread.sleep(50);
      }
      out.put("secondsUntilClear", clear);
      out.put("sent", sent);
      out.put("judged", detect.judged());
      long input = fixture.logged("snapshots");
      long changelog = fixture.logged("-judge-clusters");
      out.put("inputBytes", input);
      out.put("changelogBytes", changelog);
      out.put("changelogToInput", (double) changelog / input);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** All that is written is to be weighed, so nothing may be compacted away. */
  private static Map<String, Object> kafka(Fixture fixture) {
    Map<String, Object> kafka = new HashMap<>(fixture.client());
    kafka.put("topic.min.compaction.lag.ms", "86400000");
    return kafka;
  }

  private static long send(
      Fixture fixture,
      Load load,
      KafkaProducer<String, byte[]> producer,
      double rate,
      double seconds) {
    EventSerializer<SpecificRecord> bytes = new EventSerializer<>(fixture.registry);
    Pace pace = new Pace(rate);
    long ends = System.nanoTime() + (long) (seconds * 1e9);
    long sent = 0;
    while (System.nanoTime() < ends) {
      sent +=
          load.scrape(
              (topic, cluster, at, snapshot) -> {
                pace.next();
                producer.send(
                    new ProducerRecord<>(
                        topic.name(), null, at, cluster, bytes.serialize(topic.name(), snapshot)));
              });
    }
    return sent;
  }
}
