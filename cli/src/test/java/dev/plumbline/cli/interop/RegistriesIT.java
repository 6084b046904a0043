package dev.plumbline.cli.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import dev.plumbline.cli.embedded.EmbeddedBroker;
import dev.plumbline.schemas.Samples;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.GpuSample;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.event.ResourceSnapshot;
import dev.plumbline.schemas.registry.Compatibility;
import dev.plumbline.schemas.registry.RegistryException;
import dev.plumbline.schemas.registry.RegistryServer;
import dev.plumbline.schemas.registry.SchemaRegistry;
import dev.plumbline.schemas.serde.EventSerde;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.avro.Schema;
import org.apache.kafka.common.serialization.Serde;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The registry client against servers of others, the clients of others against the embedded server,
 * and both serializers over the same records.
 */
class RegistriesIT {
  private static final AtomicInteger TESTS = new AtomicInteger();

  /** Started once each, by name; what was started last ends first. */
  private static final Map<String, String> URLS = new HashMap<>();

  private static final Deque<AutoCloseable> STARTED = new ArrayDeque<>();

  @TempDir static Path folder;

  private final String topic = "snapshots-" + TESTS.incrementAndGet();
  private final String subject = topic + "-value";

  @AfterAll
  static void stop() throws Exception {
    while (!STARTED.isEmpty()) {
      STARTED.pop().close();
    }
    URLS.clear();
  }

  @ParameterizedTest
  @ValueSource(strings = {"Apicurio 3.0.9", "Apicurio 3.3.3", "embedded"})
  void schemasAreRegisteredHeldAndReadBack(String registry) throws Exception {
    String url = start(registry);
    SchemaRegistry client = connect(url);
    client.register("other-value", Finding.getClassSchema());

    client.hold(subject, Compatibility.FULL_TRANSITIVE);
    int id = client.register(subject, ResourceSnapshot.getClassSchema());

    assertThat(client.compatibility(subject)).isEqualTo(Compatibility.FULL_TRANSITIVE);
    assertThat(connect(url).register(subject, ResourceSnapshot.getClassSchema())).isEqualTo(id);
    assertThat(connect(url).schema(id)).isEqualTo(ResourceSnapshot.getClassSchema());
    assertThat(refusal(() -> connect(url).schema(999_999)).isUnknown()).isTrue();
    RegistryException refused =
        refusal(() -> connect(url).register(subject, Finding.getClassSchema()));
    assertThat(refused.status()).isEqualTo(409);
    assertThat(refused.isTransient()).isFalse();
    assertThat(connect(url).register(subject, withAField(ResourceSnapshot.getClassSchema())))
        .isNotEqualTo(id);
  }

  @ParameterizedTest
  @CsvSource({
    "node, Apicurio 3.0.9",
    "python, Apicurio 3.0.9",
    "node, Apicurio 3.3.3",
    "python, Apicurio 3.3.3",
    "node, embedded",
    "python, embedded",
  })
  void whatConfluentsClientsCopyIsWhatWasWritten(String language, String registry)
      throws Exception {
    String url = start(registry);
    Serde<ResourceSnapshot> serde = EventSerde.of(ResourceSnapshot.class, connect(url));
    byte[] written = serde.serializer().serialize(topic, snapshot());
    try (ConfluentClient client = ConfluentClient.start(language, url)) {
      ConfluentClient.Copy copy = client.copy(topic, written);

      assertThat(copy.record().at("/header/cluster").textValue()).isEqualTo("c-1");
      assertThat(copy.record().at("/header/sequence").longValue()).isEqualTo(7);
      assertThat(copy.record().findValue("temperatureCelsius").doubleValue()).isEqualTo(61);
      assertThat(Arrays.copyOf(copy.bytes(), 5)).isEqualTo(Arrays.copyOf(written, 5));
      assertThat(
              EventSerde.of(ResourceSnapshot.class, connect(url))
                  .deserializer()
                  .deserialize(topic, copy.bytes()))
          .hasToString(snapshot().toString());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"node", "python"})
  void confluentsClientsRegisterLookUpCheckAndListInTheEmbeddedRegistry(String language)
      throws Exception {
    String url = start("embedded");
    Schema schema = ResourceSnapshot.getClassSchema();
    try (ConfluentClient client = ConfluentClient.start(language, url)) {
      JsonNode told =
          client.contract(
              subject,
              schema.toString(),
              withAField(schema).toString(),
              Finding.getClassSchema().toString());

      assertThat(told.path("id").intValue()).isPositive();
      assertThat(told.path("lookedUp")).isEqualTo(told.path("id"));
      assertThat(new Schema.Parser().parse(told.path("byId").textValue())).isEqualTo(schema);
      assertThat(told.path("latest").intValue()).isEqualTo(1);
      assertThat(told.path("versions")).hasToString("[1]");
      assertThat(told.path("subjects"))
          .anySatisfy(it -> assertThat(it.textValue()).isEqualTo(subject));
      assertThat(told.path("fits").booleanValue()).isTrue();
      assertThat(told.path("fitsNot").booleanValue()).isFalse();
      assertThat(told.path("refused").intValue()).isEqualTo(409);
      assertThat(told.path("unknown").intValue()).isEqualTo(40401);
    }
  }

  @Test
  void theEmbeddedRegistryFindsEverythingAgainInItsTopic() throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("kept"), 0)) {
      int id;
      try (RegistryServer first = RegistryServer.start(broker.client(), 0)) {
        SchemaRegistry client = connect(first.url());
        client.register("other-value", Finding.getClassSchema());
        client.hold("other-value", Compatibility.NONE);
        id = client.register(subject, ResourceSnapshot.getClassSchema());
      }
      try (RegistryServer second = RegistryServer.start(broker.client(), 0)) {
        SchemaRegistry client = connect(second.url());

        assertThat(client.schema(id)).isEqualTo(ResourceSnapshot.getClassSchema());
        assertThat(client.register(subject, ResourceSnapshot.getClassSchema())).isEqualTo(id);
        assertThat(client.compatibility("other-value")).isEqualTo(Compatibility.NONE);
        assertThat(client.compatibility(subject)).isEqualTo(Compatibility.FULL_TRANSITIVE);
      }
    }
  }

  private static String start(String registry) throws IOException {
    String url = URLS.get(registry);
    if (url == null) {
      url =
          registry.startsWith("Apicurio ")
              ? apicurio(registry.substring("Apicurio ".length()))
              : embedded();
      URLS.put(registry, url);
    }
    return url;
  }

  private static String apicurio(String version) throws IOException {
    Apicurio apicurio = Apicurio.start(version, folder.resolve("log-" + version));
    STARTED.push(apicurio);
    return apicurio.url();
  }

  private static String embedded() throws IOException {
    EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("kafka"), 0);
    STARTED.push(broker);
    RegistryServer server = RegistryServer.start(broker.client(), 0);
    STARTED.push(server);
    return server.url();
  }

  private static SchemaRegistry connect(String url) {
    return SchemaRegistry.connect(Map.of("schema.registry.url", url));
  }

  private static RegistryException refusal(ThrowingCallable it) {
    return catchThrowableOfType(RegistryException.class, it);
  }

  /** As a later release would have it. */
  private static Schema withAField(Schema schema) {
    Schema later = Schema.createRecord(schema.getName(), "", schema.getNamespace(), false);
    List<Schema.Field> fields =
        new ArrayList<>(
            schema.getFields().stream().map(it -> new Schema.Field(it, it.schema())).toList());
    fields.add(new Schema.Field("added", Schema.create(Schema.Type.STRING), "New.", ""));
    later.setFields(fields);
    return later;
  }

  private static ResourceSnapshot snapshot() {
    ResourceSnapshot snapshot = Samples.blank(ResourceSnapshot.class);
    snapshot.setHeader(
        Header.newBuilder()
            .setCluster("c-1")
            .setAgent("agent-0")
            .setEpoch(1)
            .setSequence(7)
            .setObservedAt(Instant.parse("2026-11-02T10:00:00Z"))
            .setSentAt(Instant.parse("2026-11-02T10:00:01Z"))
            .setSource("dcgm")
            .setTarget("gpu-7")
            .setLabels(Map.of("node", "gpu-7"))
            .build());
    GpuSample gpu = Samples.blank(GpuSample.class);
    gpu.setUuid("GPU-1");
    gpu.setTemperatureCelsius(61);
    gpu.setPowerWatts(Double.POSITIVE_INFINITY);
    snapshot.setGpus(List.of(gpu));
    return snapshot;
  }
}
