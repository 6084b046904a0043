package dev.plumbline.schemas.serde;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.serialization.Deserializer;

/**
 * Reads the key of a record, UTF-8. The few keys of a partition come again with each record: the
 * same bytes give the same text, which isn't made and hashed anew. Threads may share it.
 */
public final class KeyDeserializer implements Deserializer<String> {
  private final Interned<String> known = new Interned<>(128);

  @Override
  public String deserialize(String topic, byte[] key) {
    if (key == null) {
      return null;
    }
    String text = known.get(key, 0, key.length);
    return text != null
        ? text
        : known.keep(key, 0, key.length, new String(key, StandardCharsets.UTF_8));
  }
}
