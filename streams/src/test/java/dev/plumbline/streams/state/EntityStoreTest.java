package dev.plumbline.streams.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Bytes;

/** The protocol of checkpoints against a broker that may lose whatever was not acknowledged. */
class EntityStoreTest {
  private static final TopicPartition SOURCE = new TopicPartition("source", 0);
  private static final int RECORDS = 400;
  private static final int ENTITIES = 90;

  @Property(tries = 300)
  void howeverOftenItCrashesTheStateIsExactAndNothingSaidIsLost(@ForAll long seed) {
    World world = new World(new Random(seed), false);
    world.run();

    assertThat(world.task.counts()).isEqualTo(expectedCounts(world.source));
    assertThat(new HashSet<>(world.said)).isEqualTo(new HashSet<>(expectedSaid(world.source)));
  }

  @Property(tries = 300)
  void inTransactionsNothingIsSaidTwiceEither(@ForAll long seed) {
    World world = new World(new Random(seed), true);
    world.run();

    assertThat(world.task.counts()).isEqualTo(expectedCounts(world.source));
    assertThat(world.said).isEqualTo(expectedSaid(world.source));
  }

  private static Map<String, Integer> expectedCounts(List<Integer> source) {
    Map<String, Integer> counts = new TreeMap<>();
    for (int each : source) {
      if (each < 0) {
        counts.remove("e" + -each);
      } else {
        counts.merge("e" + each, 1, Integer::sum);
      }
    }
    return counts;
  }

  private static List<String> expectedSaid(List<Integer> source) {
    Map<String, Integer> counts = new TreeMap<>();
    List<String> said = new ArrayList<>();
    for (int i = 0; i < source.size(); i++) {
      String entity = "e" + Math.abs(source.get(i));
      if (source.get(i) < 0) {
        counts.remove(entity);
      } else if (counts.merge(entity, 1, Integer::sum) % 2 == 0) {
        said.add(entity + " reached " + counts.get(entity) + " at " + i);
      }
    }
    return said;
  }

  private static final class Count implements State {
    int count;

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      out.writeInt(count);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      count = in.readInt();
    }
  }

  /** What survives a crash, and what does not. */
  private static final class World implements SourceLog {
    final Random random;
    final boolean transactions;
    final List<Integer> source = new ArrayList<>();
    final Map<Bytes, byte[]> changelog = new LinkedHashMap<>();
    final List<String> said = new ArrayList<>();
    final Queue<Map.Entry<Bytes, byte[]>> changelogInFlight = new ArrayDeque<>();
    final Queue<String> saidInFlight = new ArrayDeque<>();
    Long committed;
    Task task;

    World(Random random, boolean transactions) {
      this.random = random;
      this.transactions = transactions;
      for (int i = 0; i < RECORDS; i++) {
        int entity = 1 + random.nextInt(ENTITIES);
        source.add(random.nextInt(10) == 0 ? -entity : entity);
      }
    }

    void run() {
      task = new Task(this);
      int next = 0;
      while (next < source.size()) {
        task.process(next, source.get(next));
        next++;
        boolean alive = random.nextInt(40) > 0;
        if (alive && random.nextInt(6) == 0) {
          alive = commit(next);
        }
        if (!alive) {
          crash();
          task = new Task(this);
          next = committed == null ? 0 : committed.intValue();
        }
      }
      acknowledge(saidInFlight.size(), changelogInFlight.size());
    }

    /** As Kafka Streams does it: caches, then all acknowledged, then the offsets. */
    private boolean commit(int next) {
      if (random.nextInt(3) == 0) {
        task.store.checkpointSoon();
      }
      task.store.flushCache();
      if (random.nextInt(4) == 0) {
        return false;
      }
      acknowledge(saidInFlight.size(), changelogInFlight.size());
      if (!transactions && random.nextInt(4) == 0) {
        return false;
      }
      boolean timedOut = !transactions && random.nextInt(4) == 0;
      if (!timedOut) {
        committed = (long) next;
      }
      return true;
    }

    /** Of two partitions each keeps a part of what was on its way; a transaction keeps nothing. */
    private void crash() {
      if (!transactions) {
        acknowledge(random.nextInt(4), random.nextInt(changelogInFlight.size() + 1));
      }
      changelogInFlight.clear();
      saidInFlight.clear();
    }

    private void acknowledge(int lines, int pages) {
      for (int i = 0; i < pages; i++) {
        Map.Entry<Bytes, byte[]> entry = changelogInFlight.remove();
        if (entry.getValue() == null) {
          changelog.remove(entry.getKey());
        } else {
          changelog.put(entry.getKey(), entry.getValue());
        }
      }
      for (int i = 0; i < lines && !saidInFlight.isEmpty(); i++) {
        said.add(saidInFlight.remove());
      }
    }

    @Override
    public Map<TopicPartition, Long> committed(Set<TopicPartition> partitions) {
      return committed == null ? Map.of() : Map.of(SOURCE, committed);
    }

    @Override
    public void read(
        Map<TopicPartition, Long> from,
        Map<TopicPartition, Long> to,
        Consumer<ConsumerRecord<byte[], byte[]>> out) {
      if (!to.containsKey(SOURCE)) {
        return;
      }
      for (long i = from.getOrDefault(SOURCE, 0L); i < to.get(SOURCE); i++) {
        out.accept(
            new ConsumerRecord<>(
                SOURCE.topic(), 0, i, new byte[0], new byte[] {(byte) (int) source.get((int) i)}));
      }
    }

    @Override
    public void tail(String topic, int most, Consumer<ConsumerRecord<byte[], byte[]>> out) {}

    @Override
    public void close() {}
  }

  /** One life of the task. */
  private static final class Task {
    final World world;
    final EntityStore store;
    final Map<String, Tables> tables = new HashMap<>();
    final Map<String, Table<Count>> counts = new HashMap<>();

    Task(World world) {
      this.world = world;
      store =
          new EntityStore(
              (key, value) ->
                  world.changelogInFlight.add(
                      new java.util.AbstractMap.SimpleEntry<>(Bytes.wrap(key), value)));
      world.changelog.forEach((key, value) -> store.restore(key.get(), value));
      for (String owner : store.open(pages -> tables.forEach(pages::write))) {
        table(owner);
      }
      store.resume(world, Set.of(SOURCE), it -> apply((int) it.offset(), it.value()[0], true));
    }

    void process(int offset, int entity) {
      if (store.take(SOURCE.topic(), 0, offset, 10)) {
        apply(offset, entity, false);
      }
    }

    private void apply(int offset, int entity, boolean folding) {
      String name = "e" + Math.abs(entity);
      Table<Count> table = table("owner-" + Math.abs(entity) % 3);
      if (entity < 0) {
        table.remove(name);
        return;
      }
      Count count = table.edit(name);
      count.count++;
      if (count.count % 2 == 0 && !folding) {
        world.saidInFlight.add(name + " reached " + count.count + " at " + offset);
      }
    }

    private Table<Count> table(String owner) {
      tables.computeIfAbsent(owner, k -> new Tables(store.take(k)));
      return counts.computeIfAbsent(owner, k -> tables.get(k).table("counts", Count::new));
    }

    Map<String, Integer> counts() {
      Map<String, Integer> all = new TreeMap<>();
      counts.values().forEach(each -> each.all().forEach((name, it) -> all.put(name, it.count)));
      return all;
    }
  }
}
