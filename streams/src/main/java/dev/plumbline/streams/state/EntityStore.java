package dev.plumbline.streams.state;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.internals.CacheFlushListener;
import org.apache.kafka.streams.state.internals.CachedStateStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a task's tables survive it: live objects stay in the heap, and now and then a checkpoint of
 * what changed goes to the changelog, stamped with the source offsets that it includes. After a
 * restore the owner is shown again what was committed behind those offsets, and goes on as if
 * nothing had happened. Whether it runs exactly-once or at-least-once, its state is exact; only
 * what it says may be said twice in the latter.
 *
 * <p>A checkpoint begins in {@link #flushCache}, which Kafka Streams calls before every commit;
 * {@code StateStore.commit} would be too late, for it may run after the offsets are committed. Its
 * marker follows at the next commit: by then the pages, and all that was said before them, are
 * known to be on the broker, and no outbox is needed.
 */
public final class EntityStore implements StateStore, CachedStateStore<byte[], byte[]> {
  private static final Logger LOG = LoggerFactory.getLogger(EntityStore.class);

  /** Read again of each partition when there is no checkpoint at all. */
  private static final long MOST_WITHOUT_CHECKPOINT = 500_000;

  /** Takes the pages of an owner that changed. */
  @FunctionalInterface
  public interface Pages {
    void write(String owner, Tables tables);
  }

  /** Next offset of one partition of the source. */
  private static final class Position {
    final String topic;
    final int partition;
    long next;

    Position(String topic, int partition, long next) {
      this.topic = topic;
      this.partition = partition;
      this.next = next;
    }
  }

  /** Makes a store that writes checkpoints now and then, for a topology. */
  public static StoreBuilder<EntityStore> builder(String name) {
    return new Builder(name, false);
  }

  /**
   * Makes a store that writes all that changed at each commit: for little state, and only for
   * exactly-once, where pages and marker are one transaction.
   */
  public static StoreBuilder<EntityStore> eachCommit(String name) {
    return new Builder(name, true);
  }

  private final String name;
  private final boolean eachCommit;
  private final KeyValueStore<Bytes, byte[]> log;
  private final BiConsumer<byte[], byte[]> sink;
  private final Pace pace = new Pace();
  private final List<Position> positions = new ArrayList<>();
  private Checkpoints checkpoints = new Checkpoints(this::put);
  private boolean opened;
  private Consumer<Pages> owner = pages -> {};
  private Map<TopicPartition, Long> begun;
  private boolean confirmed;
  private boolean resuming;

  private EntityStore(String name, boolean eachCommit, Map<String, String> topicConfig) {
    this.name = name;
    this.eachCommit = eachCommit;
    sink = (key, value) -> logged(key, value);
    WriteOnlyStore bottom =
        new WriteOnlyStore(name) {
          @Override
          void restore(byte[] key, byte[] value) {
            EntityStore.this.restore(key, value);
          }
        };
    log =
        Stores.keyValueStoreBuilder(
                new KeyValueBytesStoreSupplier() {
                  @Override
                  public String name() {
                    return name;
                  }

                  @Override
                  public KeyValueStore<Bytes, byte[]> get() {
                    return bottom;
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

  /** Without Kafka, for tests of the protocol. */
  EntityStore(BiConsumer<byte[], byte[]> sink) {
    this.name = "";
    this.eachCommit = false;
    this.sink = sink;
    log = null;
  }

  /** Takes a record of the changelog, in its order. */
  void restore(byte[] key, byte[] value) {
    checkpoints.restore(key, value);
  }

  /**
   * The store is restored and has an owner now.
   *
   * @param owner writes the tables of all its owners to the pages it is given; called on the task's
   *     thread when a checkpoint is due
   * @return names under which pages were restored
   */
  public Set<String> open(Consumer<Pages> owner) {
    this.owner = owner;
    opened = true;
    checkpoints.restored();
    return checkpoints.owners();
  }

  /** Hands over an owner's restored pages, by table; empty when there are none. */
  public Map<String, Map<Integer, byte[]>> take(String owner) {
    return checkpoints.take(owner);
  }

  /**
   * Shows what was committed behind the restored checkpoint, in the order of its time. Nothing of
   * what it leads to must be said again: all of it was durable when it was committed.
   *
   * @param source the application's source topics
   * @param partitions all partitions of the source that the task reads
   * @param fold takes each record
   * @return how many records were read again
   */
  public long resume(
      SourceLog source,
      Set<TopicPartition> partitions,
      Consumer<ConsumerRecord<byte[], byte[]>> fold) {
    Map<TopicPartition, Long> from = new HashMap<>(checkpoints.offsets());
    from.forEach((at, next) -> position(at.topic(), at.partition()).next = next);
    Map<TopicPartition, Long> committed = source.committed(partitions);
    if (from.isEmpty()) {
      committed.forEach(
          (partition, end) -> {
            if (end > MOST_WITHOUT_CHECKPOINT) {
              from.put(partition, end - MOST_WITHOUT_CHECKPOINT);
            }
          });
    }
    long began = System.nanoTime();
    long[] folded = {0};
    resuming = true;
    try {
      source.read(
          from,
          committed,
          record -> {
            folded[0]++;
            if (take(record.topic(), record.partition(), record.offset(), size(record))) {
              fold.accept(record);
            }
          });
    } finally {
      resuming = false;
    }
    confirmed = false;
    if (folded[0] > 0 || !from.isEmpty()) {
      LOG.atInfo()
          .addKeyValue("store", name)
          .addKeyValue("records", folded[0])
          .addKeyValue("millis", (System.nanoTime() - began) / 1_000_000)
          .log("state restored from its checkpoint and the source behind it");
    }
    return folded[0];
  }

  /** True while what was committed is shown again: nothing of what it leads to is to be said. */
  public boolean isResuming() {
    return resuming;
  }

  private static int size(ConsumerRecord<byte[], byte[]> record) {
    return Math.max(0, record.serializedKeySize()) + Math.max(0, record.serializedValueSize());
  }

  /**
   * Notes a record of the source that is about to be processed.
   *
   * @param size its bytes
   * @return false when the state includes it already: it must be passed over
   */
  public boolean take(String topic, int partition, long offset, int size) {
    Position position = position(topic, partition);
    if (offset < position.next) {
      return false;
    }
    position.next = offset + 1;
    // whoever still gets records has not failed at the last commit
    confirmed = true;
    pace.taken(size);
    return true;
  }

  /** Asks for a checkpoint at the next commit: something happened that the source doesn't hold. */
  public void checkpointSoon() {
    pace.want();
  }

  private Position position(String topic, int partition) {
    for (Position position : positions) {
      if (position.topic.equals(topic) && position.partition == partition) {
        return position;
      }
    }
    Position position = new Position(topic, partition, 0);
    positions.add(position);
    return position;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void init(StateStoreContext context, StateStore root) {
    checkpoints = new Checkpoints(this::put);
    positions.clear();
    begun = null;
    opened = false;
    log.init(context, root);
  }

  @Override
  public void flushCache() {
    if (eachCommit) {
      begin();
      checkpoints.end(offsets());
    } else if (begun != null) {
      if (confirmed) {
        checkpoints.end(begun);
        begun = null;
      }
    } else if (pace.isDue(System.currentTimeMillis())) {
      pace.begun(System.currentTimeMillis());
      begin();
      pace.cost(checkpoints.bytes());
      begun = offsets();
      confirmed = false;
    }
  }

  private void begin() {
    checkpoints.begin();
    owner.accept(
        (each, tables) ->
            tables.drain((table, page, bytes) -> checkpoints.page(each, table, page, bytes)));
  }

  private Map<TopicPartition, Long> offsets() {
    Map<TopicPartition, Long> offsets = new HashMap<>();
    for (Position position : positions) {
      offsets.put(new TopicPartition(position.topic, position.partition), position.next);
    }
    return offsets;
  }

  private void put(byte[] key, byte[] value) {
    sink.accept(key, value);
  }

  private void logged(byte[] key, byte[] value) {
    log.put(Bytes.wrap(key), value);
  }

  /**
   * The task becomes a standby, or one becomes active: Kafka Streams keeps the store and calls this
   * in between. What lived in the heap of an active task goes over as bytes; everything was
   * committed before.
   */
  @Override
  public void clearCache() {
    if (!opened) {
      return;
    }
    checkpoints =
        checkpoints.standby(
            offsets(),
            standby ->
                owner.accept(
                    (each, tables) ->
                        tables.copy(
                            (table, page, bytes) -> standby.copied(each, table, page, bytes))));
    owner = pages -> {};
    positions.clear();
    begun = null;
    opened = false;
  }

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

  private static final class Builder implements StoreBuilder<EntityStore> {
    private final String name;
    private final boolean eachCommit;
    private final Map<String, String> topicConfig =
        Map.of(
            "cleanup.policy", "compact",
            "max.message.bytes", "8388608",
            // a segment in use is never compacted, and all of it would be read at a restore
            "segment.bytes", "33554432");

    Builder(String name, boolean eachCommit) {
      this.name = name;
      this.eachCommit = eachCommit;
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
      return new EntityStore(name, eachCommit, topicConfig);
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
