package dev.plumbline.streams;

import dev.plumbline.schemas.Topics;
import dev.plumbline.schemas.registry.SchemaRegistry;
import dev.plumbline.streams.decide.DecideTopology;
import dev.plumbline.streams.health.Board;
import dev.plumbline.streams.health.Instruments;
import dev.plumbline.streams.health.Metrics;
import dev.plumbline.streams.http.HttpApi;
import dev.plumbline.streams.judge.JudgeTopology;
import dev.plumbline.streams.state.Lease;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigResource;
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

  /**
   * A member that was silent for so long is replaced: nearly all that a survivor's first record
   * waits for. Short, because a mistake costs little (a second or two of restoring, nothing said
   * twice), and longer than a full collection of the launcher's heap.
   */
  private static final int SESSION_MILLIS = 3_000;

  /** The shortest session that brokers take by default. */
  private static final int USUAL_SESSION_MILLIS = 6_000;

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
   * @param standbys other processes that keep a copy of each task's state at hand
   */
  public record Settings(
      Map<String, Object> kafka,
      SchemaRegistry registry,
      String application,
      int threads,
      boolean live,
      Path stateDir,
      InetSocketAddress http,
      Guarantee judging,
      int standbys) {

    /** With the judging stage at least once, and no standby. */
    public Settings(
        Map<String, Object> kafka,
        SchemaRegistry registry,
        String application,
        int threads,
        boolean live,
        Path stateDir,
        InetSocketAddress http) {
      this(kafka, registry, application, threads, live, stateDir, http, Guarantee.AT_LEAST_ONCE, 0);
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
  private final Lease lease;

  private Detect(Settings settings) throws IOException {
    int partitions;
    int session;
    try (Admin admin = Admin.create(settings.kafka())) {
      partitions = Topics.partitions(admin);
      session = session(admin);
    }
    instruments = new Instruments(metrics.meter());
    StreamsConfig judge =
        config(settings, session, "judge", settings.judging(), settings.threads());
    lease = lease(judge);
    judging =
        streams(
            JudgeTopology.of(
                settings.registry(), partitions, settings.live(), lease, instruments, board),
            judge,
            "judge");
    deciding =
        streams(
            DecideTopology.of(settings.registry(), settings.live(), instruments, board),
            config(settings, session, "decide", Guarantee.EXACTLY_ONCE, 1),
            "decide");
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
    lease.close();
    metrics.close();
  }

  private static boolean alive(State state) {
    return state != State.ERROR && state != State.PENDING_ERROR;
  }

  /** As short as we like it, or as the brokers allow. */
  private static int session(Admin admin) {
    try {
      String broker = admin.describeCluster().nodes().get().iterator().next().idString();
      ConfigResource resource = new ConfigResource(ConfigResource.Type.BROKER, broker);
      String least =
          admin
              .describeConfigs(List.of(resource))
              .all()
              .get()
              .get(resource)
              .get("group.min.session.timeout.ms")
              .value();
      return Math.max(SESSION_MILLIS, Integer.parseInt(least));
    } catch (ExecutionException e) {
      LOG.atInfo()
          .addKeyValue("error", e.getCause())
          .log("the brokers' settings can't be read; a session lasts {} ms", USUAL_SESSION_MILLIS);
      return USUAL_SESSION_MILLIS;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return USUAL_SESSION_MILLIS;
    }
  }

  /** What is left of a session when the process stops just before it would send a heartbeat. */
  private static Lease lease(StreamsConfig config) {
    Map<String, Object> consumer = config.getMainConsumerConfigs("", "", 0);
    long session = millis(consumer, ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG);
    long heartbeat = millis(consumer, ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG);
    return Lease.of(Duration.ofMillis(Math.max(session / 2, session - heartbeat - 250)));
  }

  private static long millis(Map<String, Object> config, String name) {
    return Long.parseLong(String.valueOf(config.get(name)));
  }

  private static StreamsConfig config(
      Settings settings, int session, String stage, Guarantee guarantee, int threads) {
    Map<String, Object> config = new HashMap<>();
    config.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, guarantee.setting);
    config.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, COMMIT_MILLIS);
    // as large as the system finds they should be: what arrives beyond a fixed size is dropped, and
    // sent again 200 ms later
    config.put(StreamsConfig.RECEIVE_BUFFER_CONFIG, -1);
    config.put(StreamsConfig.SEND_BUFFER_CONFIG, -1);
    config.put(StreamsConfig.STATE_DIR_CONFIG, settings.stateDir().toString());
    config.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, threads);
    config.put(StreamsConfig.NUM_STANDBY_REPLICAS_CONFIG, settings.standbys());
    // a page of state may be larger than the default, and the largest record must fit into the
    // dead letters
    config.put(StreamsConfig.producerPrefix(ProducerConfig.MAX_REQUEST_SIZE_CONFIG), 16 << 20);
    config.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 5);
    config.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 262_144);
    config.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
    if (guarantee == Guarantee.EXACTLY_ONCE) {
      // what a crashed process left open holds its readers up for so long, and hides from a restore
      // what came behind it, which is then read again from the source: in the deciding stage it
      // ends before the session does. Judging may begin its tasks for seconds within one, and the
      // end of a tape is decided at once
      boolean brief = stage.equals("decide") && settings.live();
      int timeout = brief ? Math.max(1_000, session - 1_000) : 5_000;
      config.put(StreamsConfig.producerPrefix(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG), timeout);
    }
    config.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
    config.put(StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), session);
    config.put(
        StreamsConfig.consumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG), session / 4);
    config.putAll(settings.kafka());
    if (guarantee == Guarantee.EXACTLY_ONCE) {
      // the state of the deciding stage relies on it
      config.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, guarantee.setting);
    }
    config.put(StreamsConfig.APPLICATION_ID_CONFIG, settings.application() + "-" + stage);
    return new StreamsConfig(config);
  }

  private KafkaStreams streams(Topology topology, StreamsConfig config, String stage) {
    KafkaStreams streams = new KafkaStreams(topology, config);
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
