package dev.plumbline.bench.path;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.plumbline.bench.load.Load;
import dev.plumbline.bench.load.Size;
import dev.plumbline.bench.report.Spread;
import dev.plumbline.cli.embedded.Workspace;
import dev.plumbline.schemas.registry.SchemaRegistry;
import dev.plumbline.schemas.serde.EventSerializer;
import dev.plumbline.streams.Detect;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
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

  /** When what happened, in seconds after the kill. */
  private record Steps(double expelled, double assigned, double record) {}

  /** Runs it so many times, without a standby and with one. */
  public static void run(int rounds, Consumer<String> progress, ObjectNode out) throws IOException {
    out.put("rounds", rounds);
    List<Steps> without = new ArrayList<>();
    List<Steps> with = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      progress.accept("kill -9 of one of two, %d of %d".formatted(round + 1, rounds));
      try {
        without.add(once(0));
        with.add(once(1));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }
    Spread.of(without, Steps::expelled).put(out, "expelledSeconds");
    Spread.of(without, Steps::assigned).put(out, "assignedSeconds");
    Spread.of(without, Steps::record).put(out, "survivorSeconds");
    Spread.of(with, Steps::record).put(out, "survivorWithStandbySeconds");
    Spread.of(without, it -> it.record() - it.assigned()).put(out, "restoredSeconds");
    Spread.of(with, it -> it.record() - it.assigned()).put(out, "restoredWithStandbySeconds");
  }

  private static Steps once(int standbys) throws IOException, InterruptedException {
    AtomicBoolean done = new AtomicBoolean();
    try (Workspace workspace = Workspace.temporary();
        BrokerProcess broker = BrokerProcess.start(workspace.folder("kafka"), "-Xmx1g");
        Fixture fixture = new Fixture(broker, 4)) {
      String application = fixture.application();
      String group = application + "-judge";
      Process first = start(fixture, application, workspace.folder("first"), "first", standbys);
      Process second = start(fixture, application, workspace.folder("second"), "second", standbys);
      Thread sender = new Thread(() -> send(fixture, done), "sender");
      sender.setDaemon(true);
      sender.start();
      try {
        long all = (long) CLUSTERS * NODES * 3 * SCRAPES;
        Set<TopicPartition> lost = Set.of();
        // both work, and what the first has is going on
        while (lost.isEmpty()
            || owned(fixture, group, "second").isEmpty()
            || fixture.committed(group) < all) {
          Thread.sleep(200);
          lost = owned(fixture, group, "first");
        }
        // a checkpoint is written some commits later
        Thread.sleep(2_000);
        first.destroyForcibly().waitFor();
        final long killed = System.nanoTime();
        long before = progress(fixture, group, lost);
        double expelled = Double.NaN;
        double assigned = Double.NaN;
        while (progress(fixture, group, lost) == before) {
          Thread.sleep(20);
          if (Double.isNaN(expelled) && owned(fixture, group, "first").isEmpty()) {
            expelled = (System.nanoTime() - killed) / 1e9;
          }
          if (Double.isNaN(assigned) && owned(fixture, group, "second").containsAll(lost)) {
            assigned = (System.nanoTime() - killed) / 1e9;
          }
          if (!second.isAlive()) {
            throw new IOException("the survivor ended as well");
          }
        }
        return new Steps(expelled, assigned, (System.nanoTime() - killed) / 1e9);
      } finally {
        done.set(true);
        sender.join();
        first.destroyForcibly();
        second.destroyForcibly().waitFor();
      }
    }
  }

  private static Process start(
      Fixture fixture, String application, Path folder, String name, int standbys)
      throws IOException {
    Process process =
        BrokerProcess.java(
                Failover.class,
                List.of("-Xmx512m", "-XX:+UseSerialGC"),
                List.of(
                    fixture.broker.address(),
                    fixture.registryServer.url(),
                    application,
                    folder.toString(),
                    name,
                    Integer.toString(standbys)))
            .start();
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String line = out.readLine();
    while (line != null && !line.equals("ready")) {
      line = out.readLine();
    }
    if (line == null) {
      throw new IOException("a detect process ended before it was ready");
    }
    return process;
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

  /** Snapshot partitions with clusters on them that a member of a group has. */
  private static Set<TopicPartition> owned(Fixture fixture, String group, String client) {
    Set<TopicPartition> inputs = new HashSet<>(fixture.inputs());
    List<TopicPartition> owned = new ArrayList<>();
    Fixture.await(fixture.admin.describeConsumerGroups(List.of(group)).all())
        .get(group)
        .members()
        .stream()
        .filter(it -> it.clientId().startsWith(client))
        .forEach(it -> owned.addAll(it.assignment().topicPartitions()));
    owned.retainAll(inputs);
    return new HashSet<>(owned);
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

  /**
   * A detect process. Arguments: broker, registry, application, folder for state, its name,
   * standbys.
   */
  public static void main(String[] args) throws InterruptedException {
    Detect detect =
        Detect.start(
            new Detect.Settings(
                Map.of("bootstrap.servers", args[0], "client.id", args[4]),
                SchemaRegistry.connect(Map.of("schema.registry.url", args[1])),
                args[2],
                2,
                true,
                Path.of(args[3]),
                null,
                Detect.Guarantee.AT_LEAST_ONCE,
                Integer.parseInt(args[5])));
    while (!detect.ready()) {
      Thread.sleep(20);
    }
    System.out.println("ready");
    System.out.flush();
    Thread.currentThread().join();
  }
}
