package dev.plumbline.streams.judge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.event.Contrast;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.schemas.event.PolicySnapshot;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.schemas.registry.SchemaRegistry;
import dev.plumbline.schemas.serde.EventSerde;
import dev.plumbline.streams.Given;
import dev.plumbline.streams.findings.Kind;
import dev.plumbline.streams.health.Board;
import dev.plumbline.streams.health.Instruments;
import dev.plumbline.streams.state.Lease;
import dev.plumbline.streams.state.SourceLog;
import io.opentelemetry.api.OpenTelemetry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.TreeMap;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TopologyTestDriver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three sites with two replicas each of one model server: from snapshots to findings. */
class WitnessTest {
  private static final String IMAGE = "spec.template.spec.containers[0].image";

  private final SchemaRegistry registry = SchemaRegistry.inMemory();
  private final Random random = new Random(7);

  /** What each site's agent says, in turn. */
  private final Map<String, Given> sites =
      new TreeMap<>(Map.of("fra", new Given(), "nyc", new Given(), "par", new Given()));

  /** Steps and seconds of each replica. */
  private final Map<String, double[]> counters = new TreeMap<>();

  @TempDir Path state;
  private TopologyTestDriver driver;

  @BeforeEach
  void start() {
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "judge");
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "nowhere:1");
    settings.put(StreamsConfig.STATE_DIR_CONFIG, state.toString());
    driver =
        new TopologyTestDriver(
            JudgeTopology.of(
                registry,
                1,
                false,
                new Lease(Duration.ofSeconds(3), () -> 0),
                new Instruments(OpenTelemetry.noop().getMeter("test")),
                new Board(),
                context -> SourceLog.empty()),
            settings,
            Instant.ofEpochMilli(Given.START));
  }

  @AfterEach
  void stop() {
    driver.close();
  }

  @Test
  void theSiteThatRolledAnImageOutSuffersAndTheSitesThatDidNotBearWitness() {
    for (String site : sites.keySet()) {
      Given given = sites.get(site);
      told(site, given.labelled(given.object("v1/Node/n1", ""), "nvidia.com/gpu.product", "H100"));
      deployed(site, "v1");
    }
    scrapes(60, "chat-0", "chat-1", 1);
    deployed("fra", "v2");
    scrapes(50, "chat-2", "chat-3", 1.8);

    List<Finding> swings =
        findings().stream().filter(it -> it.getKind().equals(Kind.LATENCY_SWING)).toList();
    assertThat(swings)
        .filteredOn(it -> it.getSeverity() != Severity.info)
        .extracting(it -> it.getEntity().get("cluster"))
        .containsOnly("fra");
    assertThat(swings)
        .filteredOn(it -> it.getSeverity() == Severity.info)
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it.getEntity())
                  .containsOnly(
                      Map.entry("cluster", "fra"),
                      Map.entry("namespace", "retail"),
                      Map.entry("workload", "chat"));
              assertThat(it.getCause().getEntity()).containsEntry("field", IMAGE);
              assertThat(it.getCause().getContrast())
                  .isEqualTo(
                      new Contrast("model=m, product=H100, load=light, clusters=3", 2, 2, 4, 0));
            });
  }

  /**
   * Scrapes of all sites at 30 s.
   *
   * @param slower how much longer a step takes in fra
   */
  private void scrapes(int count, String one, String other, double slower) {
    for (int i = 0; i < count; i++) {
      for (String site : sites.keySet()) {
        boolean fra = site.equals("fra");
        for (String pod : fra ? List.of(one, other) : List.of("chat-0", "chat-1")) {
          scrape(site, pod, fra ? slower : 1);
        }
        sites.get(site).after(30);
      }
    }
  }

  private void scrape(String site, String pod, double slower) {
    double[] sum = counters.computeIfAbsent(site + pod, it -> new double[2]);
    double load = 100 * (0.7 + 0.6 * random.nextDouble());
    double done = Math.rint(load * 30);
    sum[0] += done;
    sum[1] += done * (0.010 + 0.00001 * load) * slower * (1 + 0.03 * random.nextGaussian());
    LatencySnapshot snapshot = sites.get(site).server("retail", "chat", pod, sum[0], sum[1]);
    // replicas of the new image have just been started
    boolean old = pod.equals("chat-0") || pod.equals("chat-1");
    snapshot.setProcessStartSeconds(Given.START / 1000.0 + (old ? -86_400 : 1_800));
    told(site, snapshot);
  }

  private void deployed(String site, String image) {
    PolicySnapshot object =
        sites.get(site).object("apps/v1/Deployment/retail/chat", "", IMAGE, "vllm:" + image);
    told(site, object);
  }

  private void told(String site, SpecificRecord snapshot) {
    Header header = (Header) snapshot.get(0);
    header.setCluster(site);
    Topic topic =
        snapshot instanceof LatencySnapshot ? Topic.LATENCY_SNAPSHOTS : Topic.POLICY_SNAPSHOTS;
    driver
        .createInputTopic(topic.name(), new StringSerializer(), new ByteArraySerializer())
        .pipeInput(site, bytes(topic, snapshot), header.getObservedAt().toEpochMilli());
  }

  private byte[] bytes(Topic topic, SpecificRecord snapshot) {
    return snapshot instanceof LatencySnapshot latency
        ? EventSerde.of(LatencySnapshot.class, registry)
            .serializer()
            .serialize(topic.name(), latency)
        : EventSerde.of(PolicySnapshot.class, registry)
            .serializer()
            .serialize(topic.name(), (PolicySnapshot) snapshot);
  }

  private List<Finding> findings() {
    return driver
        .createOutputTopic(
            Topic.FINDINGS.name(),
            new StringDeserializer(),
            EventSerde.of(Finding.class, registry).deserializer())
        .readValuesToList();
  }
}
