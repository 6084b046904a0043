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
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.CloseOptions;
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
  /** What a finding waits for at most in the deciding stage. */
  private static final int COMMIT_MILLIS = 100;

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
   * @param judging what the judging stage guarantees of its output
   */
  public record Settings(
      Map<String, Object> kafka,
      SchemaRegistry registry,
      String application,
      int threads,
      boolean live,
      Path stateDir,
      InetSocketAddress http,
      Guarantee judging) {

    /** With the judging stage at least once. */
    public Settings(
        Map<String, Object> kafka,
        SchemaRegistry registry,
        String application,
        int threads,
        boolean live,
        Path stateDir,
        InetSocketAddress http) {
      this(kafka, registry, application, threads, live, stateDir, http, Guarantee.AT_LEAST_ONCE);
    }
  }

  /** What the judging stage guarantees of its output; its state is exact in either case. */
  public enum Guarantee {
    /**
     * After a crash a finding may come a second time, with the same id and revision; the deciding
     * stage drops it. Findings are out within milliseconds.
     */
    AT_LEAST_ONCE(StreamsConfig.AT_LEAST_ONCE),
    /** Each once, for readers that read only what is committed; each waits for a commit. */
    EXACTLY_ONCE(StreamsConfig.EXACTLY_ONCE_V2);

    private final String setting;

    Guarantee(String setting) {
      this.setting = setting;
    }

    /**
     * The guarantee of a name.
     *
     * @throws IllegalArgumentException naming what there is
     */
    public static Guarantee of(String name) {
      return switch (name) {
        case "at-least-once" -> AT_LEAST_ONCE;
        case "exactly-once" -> EXACTLY_ONCE;
        default ->
            throw new IllegalArgumentException(
                name + " is no guarantee; there are at-least-once and exactly-once");
      };
    }
  }

  /** Leaves the group, so that whoever takes over does not wait for the session to end. */
  private static final CloseOptions LEAVE =
      CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP)
          .withTimeout(Duration.ofSeconds(30));

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
            settings.judging(),
            settings.threads());
    deciding =
        streams(
            DecideTopology.of(settings.registry(), settings.live(), instruments, board),
            settings,
            "decide",
            Guarantee.EXACTLY_ONCE,
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
    List.of(judging, deciding).parallelStream().forEach(it -> it.close(LEAVE));
    if (http != null) {
      http.close();
    }
    metrics.close();
  }

  private static boolean alive(State state) {
    return state != State.ERROR && state != State.PENDING_ERROR;
  }

  private KafkaStreams streams(
      Topology topology, Settings settings, String stage, Guarantee guarantee, int threads) {
    Map<String, Object> config = new HashMap<>();
    config.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, guarantee.setting);
    config.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, COMMIT_MILLIS);
    config.put(StreamsConfig.STATE_DIR_CONFIG, settings.stateDir().toString());
    config.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, threads);
    // a page of state may be larger than the default, and the largest record must fit into the
    // dead letters
    config.put(StreamsConfig.producerPrefix(ProducerConfig.MAX_REQUEST_SIZE_CONFIG), 16 << 20);
    config.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 5);
    config.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 262_144);
    config.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
    if (guarantee == Guarantee.EXACTLY_ONCE) {
      // what a crashed process left open holds its readers up for so long
      config.put(StreamsConfig.producerPrefix(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG), 5_000);
    }
    config.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
    config.put(StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), 6_000);
    config.put(StreamsConfig.consumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG), 1_500);
    config.putAll(settings.kafka());
    if (guarantee == Guarantee.EXACTLY_ONCE) {
      // the state of the deciding stage relies on it
      config.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, guarantee.setting);
    }
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
