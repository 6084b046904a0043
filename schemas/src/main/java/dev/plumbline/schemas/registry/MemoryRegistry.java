package dev.plumbline.schemas.registry;

import java.util.HashMap;
import java.util.Map;
import org.apache.avro.Schema;

/** Ids in the order of registration, kept in this process. */
final class MemoryRegistry implements SchemaRegistry {
  private final Map<Schema, Integer> ids = new HashMap<>();
  private final Map<Integer, Schema> schemas = new HashMap<>();

  @Override
  public synchronized int register(String subject, Schema schema) {
    return ids.computeIfAbsent(
        schema,
        added -> {
          int id = ids.size() + 1;
          schemas.put(id, added);
          return id;
        });
  }

  @Override
  public synchronized Schema schema(int id) {
    Schema schema = schemas.get(id);
    if (schema == null) {
      throw new RegistryException(404, 40403, "no schema has the id " + id, null);
    }
    return schema;
  }

  @Override
  public void hold(String subject, Compatibility compatibility) {
    // nothing that it holds outlives the classes that wrote it
  }

  @Override
  public Compatibility compatibility(String subject) {
    return Compatibility.NONE;
  }
}
