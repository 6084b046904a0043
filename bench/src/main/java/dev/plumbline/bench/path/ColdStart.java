package dev.plumbline.bench.path;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.plumbline.bench.report.Spread;
import dev.plumbline.cli.embedded.EmbeddedBroker;
import dev.plumbline.cli.embedded.Workspace;
import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.Topics;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * From the start of a JVM until its embedded broker has acknowledged the first record, with the
 * launcher's options; with and without an archive of class data.
 */
public final class ColdStart {
  private static final List<String> LAUNCHER =
      List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx512m", "-Xshare:auto");

  private ColdStart() {}

  /** Runs it so many times each way. */
  public static void run(int rounds, Consumer<String> progress, ObjectNode out) throws IOException {
    try (Workspace workspace = Workspace.temporary()) {
      Path archive = workspace.folder("archive").resolve("classes.jsa");
      progress.accept("start: make an archive of class data");
      once(
          workspace,
          "first",
          List.of("-XX:ArchiveClassesAtExit=" + archive, "-Xlog:cds=off", "-Xlog:cds+dynamic=off"));
      double[] plain = new double[rounds];
      double[] shared = new double[rounds];
      for (int round = 0; round < rounds; round++) {
        progress.accept("start of a broker, %d of %d".formatted(round + 1, rounds));
        plain[round] = once(workspace, "plain" + round, List.of());
        shared[round] =
            once(workspace, "shared" + round, List.of("-XX:SharedArchiveFile=" + archive));
      }
      out.put("rounds", rounds);
      Spread.of(plain).put(out, "seconds");
      Spread.of(shared).put(out, "sharedSeconds");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private static double once(Workspace workspace, String name, List<String> more)
      throws IOException, InterruptedException {
    List<String> options = new ArrayList<>(LAUNCHER);
    options.addAll(more);
    long began = System.nanoTime();
    Process process =
        BrokerProcess.java(ColdStart.class, options, List.of(workspace.folder(name).toString()))
            .start();
    int first = process.getInputStream().read();
    double seconds = (System.nanoTime() - began) / 1e9;
    process.waitFor();
    if (first != 'a') {
      throw new IOException("a broker did not start");
    }
    return seconds;
  }

  /** A broker, the topics and one record. Argument: the broker's folder. */
  public static void main(String[] args) throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(Path.of(args[0]), 0)) {
      try (Admin admin = Admin.create(broker.client())) {
        Topics.create(admin, 4, 1);
      }
      try (KafkaProducer<byte[], byte[]> producer =
          new KafkaProducer<>(
              Map.of("bootstrap.servers", broker.address(), "acks", "all"),
              new ByteArraySerializer(),
              new ByteArraySerializer())) {
        producer.send(new ProducerRecord<>(Topic.RESOURCE_SNAPSHOTS.name(), new byte[100])).get();
      }
      System.out.println("acknowledged");
      System.out.flush();
    }
    System.exit(0);
  }
}
