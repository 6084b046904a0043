package dev.plumbline.connectors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.registry.SchemaRegistry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Date;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.data.Timestamp;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.errors.RetriableException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventConverterTest {
  private static final int ID = 7;
  private static final SchemaRegistry FINDINGS = SchemaRegistry.inMemory();
  private static final int FINDING =
      FINDINGS.register("plumbline.findings-value", Finding.getClassSchema());
  private static final EventReader READER = new EventReader(FINDINGS);

  @TempDir Path folder;

  private Registry registry;
  private EventConverter converter;

  @BeforeEach
  void start() throws IOException {
    registry = new Registry().with(ID, Finding.getClassSchema());
    converter = new EventConverter();
    converter.configure(Map.of("schema.registry.url", registry.url()), false);
  }

  @AfterEach
  void stop() {
    registry.close();
  }

  @Test
  void aFindingIsAStructWithTheNamesOfTheContract() {
    Struct finding = read(Given.wire(ID, Given.finding().build()));

    assertThat(finding.schema().name()).isEqualTo("dev.plumbline.schemas.event.Finding");
    assertThat(finding.getString("severity")).isEqualTo("critical");
    assertThat(finding.get("at")).isEqualTo(Date.from(Given.TEN));
    assertThat(finding.schema().field("at").schema()).isEqualTo(Timestamp.SCHEMA);
    assertThat(finding.getMap("entity")).containsEntry("workload", "llama");
    assertThat(finding.getStruct("cause")).isNull();
    assertThat(finding.getStruct("evidence").getFloat64("observed")).isEqualTo(0.9);
  }

  @Test
  void incidentsAndRemediationsToo() {
    registry.with(8, Given.incident().build().getSchema());
    registry.with(9, Given.remediation().build().getSchema());

    assertThat(read(Given.wire(8, Given.incident().build())).getArray("members")).hasSize(1);
    assertThat(read(Given.wire(9, Given.remediation().build())).getInt64("fencing")).isEqualTo(41);
  }

  @Test
  void aTombstoneIsNull() {
    assertThat(converter.toConnectData("t", null)).isEqualTo(SchemaAndValue.NULL);
  }

  @Test
  void theRegistryIsAskedOncePerId() {
    for (int i = 0; i < 5; i++) {
      read(Given.wire(ID, Given.finding().build()));
    }

    assertThat(registry.asked()).isEqualTo(1);
  }

  @Test
  void aFindingWrittenWithAnOlderContractHasTheDefaultsOfThisOne() {
    Schema all = Finding.getClassSchema();
    Schema older = Schema.createRecord(all.getName(), null, all.getNamespace(), false);
    older.setFields(
        all.getFields().stream()
            .filter(it -> !it.name().equals("stale"))
            .map(it -> new Schema.Field(it, it.schema()))
            .toList());
    registry.with(3, older);
    byte[] whole = Given.wire(3, Given.finding().build());

    Struct finding = read(Arrays.copyOf(whole, whole.length - 1)); // stale is the last byte

    assertThat(finding.getBoolean("stale")).isFalse();
  }

  @Test
  void bytesThatAreNoEventAreBadDataAndSayWhy() {
    byte[] finding = Given.wire(ID, Given.finding().build());
    registry.with(11, SchemaBuilder.builder().stringType());

    assertThatThrownBy(() -> read(new byte[] {0, 0}))
        .isInstanceOf(DataException.class)
        .hasMessage("not in the Confluent wire format: 2 bytes, the header alone has 5");
    assertThatThrownBy(() -> read("{\"id\": 4}".getBytes()))
        .isInstanceOf(DataException.class)
        .hasMessage("not in the Confluent wire format: begins with byte 123 and not 0");
    assertThatThrownBy(() -> read(new byte[] {0, 0, 0, 0, 99, 1}))
        .isInstanceOf(DataException.class)
        .hasMessage("the schema registry knows no schema 99");
    assertThatThrownBy(() -> read(new byte[] {0, 0, 0, 0, 11, 1}))
        .isInstanceOf(DataException.class)
        .hasMessage("schema 11 is no record but a string");
    assertThatThrownBy(() -> read(Arrays.copyOf(finding, finding.length - 9)))
        .isInstanceOf(DataException.class)
        .hasMessageStartingWith("no dev.plumbline.schemas.event.Finding as schema 7 says: ");
    assertThatThrownBy(() -> read(Arrays.copyOf(finding, finding.length + 1)))
        .isInstanceOf(DataException.class)
        .hasMessage("bytes are left over after a dev.plumbline.schemas.event.Finding");
  }

  @Test
  void aRegistryThatIsIllOrAwayIsAPassingFault() {
    registry.fallIll(true);
    assertThatThrownBy(() -> read(Given.wire(ID, Given.finding().build())))
        .isInstanceOf(RetriableException.class)
        .hasMessage("no schema 7: the schema registry at %s answered 503: no", registry.url());

    registry.fallIll(false);
    assertThat(read(Given.wire(ID, Given.finding().build())).getString("id")).isEqualTo("4f1c");
  }

  @Test
  void theSecondRegistryIsAskedWhenTheFirstIsAway() throws IOException {
    Registry away = new Registry();
    away.close();
    converter.configure(Map.of("schema.registry.url", away.url() + "," + registry.url()), false);

    assertThat(read(Given.wire(ID, Given.finding().build())).getString("id")).isEqualTo("4f1c");
  }

  @Test
  void aRegistryBehindTlsIsAskedWithAPassword() throws Exception {
    Path store = folder.resolve("registry.p12");
    try (Registry secured = new Registry(store).admits("Basic dXNlcjpzZWNyZXQ=")) {
      secured.with(ID, Finding.getClassSchema());
      Map<String, String> settings = new HashMap<>();
      settings.put("schema.registry.url", secured.url());
      settings.put("schema.registry.ssl.truststore.location", store.toString());
      settings.put("schema.registry.ssl.truststore.password", Registry.PASSWORD);
      byte[] finding = Given.wire(ID, Given.finding().build());

      settings.put("basic.auth.user.info", "user:wrong");
      converter.configure(settings, false);
      assertThatThrownBy(() -> read(finding))
          .as("a wrong password must not cost records")
          .isInstanceOf(RetriableException.class)
          .hasMessageEndingWith(
              "answered 401: no; check basic.auth.user.info or bearer.auth.token");

      settings.put("basic.auth.user.info", "user:secret");
      converter.configure(settings, false);
      assertThat(read(finding).getString("id")).isEqualTo("4f1c");
    }
  }

  @Test
  void settingsOfTheRegistryThatCannotBeMeantAreNamed() {
    assertThatThrownBy(() -> converter.configure(Map.of(), false))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("schema.registry.url");
    assertThatThrownBy(
            () ->
                converter.configure(
                    Map.of(
                        "schema.registry.url",
                        "https://127.0.0.1:1",
                        "schema.registry.ssl.truststore.location",
                        folder.resolve("missing.p12").toString()),
                    false))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("missing.p12");
  }

  @Test
  void writingIsRefused() {
    assertThatThrownBy(() -> converter.fromConnectData("t", null, "x"))
        .isInstanceOf(DataException.class)
        .hasMessage("EventConverter only reads: it is for sinks and can't write a record to t");
  }

  @Property(tries = 2000)
  void noBytesDoMoreThanBeRefused(@ForAll @Size(max = 64) byte[] garbage) {
    byte[] record = ByteBuffer.allocate(5 + garbage.length).putInt(1, FINDING).array();
    System.arraycopy(garbage, 0, record, 5, garbage.length);

    assertThatThrownBy(() -> READER.read(record)).isInstanceOf(DataException.class);
  }

  @Property(tries = 2000)
  void aDamagedFindingIsReadOrRefused(@ForAll @IntRange(max = 7) int bit, @ForAll Random random) {
    byte[] record = Given.wire(FINDING, Given.finding().build());
    record[5 + random.nextInt(record.length - 5)] ^= (byte) (1 << bit);

    try {
      assertThat(READER.read(record)).isNotNull();
    } catch (DataException refused) {
      assertThat(refused).hasMessageContaining("dev.plumbline.schemas.event.Finding");
    }
  }

  private Struct read(byte[] bytes) {
    return (Struct) converter.toConnectData("plumbline.findings", bytes).value();
  }
}
