package dev.plumbline.bench.path;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.plumbline.bench.load.Load;
import dev.plumbline.bench.load.Numbers;
import dev.plumbline.bench.load.Size;
import dev.plumbline.bench.report.Spread;
import dev.plumbline.cli.embedded.Workspace;
import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.serde.EventSerializer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Two detect processes and the snapshots of one fleet: what a snapshot costs when they share the
 * partitions, beside what it costs one of them alone, in turns; and, as one comes and the other
 * leaves while snapshots are sent, whether together they judge and find exactly what a process does
 * that reads all of it alone.
 */
public final class Sharing {
  /** The fleet, and the scrapes of it that are sent and judged at a time. */
  private static final int CLUSTERS = 16;

  private static final int NODES = 8;
  private static final int SCRAPES = 60;

  /** Snapshots a second that are sent while a process comes or leaves: for some seconds. */
  private static final double PACE = 4_000;

  /** A process alone, one that comes, both, one that leaves. */
  private static final int WAVES = 4;

  /** CPU of a wave, microseconds for a snapshot. */
  private record Cost(double app, double broker, double share) {
    double micros() {
      return app + broker;
    }
  }

  private final Fixture fixture;
  private final KafkaProducer<String, byte[]> producer;
  private final EventSerializer<SpecificRecord> bytes;
  private final Load load;
  private final String application;
  private long sent;
  private long samples;

  private Sharing(Fixture fixture, KafkaProducer<String, byte[]> producer, int waves) {
    this.fixture = fixture;
    this.producer = producer;
    bytes = new EventSerializer<>(fixture.registry);
    load = new Load(new Size(CLUSTERS, NODES, waves * SCRAPES, 30));
    application = fixture.application();
  }

  /**
   * Runs it.
   *
   * @param rounds that count, after one that warms up; 0 counts that one, to see that all runs
   */
  public static void run(int rounds, Consumer<String> progress, ObjectNode out) throws IOException {
    try (Workspace workspace = Workspace.temporary();
        BrokerProcess broker =
            BrokerProcess.start(workspace.folder("kafka"), "-Xmx1g", "-XX:+UseSerialGC");
        Fixture fixture = new Fixture(broker, 4);
        KafkaProducer<String, byte[]> producer = fixture.producer();
        DetectProcess first = DetectProcess.start(fixture, workspace.folder("first"), "first", 0);
        DetectProcess second =
            DetectProcess.start(fixture, workspace.folder("second"), "second", 0)) {
      Sharing sharing = new Sharing(fixture, producer, WAVES * (rounds + 1));
      sharing.share(rounds, List.of(first, second), progress, out);
      long judged = first.judged() + second.judged();
      Map<String, Integer> together = fixture.said();
      fixture.clean(sharing.application);
      progress.accept("one process alone");
      String alone = fixture.application();
      first.join(alone);
      sharing.settle(alone);
      first.leave();
      Map<String, Integer> reference = fixture.said();
      out.put("sent", sharing.sent);
      out.put("judged", judged);
      out.put("judgedAlone", first.judged() + second.judged() - judged);
      out.put("findingsAlone", reference.size());
      out.put("findings", together.size());
      out.put("lost", reference.keySet().stream().filter(it -> !together.containsKey(it)).count());
      out.put("other", together.keySet().stream().filter(it -> !reference.containsKey(it)).count());
      out.put("repeated", together.values().stream().mapToInt(it -> it - 1).sum());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private void share(
      int rounds, List<DetectProcess> processes, Consumer<String> progress, ObjectNode out)
      throws IOException, InterruptedException {
    String[] names = {"first", "second"};
    List<Cost> one = new ArrayList<>();
    List<Cost> two = new ArrayList<>();
    double[] partitions = new double[rounds + 1];
    processes.get(0).join(application);
    for (int round = 0; round <= rounds; round++) {
      progress.accept("two processes, %d of %d".formatted(round, rounds));
      // who came last stays alone next
      DetectProcess stays = processes.get((round + 1) % 2);
      DetectProcess leaves = processes.get(round % 2);
      Cost alone = cost(List.of(leaves));
      moving(() -> stays.join(application));
      Cost both = cost(List.of(leaves, stays));
      partitions[round] = fixture.owned(application + "-judge", names[round % 2]).size();
      moving(leaves::leave);
      if (round > 0 || rounds == 0) {
        one.add(alone);
        two.add(both);
      }
    }
    processes.get((rounds + 1) % 2).leave();
    double unit = Size.SNAPSHOT * sent / samples;
    out.put("rounds", rounds);
    out.put("handOvers", 2 * (rounds + 1));
    out.put("partitions", fixture.inputs().size());
    Spread.of(partitions).put(out, "partitionsOfOne");
    Spread.of(two, Cost::share).put(out, "shareOfOne");
    put(one, unit, out.putObject("one"));
    put(two, unit, out.putObject("two"));
    Spread.ratio(two, one, Cost::micros).put(out, "twoToOne");
  }

  private static void put(List<Cost> costs, double unit, ObjectNode out) {
    Spread.of(costs, it -> it.micros() * unit).put(out, "micros");
    Spread.of(costs, it -> it.app() * unit).put(out, "appMicros");
    Spread.of(costs, it -> it.broker() * unit).put(out, "brokerMicros");
  }

  /** What a snapshot costs those who judge now. */
  private Cost cost(List<DetectProcess> processes) throws IOException, InterruptedException {
    long[] before = new long[processes.size()];
    for (int i = 0; i < before.length; i++) {
      before[i] = Cpu.of(processes.get(i).handle());
    }
    long broker = Cpu.of(fixture.broker.handle());
    long from = sent;
    send(SCRAPES, 0);
    settle(application);
    double snapshots = sent - from;
    double app = 0;
    double first = 0;
    for (int i = 0; i < before.length; i++) {
      double own = Cpu.of(processes.get(i).handle()) - before[i];
      first = i == 0 ? own : first;
      app += own;
    }
    return new Cost(
        app / 1e3 / snapshots,
        (Cpu.of(fixture.broker.handle()) - broker) / 1e3 / snapshots,
        first / app);
  }

  /** A process comes or leaves. */
  private interface Move {
    void run() throws IOException;
  }

  /** Something changes while snapshots are sent. */
  private void moving(Move move) throws IOException, InterruptedException {
    send(SCRAPES / 4, PACE);
    CompletableFuture<Void> moved =
        CompletableFuture.runAsync(
            () -> {
              try {
                move.run();
              } catch (IOException e) {
                throw new IllegalStateException(e.getMessage(), e);
              }
            });
    send(SCRAPES - SCRAPES / 4, PACE);
    try {
      moved.get();
    } catch (ExecutionException e) {
      throw new IOException(e.getCause().getMessage(), e.getCause());
    }
    settle(application);
  }

  private void send(int scrapes, double rate) {
    Pace pace = new Pace(rate);
    for (int scrape = 0; scrape < scrapes; scrape++) {
      sent +=
          load.scrape(
              (topic, cluster, at, snapshot) -> {
                pace.next();
                samples += Numbers.count(snapshot);
                producer.send(
                    new ProducerRecord<>(
                        topic.name(), null, at, cluster, bytes.serialize(topic.name(), snapshot)));
              });
    }
    producer.flush();
  }

  /** Until all that was sent is judged, and the fleet has heard of it. */
  private void settle(String application) throws InterruptedException {
    String group = application + "-judge";
    while (fixture.committed(group) < sent || fixture.behind(group, Topic.FLEET_FACTS) > 0) {
      Thread.sleep(20);
    }
  }
}
