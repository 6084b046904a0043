package dev.plumbline.bench.path;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.plumbline.bench.load.Load;
import dev.plumbline.bench.load.Numbers;
import dev.plumbline.bench.load.Size;
import dev.plumbline.bench.report.Spread;
import dev.plumbline.cli.embedded.Workspace;
import dev.plumbline.schemas.serde.EventSerializer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Two detect processes share the partitions; one is killed as a machine that loses its power. The
 * time until the other has judged and committed the first snapshot of a partition that was not its
 * own.
 */
public final class Failover {
  private Failover() {}

  /** Node exporters, boards and model servers: 600,000 series and more. */
  private static final int CLUSTERS = 16;

  private static final int NODES = 64;

  /** Scrapes before the kill, as fast as it goes. */
  private static final int SCRAPES = 4;

  /**
   * When what happened, in seconds after the kill.
   *
   * @param expelled it is missed
   * @param assigned its partitions are the other's
   * @param restored Kafka Streams has read the changelog of the first of its tasks
   * @param unpacked live objects were made of it
   * @param replayed what was committed behind the checkpoint was judged again
   * @param begun and the last findings were read
   * @param record the first snapshot is judged and committed
   */
  private record Steps(
      double expelled,
      double assigned,
      double restored,
      double unpacked,
      double replayed,
      double begun,
      double record) {}

  /** Runs it so many times, without a standby and with one. */
  public static void run(int rounds, Consumer<String> progress, ObjectNode out) throws IOException {
    out.put("rounds", rounds);
    long[] signals = {0};
    new Load(new Size(CLUSTERS, NODES, 1, 30))
        .drain((topic, cluster, at, snapshot) -> signals[0] += Numbers.count(snapshot));
    out.put("signals", signals[0]);
    List<Steps> without = new ArrayList<>();
    List<Steps> with = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      progress.accept("kill -9 of one of two, %d of %d".formatted(round + 1, rounds));
      try {
        // in turns, so that none has the quieter machine
        for (int turn = 0; turn < 2; turn++) {
          int standbys = (round + turn) % 2;
          (standbys == 0 ? without : with).add(once(standbys));
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }
    Spread.of(without, Steps::record).put(out, "survivorSeconds");
    Spread.of(with, Steps::record).put(out, "survivorWithStandbySeconds");
    parts(without, out.putObject("parts"));
    parts(with, out.putObject("partsWithStandby"));
  }

  /** What each step took, in the order of the steps. */
  private static void parts(List<Steps> rounds, ObjectNode out) {
    Spread.of(rounds, Steps::expelled).put(out, "session");
    Spread.of(rounds, it -> it.assigned() - it.expelled()).put(out, "rebalance");
    Spread.of(rounds, it -> it.restored() - it.assigned()).put(out, "changelog");
    Spread.of(rounds, it -> it.unpacked() - it.restored()).put(out, "unpack");
    Spread.of(rounds, it -> it.replayed() - it.unpacked()).put(out, "replay");
    Spread.of(rounds, it -> it.begun() - it.replayed()).put(out, "said");
    Spread.of(rounds, it -> it.record() - it.begun()).put(out, "first");
  }

  private static Steps once(int standbys) throws IOException, InterruptedException {
    AtomicBoolean done = new AtomicBoolean();
    try (Workspace workspace = Workspace.temporary();
        BrokerProcess broker = BrokerProcess.start(workspace.folder("kafka"), "-Xmx1g");
        Fixture fixture = new Fixture(broker, 4);
        DetectProcess first =
            DetectProcess.start(fixture, workspace.folder("first"), "first", standbys);
        DetectProcess second =
            DetectProcess.start(fixture, workspace.folder("second"), "second", standbys)) {
      String application = fixture.application();
      String group = application + "-judge";
      first.join(application);
      second.join(application);
      Thread sender = new Thread(() -> send(fixture, done), "sender");
      sender.setDaemon(true);
      sender.start();
      try {
        long all = (long) CLUSTERS * NODES * 3 * SCRAPES;
        Set<TopicPartition> lost = Set.of();
        // both work, and what the first has is going on
        while (lost.isEmpty()
            || fixture.owned(group, "second").isEmpty()
            || fixture.committed(group) < all) {
          Thread.sleep(200);
          lost = fixture.owned(group, "first");
        }
        // a checkpoint is written some commits later
        Thread.sleep(2_000);
        return kill(fixture, group, first, second, lost);
      } finally {
        done.set(true);
        sender.join();
      }
    }
  }

  private static Steps kill(
      Fixture fixture,
      String group,
      DetectProcess first,
      DetectProcess second,
      Set<TopicPartition> lost)
      throws IOException, InterruptedException {
    first.kill();
    long killed = System.currentTimeMillis();
    long before = progress(fixture, group, lost);
    double expelled = Double.NaN;
    double assigned = Double.NaN;
    while (progress(fixture, group, lost) == before) {
      Thread.sleep(20);
      if (Double.isNaN(expelled) && fixture.owned(group, "first").isEmpty()) {
        expelled = since(killed);
      }
      if (Double.isNaN(assigned) && fixture.owned(group, "second").containsAll(lost)) {
        assigned = since(killed);
      }
      if (!second.isAlive()) {
        throw new IOException("the survivor ended as well");
      }
    }
    double record = since(killed);
    DetectProcess.Begin begin =
        second.begins().stream()
            .filter(it -> it.at() >= killed)
            .min(Comparator.comparing(DetectProcess.Begin::at))
            .orElseThrow(() -> new IOException("no task began, yet one goes on"));
    long unpacked = begin.restored() + begin.unpack();
    return new Steps(
        expelled,
        assigned,
        (begin.restored() - killed) / 1e3,
        (unpacked - killed) / 1e3,
        (unpacked + begin.replay() - killed) / 1e3,
        (begin.at() - killed) / 1e3,
        record);
  }

  private static double since(long killed) {
    return (System.currentTimeMillis() - killed) / 1e3;
  }

  private static void send(Fixture fixture, AtomicBoolean done) {
    Load load = new Load(new Size(CLUSTERS, NODES, Integer.MAX_VALUE, 30));
    EventSerializer<SpecificRecord> bytes = new EventSerializer<>(fixture.registry);
    Pace pace = new Pace(500);
    long[] unpaced = {(long) CLUSTERS * NODES * 3 * SCRAPES};
    try (KafkaProducer<String, byte[]> producer = fixture.producer()) {
      while (!done.get()) {
        load.scrape(
            (topic, cluster, at, snapshot) -> {
              if (unpaced[0] > 0) {
                unpaced[0]--;
              } else if (done.get()) {
                return;
              } else {
                pace.next();
              }
              producer.send(
                  new ProducerRecord<>(
                      topic.name(), null, at, cluster, bytes.serialize(topic.name(), snapshot)));
            });
      }
    }
  }

  private static long progress(Fixture fixture, String group, Set<TopicPartition> of) {
    Map<TopicPartition, OffsetAndMetadata> offsets =
        Fixture.await(
            fixture.admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata());
    return offsets.entrySet().stream()
        .filter(it -> of.contains(it.getKey()) && it.getValue() != null)
        .mapToLong(it -> it.getValue().offset())
        .sum();
  }
}
