package dev.plumbline.bench.path;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.plumbline.schemas.registry.SchemaRegistry;
import dev.plumbline.streams.Detect;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.LoggerFactory;

/** Detection in a JVM of its own, which joins the others of an application and leaves them. */
public final class DetectProcess implements AutoCloseable {
  private static final String BEGINS = "begins ";
  private static final String NOTHING = "ended";

  /**
   * What a task did before its first record.
   *
   * @param at when it was through with it, milliseconds since 1970
   * @param unpack milliseconds to make live objects of what was restored
   * @param replay to judge again what was committed behind the checkpoint
   * @param said to read what was found last
   * @param records that were judged again
   */
  record Begin(String task, long at, long unpack, long replay, long said, long records) {
    /** When Kafka Streams had restored it. */
    long restored() {
      return at - unpack - replay - said;
    }
  }

  private final Process process;
  private final PrintWriter orders;
  private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();
  private final Queue<Begin> begins = new ConcurrentLinkedQueue<>();

  private DetectProcess(Process process) {
    this.process = process;
    orders = new PrintWriter(process.getOutputStream(), true, StandardCharsets.UTF_8);
    Thread reader = new Thread(this::read, "detect-process");
    reader.setDaemon(true);
    reader.start();
  }

  /**
   * Starts one that does nothing yet.
   *
   * @param folder keeps its state
   * @param name its client ids begin with it
   */
  static DetectProcess start(Fixture fixture, Path folder, String name, int standbys)
      throws IOException {
    return new DetectProcess(
        BrokerProcess.java(
                DetectProcess.class,
                List.of("-Xmx512m", "-XX:+UseSerialGC"),
                List.of(
                    fixture.broker.address(),
                    fixture.registryServer.url(),
                    folder.toString(),
                    name,
                    Integer.toString(standbys)))
            .start());
  }

  /** Takes its share of an application's work; returns when it has it. */
  void join(String application) throws IOException {
    ask("join " + application);
  }

  /** Leaves its share to others. */
  void leave() throws IOException {
    ask("leave");
  }

  /** Snapshots that it has judged since it was started. */
  long judged() throws IOException {
    return Long.parseLong(ask("judged"));
  }

  /** Tasks that have begun in it so far. */
  List<Begin> begins() {
    return List.copyOf(begins);
  }

  ProcessHandle handle() {
    return process.toHandle();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Ends it as a machine does that loses its power. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  @Override
  public void close() {
    try {
      kill();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private String ask(String order) throws IOException {
    orders.println(order);
    try {
      String answer = answers.poll(120, TimeUnit.SECONDS);
      if (answer == null || answer.equals(NOTHING)) {
        throw new IOException("a detect process does not do as told: " + order);
      }
      return answer;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private void read() {
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (line.startsWith(BEGINS)) {
          String[] parts = line.split(" ");
          begins.add(
              new Begin(
                  parts[1],
                  Long.parseLong(parts[2]),
                  Long.parseLong(parts[3]),
                  Long.parseLong(parts[4]),
                  Long.parseLong(parts[5]),
                  Long.parseLong(parts[6])));
        } else {
          answers.add(line);
        }
      }
    } catch (IOException e) {
      // it was killed
    }
    answers.add(NOTHING);
  }

  /** The process itself. Arguments: broker, registry, folder for state, its name, standbys. */
  public static void main(String[] args) throws IOException, InterruptedException {
    tellBegins();
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    Detect detect = null;
    long before = 0;
    for (String order = in.readLine(); order != null; order = in.readLine()) {
      if (order.startsWith("join ")) {
        detect = Detect.start(settings(args, order.substring("join ".length())));
        while (!detect.ready()) {
          Thread.sleep(20);
        }
        answer("joined");
      } else if (order.equals("leave")) {
        detect.close();
        before += detect.judged();
        detect = null;
        answer("left");
      } else {
        answer(Long.toString(before + (detect == null ? 0 : detect.judged())));
      }
    }
    System.exit(0);
  }

  private static Detect.Settings settings(String[] args, String application) {
    return new Detect.Settings(
        Map.of("bootstrap.servers", args[0], "client.id", args[3]),
        SchemaRegistry.connect(Map.of("schema.registry.url", args[1])),
        application,
        2,
        true,
        Path.of(args[2]),
        null,
        Detect.Guarantee.AT_LEAST_ONCE,
        Integer.parseInt(args[4]));
  }

  /** What the log says of a task that begins goes to the other side. */
  private static void tellBegins() {
    Logger log = (Logger) LoggerFactory.getLogger("dev.plumbline.streams.judge");
    AppenderBase<ILoggingEvent> appender =
        new AppenderBase<>() {
          @Override
          protected void append(ILoggingEvent event) {
            Map<String, Object> values = new HashMap<>();
            if (event.getKeyValuePairs() != null) {
              event.getKeyValuePairs().forEach(it -> values.put(it.key, it.value));
            }
            if (values.containsKey("replayMillis")) {
              answer(
                  "%s%s %d %s %s %s %s"
                      .formatted(
                          BEGINS,
                          values.get("task"),
                          event.getTimeStamp(),
                          values.get("unpackMillis"),
                          values.get("replayMillis"),
                          values.get("saidMillis"),
                          values.get("records")));
            }
          }
        };
    appender.setContext(log.getLoggerContext());
    appender.start();
    log.setLevel(Level.INFO);
    log.setAdditive(false);
    log.addAppender(appender);
  }

  private static synchronized void answer(String line) {
    System.out.println(line);
    System.out.flush();
  }
}
