package dev.plumbline.connectors;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Type;

/** Where the schema registry is and who asks it; the names are those that its other clients use. */
final class RegistryConfig extends AbstractConfig {
  private static final String URL = "schema.registry.url";
  private static final String USER = "basic.auth.user.info";
  private static final String TOKEN = "bearer.auth.token";

  static final ConfigDef DEFINITION =
      new ConfigDef()
          .define(
              URL,
              Type.LIST,
              ConfigDef.NO_DEFAULT_VALUE,
              Importance.HIGH,
              "Base addresses of a registry that speaks the Confluent REST protocol; asked in this"
                  + " order.")
          .define(USER, Type.PASSWORD, null, Importance.MEDIUM, "user:password for the registry.")
          .define(TOKEN, Type.PASSWORD, null, Importance.MEDIUM, "Bearer token for the registry.");

  RegistryConfig(Map<String, ?> settings) {
    super(DEFINITION, settings);
  }

  List<String> urls() {
    return getList(URL);
  }

  Optional<String> user() {
    return Optional.ofNullable(getPassword(USER)).map(it -> it.value());
  }

  Optional<String> token() {
    return Optional.ofNullable(getPassword(TOKEN)).map(it -> it.value());
  }
}
