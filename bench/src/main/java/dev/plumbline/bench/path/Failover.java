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

  /** Runs it so many times. */
  public static void run(int rounds, Consumer<String> progress, ObjectNode out) throws IOException {
    double[] seconds = new double[rounds];
    for (int round = 0; round < rounds; round++) {
      progress.accept("kill -9 of one of two, %d of %d".formatted(round + 1, rounds));
      try {
        seconds[round] = once();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }
    out.put("rounds", rounds);
    Spread.of(seconds).put(out, "survivorSeconds");
  }

  private static double once() throws IOException, InterruptedException {
    AtomicBoolean done = new AtomicBoolean();
    try (Workspace workspace = Workspace.temporary();
        BrokerProcess broker = BrokerProcess.start(workspace.folder("kafka"), "-Xmx1g");
        Fixture fixture = new Fixture(broker, 4)) {
      String application = fixture.application();
      String group = application + "-judge";
      Process first = start(fixture, application, workspace.folder("first"), "first");
      Process second = start(fixture, application, workspace.folder("second"), "second");
      Thread sender = new Thread(() -> send(fixture, done), "sender");
      sender.setDaemon(true);
      sender.start();
      try {
        Set<TopicPartition> lost = Set.of();
        // both work, and what the first has is going on
        while (lost.isEmpty()
            || owned(fixture, group, "second").isEmpty()
            || progress(fixture, group, lost) < 50L * lost.size()) {
          Thread.sleep(200);
          lost = owned(fixture, group, "first");
        }
        first.destroyForcibly().waitFor();
        long killed = System.nanoTime();
        long before = progress(fixture, group, lost);
        while (progress(fixture, group, lost) == before) {
          Thread.sleep(20);
          if (!second.isAlive()) {
            throw new IOException("the survivor ended as well");
          }
        }
        return (System.nanoTime() - killed) / 1e9;
      } finally {
        done.set(true);
        sender.join();
        first.destroyForcibly();
        second.destroyForcibly().waitFor();
      }
    }
  }

  private static Process start(Fixture fixture, String application, Path folder, String name)
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
                    name))
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
    Load load = new Load(new Size(8, 2, Integer.MAX_VALUE, 30));
    EventSerializer<SpecificRecord> bytes = new EventSerializer<>(fixture.registry);
    Latency.Pace pace = new Latency.Pace(500);
    try (KafkaProducer<String, byte[]> producer = fixture.producer()) {
      while (!done.get()) {
        load.scrape(
            (topic, cluster, at, snapshot, samples) -> {
              pace.next();
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

  /** A detect process. Arguments: broker, registry, application, folder for state, its name. */
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
                null));
    while (!detect.ready()) {
      Thread.sleep(20);
    }
    System.out.println("ready");
    System.out.flush();
    Thread.currentThread().join();
  }
}
