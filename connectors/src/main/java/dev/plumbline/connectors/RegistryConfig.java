package dev.plumbline.connectors;

import dev.plumbline.schemas.registry.SchemaRegistry;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.common.config.ConfigException;

/** Where the schema registry is and who asks it; the names are those that its other clients use. */
final class RegistryConfig extends AbstractConfig {
  private static final String RETRIES = "max.retries";
  private static final String SSL = "schema.registry.ssl.";

  static final ConfigDef DEFINITION =
      new ConfigDef()
          .define(
              "schema.registry.url",
              Type.LIST,
              ConfigDef.NO_DEFAULT_VALUE,
              Importance.HIGH,
              "Base addresses of a registry that speaks the Confluent REST protocol; asked in this"
                  + " order.")
          .define(
              "basic.auth.user.info",
              Type.PASSWORD,
              null,
              Importance.MEDIUM,
              "user:password for the registry.")
          .define(
              "bearer.auth.token",
              Type.PASSWORD,
              null,
              Importance.MEDIUM,
              "Bearer token for the registry.")
          .define(
              SSL + "truststore.location",
              Type.STRING,
              null,
              Importance.MEDIUM,
              "Certificates by which the registry is known; the JDK's own where it isn't set.")
          .define(
              SSL + "truststore.password", Type.PASSWORD, null, Importance.MEDIUM, "Its password.")
          .define(SSL + "truststore.type", Type.STRING, "PKCS12", Importance.LOW, "Its type.")
          .define(
              SSL + "keystore.location",
              Type.STRING,
              null,
              Importance.MEDIUM,
              "Key and certificate that are shown to the registry.")
          .define(
              SSL + "keystore.password", Type.PASSWORD, null, Importance.MEDIUM, "Its password.")
          .define(SSL + "keystore.type", Type.STRING, "PKCS12", Importance.LOW, "Its type.")
          .define(
              SSL + "key.password",
              Type.PASSWORD,
              null,
              Importance.LOW,
              "Password of the key, where it isn't the store's.")
          .define(
              RETRIES,
              Type.INT,
              0,
              Importance.LOW,
              "How often the addresses are asked again before the worker's own errors.retry.timeout"
                  + " has its turn; a task should not wait in a converter.");

  RegistryConfig(Map<String, ?> settings) {
    super(DEFINITION, settings);
  }

  /**
   * A client of the registry.
   *
   * @throws ConfigException naming the setting that is wrong
   */
  SchemaRegistry connect() {
    Map<String, Object> settings = new HashMap<>(originals());
    settings.put(RETRIES, getInt(RETRIES));
    try {
      return SchemaRegistry.connect(settings);
    } catch (IllegalArgumentException e) {
      throw new ConfigException(e.getMessage());
    }
  }
}
