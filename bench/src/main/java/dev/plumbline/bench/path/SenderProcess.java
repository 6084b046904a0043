package dev.plumbline.bench.path;

import dev.plumbline.bench.load.Load;
import dev.plumbline.bench.load.Size;
import dev.plumbline.schemas.event.GpuSample;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.event.ResourceSnapshot;
import dev.plumbline.schemas.registry.SchemaRegistry;
import dev.plumbline.schemas.serde.EventSerializer;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Sends the snapshots of a fleet from a JVM of its own, as agents do: what it allocates and
 * compiles is not detection's. With each scrape of the fleet a few boards report a new XID.
 *
 * <p>The process says a line for each such board, {@code fault UUID NANOS} (of the system's
 * monotonic clock, which all processes share), and how many snapshots it has sent, {@code sent N}.
 * It is told how many were judged, a number on each line, and ends with its input.
 */
final class SenderProcess implements AutoCloseable {
  private static final int CODE = 79;
  private static final int OTHER_CODE = 48;
  private static final int TURNS = 16;

  /** Without a pace: what piles up only hides who is the slower one. */
  private static final long MOST_AHEAD = 50_000;

  private final Process process;
  private final Writer judged;
  private final Map<String, TreeSet<Long>> faults = new ConcurrentHashMap<>();
  private final Thread reader;
  private volatile long sent;

  private SenderProcess(Process process) {
    this.process = process;
    judged =
        new BufferedWriter(
            new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
    reader = new Thread(this::read, "reader of the sender");
    reader.setDaemon(true);
    reader.start();
  }

  /**
   * Starts to send.
   *
   * @param perSecond snapshots a second; 0 for as many as are judged
   */
  static SenderProcess start(Fixture fixture, double perSecond) throws IOException {
    return new SenderProcess(
        BrokerProcess.java(
                SenderProcess.class,
                List.of("-XX:+UseSerialGC", "-Xms256m", "-Xmx256m", "-DPLUMBLINE_LOG=OFF"),
                List.of(
                    fixture.broker.address(),
                    fixture.registryServer.url(),
                    Double.toString(perSecond)))
            .start());
  }

  /** Snapshots sent so far. */
  long sent() {
    return sent;
  }

  /** When the last fault of a board was sent before a time, nanoseconds; null when none was. */
  Long faultBefore(String board, long nanos) {
    TreeSet<Long> times = faults.get(board);
    if (times == null) {
      return null;
    }
    synchronized (times) {
      return times.floor(nanos);
    }
  }

  /** Tells how many snapshots were judged. */
  void judged(long count) throws IOException {
    judged.write(count + "\n");
    judged.flush();
  }

  /** Sends what it has begun, and ends. */
  @Override
  public void close() throws IOException {
    try {
      judged.close();
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
      reader.join(5_000);
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  private void read() {
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        String[] words = line.split(" ");
        if (words[0].equals("sent")) {
          sent = Long.parseLong(words[1]);
        } else if (words[0].equals("fault")) {
          TreeSet<Long> times = faults.computeIfAbsent(words[1], it -> new TreeSet<>());
          synchronized (times) {
            times.add(Long.parseLong(words[2]));
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the sender's output", e);
    }
  }

  /** The process itself. Arguments: broker, registry, snapshots a second. */
  public static void main(String[] args) {
    SchemaRegistry registry = SchemaRegistry.connect(Map.of("schema.registry.url", args[1]));
    EventSerializer<SpecificRecord> bytes = new EventSerializer<>(registry);
    double perSecond = Double.parseDouble(args[2]);
    Told told = new Told();
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    try (KafkaProducer<String, byte[]> producer =
        Fixture.producer(Map.of("bootstrap.servers", args[0]))) {
      Load load = new Load(new Size(16, 8, Integer.MAX_VALUE, 30));
      Pace pace = new Pace(perSecond);
      long[] sent = {0};
      for (int tick = 0; !told.ended; tick++) {
        if (perSecond == 0 && sent[0] - told.judged > MOST_AHEAD) {
          LockSupport.parkNanos(1_000_000);
          continue;
        }
        int from = tick;
        load.scrape(
            (topic, cluster, at, snapshot) -> {
              pace.next();
              if (from > 2
                  && snapshot instanceof ResourceSnapshot resource
                  && !resource.getGpus().isEmpty()) {
                fault(resource, from, out);
              }
              byte[] value = bytes.serialize(topic.name(), snapshot);
              producer.send(new ProducerRecord<>(topic.name(), null, at, cluster, value));
              sent[0]++;
            });
        out.println("sent " + sent[0]);
        out.flush();
      }
    }
  }

  /** Each node in its turn reports an XID of its next board: a few for each scrape of the fleet. */
  private static void fault(ResourceSnapshot resource, int tick, PrintStream out) {
    Header header = resource.getHeader();
    int turn = Math.floorMod((header.getCluster() + header.getTarget()).hashCode(), TURNS);
    if (turn != tick % TURNS) {
      return;
    }
    GpuSample gpu = resource.getGpus().get(tick / TURNS % resource.getGpus().size());
    // any change is news; the finding before has long been resolved when the board's turn comes
    // again
    gpu.setXid(gpu.getXid() == CODE ? OTHER_CODE : CODE);
    out.println("fault " + gpu.getUuid() + ' ' + System.nanoTime());
  }

  /** What the parent says on the standard input. */
  private static final class Told {
    volatile long judged;
    volatile boolean ended;

    Told() {
      Thread thread = new Thread(this::read, "standard input");
      thread.setDaemon(true);
      thread.start();
    }

    private void read() {
      try (BufferedReader in =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
        for (String line = in.readLine(); line != null; line = in.readLine()) {
          judged = Long.parseLong(line);
        }
      } catch (IOException e) {
        // a parent that is gone wants nothing more
      }
      ended = true;
    }
  }
}
