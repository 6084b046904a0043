package dev.plumbline.schemas.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.plumbline.schemas.event.Finding;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Both ends name themselves by certificates, which the JDK's own tool makes. */
class TlsTest {
  private static final String PASSWORD = "changeit";

  @TempDir static Path folder;

  @BeforeAll
  static void certificates() throws Exception {
    for (String name : List.of("registry", "client")) {
      keytool(
          "-genkeypair -keyalg EC -dname CN=" + name + " -ext san=ip:127.0.0.1",
          name,
          name + ".p12");
      keytool("-exportcert -file " + folder.resolve(name + ".crt"), name, name + ".p12");
    }
    keytool("-importcert -file " + folder.resolve("registry.crt"), "registry", "trust.p12");
    keytool("-importcert -file " + folder.resolve("client.crt"), "client", "clients.p12");
  }

  @Test
  void aRegistryBehindTlsKnowsTheClientAndIsKnown() throws IOException {
    try (FakeRegistry registry = secured()) {
      SchemaRegistry client = SchemaRegistry.connect(settings(registry));

      assertThat(client.register("a-value", Finding.getClassSchema())).isOne();
    }
  }

  @Test
  void aRegistryThatNobodyVouchesForIsNotAsked() throws IOException {
    try (FakeRegistry registry = secured()) {
      SchemaRegistry client = SchemaRegistry.connect(Map.of("schema.registry.url", registry.url()));

      assertThat(catchThrowableOfType(RegistryException.class, () -> client.schema(1)))
          .hasMessageContaining("no answer from the schema registry at " + registry.url())
          .hasMessageContaining("PKIX path building failed");
      assertThat(registry.asked()).isEmpty();
    }
  }

  @Test
  void aStoreThatCannotBeOpenedIsNamed() {
    assertThatThrownBy(
            () ->
                SchemaRegistry.connect(
                    Map.of(
                        "schema.registry.url",
                        "https://127.0.0.1:1",
                        "schema.registry.ssl.truststore.location",
                        folder.resolve("missing.p12"))))
        .hasMessageStartingWith("schema.registry.ssl.* names a store that can't be opened: ")
        .hasMessageContaining("missing.p12");
  }

  private static FakeRegistry secured() throws IOException {
    Map<String, Object> own = new HashMap<>();
    stores(own, "registry.p12", "clients.p12");
    return new FakeRegistry(Tls.context(own).orElseThrow());
  }

  private static Map<String, Object> settings(FakeRegistry registry) {
    Map<String, Object> settings = new HashMap<>();
    settings.put("schema.registry.url", registry.url());
    stores(settings, "client.p12", "trust.p12");
    return settings;
  }

  private static void stores(Map<String, Object> settings, String keys, String trusted) {
    settings.put("schema.registry.ssl.keystore.location", folder.resolve(keys));
    settings.put("schema.registry.ssl.keystore.password", PASSWORD);
    settings.put("schema.registry.ssl.truststore.location", folder.resolve(trusted));
    settings.put("schema.registry.ssl.truststore.password", PASSWORD);
  }

  private static void keytool(String what, String alias, String store) throws Exception {
    String command =
        "%s/bin/keytool %s -alias %s -keystore %s -storetype PKCS12 -storepass %s -noprompt"
            .formatted(
                System.getProperty("java.home"), what, alias, folder.resolve(store), PASSWORD);
    Process process = new ProcessBuilder(command.split(" ")).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor()).as(output).isZero();
  }
}
