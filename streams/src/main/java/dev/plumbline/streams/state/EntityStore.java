package dev.plumbline.streams.state;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.internals.CacheFlushListener;
import org.apache.kafka.streams.state.internals.CachedStateStore;

/**
 * Where a task's tables survive it: live objects stay in the heap and only what changed since the
 * last commit goes to the changelog, in the same transaction as the findings it led to.
 *
 * <p>The flush happens in {@link #flushCache}, which Kafka Streams calls before every commit;
 * {@code StateStore.commit} would be too late, for it may run after the offsets are committed.
 */
public final class EntityStore implements StateStore, CachedStateStore<byte[], byte[]> {
  private static final char SEPARATOR = '\0';

  /** Makes the store of a name, for a topology. */
  public static StoreBuilder<EntityStore> builder(String name) {
    return new Builder(name);
  }

  private final String name;
  private final KeyValueStore<Bytes, byte[]> log;
  private final Restored restored;
  private Runnable beforeCommit = () -> {};

  private EntityStore(String name, Map<String, String> topicConfig) {
    this.name = name;
    restored = new Restored(name);
    log =
        Stores.keyValueStoreBuilder(
                new org.apache.kafka.streams.state.KeyValueBytesStoreSupplier() {
                  @Override
                  public String name() {
                    return name;
                  }

                  @Override
                  public KeyValueStore<Bytes, byte[]> get() {
                    return restored;
                  }

                  @Override
                  public String metricsScope() {
                    return "entity";
                  }
                },
                Serdes.Bytes(),
                Serdes.ByteArray())
            .withCachingDisabled()
            .withLoggingEnabled(topicConfig)
            .build();
  }

  /**
   * What is run before each commit; it writes what changed with {@link #write}.
   *
   * @param beforeCommit called on the task's thread
   */
  public void beforeCommit(Runnable beforeCommit) {
    this.beforeCommit = beforeCommit;
  }

  /** Clusters that have restored state. */
  public Set<String> clusters() {
    return Set.copyOf(restored.clusters.keySet());
  }

  /** Hands over a cluster's restored state, by table and entity; empty when there is none. */
  public Map<String, Map<String, byte[]>> take(String cluster) {
    Map<String, Map<String, byte[]>> tables = restored.clusters.remove(cluster);
    return tables == null ? Map.of() : tables;
  }

  /** Logs the state of an entity; null bytes remove it. */
  public void write(String cluster, String table, String entity, byte[] bytes) {
    String key = cluster + SEPARATOR + table + SEPARATOR + entity;
    log.put(Bytes.wrap(key.getBytes(StandardCharsets.UTF_8)), bytes);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void init(StateStoreContext context, StateStore root) {
    log.init(context, root);
  }

  @Override
  public void flushCache() {
    beforeCommit.run();
  }

  @Override
  public void clearCache() {}

  @Override
  public boolean setFlushListener(
      CacheFlushListener<byte[], byte[]> listener, boolean sendOldValues) {
    return false;
  }

  @Override
  public void close() {
    log.close();
  }

  @Override
  public boolean persistent() {
    return false;
  }

  @Override
  public boolean isOpen() {
    return log.isOpen();
  }

  /** Takes what the changelog holds, at restore; keeps nothing of what is put later. */
  private static final class Restored extends WriteOnlyStore {
    final Map<String, Map<String, Map<String, byte[]>>> clusters = new TreeMap<>();

    Restored(String name) {
      super(name);
    }

    @Override
    void restore(byte[] key, byte[] value) {
      String[] parts = new String(key, StandardCharsets.UTF_8).split("\0", 3);
      if (value == null) {
        Map<String, Map<String, byte[]>> tables = clusters.get(parts[0]);
        if (tables != null && tables.get(parts[1]) != null) {
          tables.get(parts[1]).remove(parts[2]);
        }
        return;
      }
      clusters
          .computeIfAbsent(parts[0], k -> new TreeMap<>())
          .computeIfAbsent(parts[1], k -> new TreeMap<>())
          .put(parts[2], value);
    }
  }

  private static final class Builder implements StoreBuilder<EntityStore> {
    private final String name;
    private final Map<String, String> topicConfig = Map.of("cleanup.policy", "compact");

    Builder(String name) {
      this.name = name;
    }

    @Override
    public StoreBuilder<EntityStore> withCachingEnabled() {
      return this;
    }

    @Override
    public StoreBuilder<EntityStore> withCachingDisabled() {
      return this;
    }

    @Override
    public StoreBuilder<EntityStore> withLoggingEnabled(Map<String, String> config) {
      return this;
    }

    @Override
    public StoreBuilder<EntityStore> withLoggingDisabled() {
      throw new UnsupportedOperationException("an entity store is nothing without its changelog");
    }

    @Override
    public EntityStore build() {
      return new EntityStore(name, topicConfig);
    }

    @Override
    public Map<String, String> logConfig() {
      return topicConfig;
    }

    @Override
    public boolean loggingEnabled() {
      return true;
    }

    @Override
    public String name() {
      return name;
    }
  }
}
