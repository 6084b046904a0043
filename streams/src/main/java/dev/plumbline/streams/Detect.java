package dev.plumbline.streams;

import dev.plumbline.schemas.Topics;
import dev.plumbline.schemas.registry.SchemaRegistry;
import dev.plumbline.streams.decide.DecideTopology;
import dev.plumbline.streams.health.Board;
import dev.plumbline.streams.health.Instruments;
import dev.plumbline.streams.health.Metrics;
import dev.plumbline.streams.http.HttpApi;
import dev.plumbline.streams.judge.JudgeTopology;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KafkaStreams.State;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A detect process: judging (snapshots to findings) and deciding (findings to incidents and
 * remediations), two Kafka Streams applications in one JVM, and what they answer over HTTP.
 */
public final class Detect implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Detect.class);

  /**
   * How it runs.
   *
   * @param kafka Kafka client settings, at least {@code bootstrap.servers}; whatever Kafka Streams
   *     knows may stand here
   * @param registry where schemas are agreed
   * @param application prefix of the two application ids; processes that share it share the work
   * @param threads stream threads of the judging stage
   * @param live false for a replay, where every partition ends with an end-of-tape marker
   * @param stateDir where Kafka Streams keeps its files
   * @param http where to listen; null for nowhere
   */
  public record Settings(
      Map<String, Object> kafka,
      SchemaRegistry registry,
      String application,
      int threads,
      boolean live,
      Path stateDir,
      InetSocketAddress http) {}

  private final Board board = new Board();
  private final Metrics metrics = new Metrics(board);
  private final Instruments instruments;
  private final KafkaStreams judging;
  private final KafkaStreams deciding;
  private final HttpApi http;
  private final AtomicReference<Throwable> fatal = new AtomicReference<>();

  private Detect(Settings settings) throws IOException {
    int partitions;
    try (Admin admin = Admin.create(settings.kafka())) {
      partitions = Topics.partitions(admin);
    }
    instruments = new Instruments(metrics.meter());
    judging =
        streams(
            JudgeTopology.of(settings.registry(), partitions, settings.live(), instruments, board),
            settings,
            "judge",
            settings.threads());
    deciding =
        streams(
            DecideTopology.of(settings.registry(), settings.live(), instruments, board),
            settings,
            "decide",
            1);
    http =
        settings.http() == null
            ? null
            : new HttpApi(settings.http(), board, metrics, this::healthy, this::ready);
  }

  /**
   * Starts; the topics must exist.
   *
   * @throws UncheckedIOException when the address to listen on is taken
   */
  public static Detect start(Settings settings) {
    try {
      Detect detect = new Detect(settings);
      detect.judging.start();
      detect.deciding.start();
      return detect;
    } catch (IOException e) {
      throw new UncheckedIOException("can't listen on " + settings.http() + ": " + e, e);
    }
  }

  /** What is open now in the partitions of this process. */
  public Board board() {
    return board;
  }

  /** Snapshots judged by this process so far; tells progress. */
  public long judged() {
    return instruments.judged();
  }

  /** Port of the HTTP API; 0 when there is none. */
  public int port() {
    return http == null ? 0 : http.port();
  }

  /** False once it can't go on by itself. */
  public boolean healthy() {
    return fatal.get() == null && alive(judging.state()) && alive(deciding.state());
  }

  /** True when both stages run. */
  public boolean ready() {
    return healthy() && judging.state() == State.RUNNING && deciding.state() == State.RUNNING;
  }

  @Override
  public void close() {
    List.of(judging, deciding).parallelStream().forEach(it -> it.close(Duration.ofSeconds(30)));
    if (http != null) {
      http.close();
    }
    metrics.close();
  }

  private static boolean alive(State state) {
    return state != State.ERROR && state != State.PENDING_ERROR;
  }

  private KafkaStreams streams(Topology topology, Settings settings, String stage, int threads) {
    Map<String, Object> config = new HashMap<>();
    config.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    // what a page waits for at most; the work of a commit is spread over what arrived in it
    config.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 200);
    config.put(StreamsConfig.STATE_DIR_CONFIG, settings.stateDir().toString());
    config.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, threads);
    config.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
    config.put(StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), 10_000);
    config.put(StreamsConfig.consumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG), 3_000);
    config.putAll(settings.kafka());
    config.put(StreamsConfig.APPLICATION_ID_CONFIG, settings.application() + "-" + stage);
    Properties properties = new Properties();
    properties.putAll(config);
    KafkaStreams streams = new KafkaStreams(topology, properties);
    streams.setUncaughtExceptionHandler(
        thrown -> {
          if (thrown instanceof Error) {
            fatal.set(thrown);
            LOG.error("{} stops: {}", stage, thrown.toString(), thrown);
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
          }
          LOG.error("a thread of {} is replaced: {}", stage, thrown.toString(), thrown);
          return StreamThreadExceptionResponse.REPLACE_THREAD;
        });
    return streams;
  }
}
