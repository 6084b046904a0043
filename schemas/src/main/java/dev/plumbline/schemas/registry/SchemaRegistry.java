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
   * Holds a subject to a compatibility; a registry's default can't be relied on (Confluent's is
   * BACKWARD, Apicurio's NONE).
   *
   * @throws RegistryException when it is refused or the registry doesn't answer
   */
  void hold(String subject, Compatibility compatibility);

  /**
   * What a subject is held to, by its own setting or the registry's default.
   *
   * @throws RegistryException when the registry doesn't answer
   */
  Compatibility compatibility(String subject);

  /**
   * A client of a registry that speaks the Confluent REST protocol.
   *
   * @param settings {@code schema.registry.url} (several are tried in turn; one may carry {@code
   *     user:password@}), {@code basic.auth.user.info}, {@code bearer.auth.token}, {@code
   *     schema.registry.ssl.truststore.*} and {@code keystore.*}, {@code http.connect.timeout.ms}
   *     and {@code http.read.timeout.ms} (10 s each), {@code max.retries} (3) and {@code
   *     retries.wait.ms} (100), as Confluent's own clients name them
   * @throws IllegalArgumentException naming the setting that is missing or wrong
   */
  static SchemaRegistry connect(Map<String, ?> settings) {
    return new HttpRegistry(settings);
  }

  /**
   * A registry inside this process that forgets everything with it and refuses nothing; for replays
   * and tests.
   */
  static SchemaRegistry inMemory() {
    return new MemoryRegistry();
  }
}
