package dev.plumbline.schemas.registry;

import java.util.Map;
import org.apache.avro.Schema;

/** Where schemas and their ids are agreed. */
public interface SchemaRegistry {

  /**
   * The id of a schema under a subject, registering it when it is new.
   *
   * @throws RegistryException when it is refused (409: not compatible with the subject's earlier
   *     versions) or the registry doesn't answer
   */
  int register(String subject, Schema schema);

  /**
   * The schema of an id.
   *
   * @throws RegistryException when there is none ({@link RegistryException#isUnknown}) or the
   *     registry doesn't answer
   */
  Schema schema(int id);

  /**
   * A client of a registry that speaks the Confluent REST protocol.
   *
   * @param settings {@code schema.registry.url} (several are tried in turn), {@code
   *     basic.auth.user.info}, {@code bearer.auth.token}, {@code schema.registry.ssl.truststore.*}
   *     and {@code keystore.*}, as Confluent's own clients name them
   * @throws IllegalArgumentException naming the setting that is missing or wrong
   */
  static SchemaRegistry connect(Map<String, ?> settings) {
    return new HttpRegistry(settings);
  }

  /** A registry inside this process that forgets everything with it; for replays and tests. */
  static SchemaRegistry inMemory() {
    return new MemoryRegistry();
  }
}
