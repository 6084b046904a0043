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
  void oneThatComesBackAfterItsSuccessorBeganHarmsNothing(@ForAll long seed) {
    World world = new World(new Random(seed), false);
    world.stalls = true;
    world.run();

    assertThat(world.task.counts()).isEqualTo(expectedCounts(world.source));
    assertThat(new HashSet<>(world.said)).isEqualTo(new HashSet<>(expectedSaid(world.source)));
    assertThat(new Task(world).begun(0).counts()).isEqualTo(expectedCounts(world.source));
  }

  @Property(tries = 300)
  void aStandbyTakesOverExactlyAndSoDoesOneThatWasActiveBefore(@ForAll long seed) {
    World world = new World(new Random(seed), false);
    world.stalls = true;
    world.standby = new Task(world);
    world.run();

    assertThat(world.task.counts()).isEqualTo(expectedCounts(world.source));
    assertThat(new HashSet<>(world.said)).isEqualTo(new HashSet<>(expectedSaid(world.source)));
    assertThat(new Task(world).begun(0).counts()).isEqualTo(expectedCounts(world.source));
    // what went on by itself left nothing behind that would be read for ever
    assertThat(world.changelog.size()).isLessThan(4 * 3 * (ENTITIES / 32 + 1) * 2);
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
    final List<Task> stalled = new ArrayList<>();

    /** Whether a task that lost its partition may go on for a while. */
    boolean stalls;

    /** Follows the changelog; null when nobody does. */
    Task standby;

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
      task = new Task(this).begun(0);
      while (task.next < source.size()) {
        task.processNext();
        boolean alive = random.nextInt(40) > 0;
        if (alive && random.nextInt(6) == 0) {
          alive = commit();
        }
        if (!alive) {
          if (stalls && random.nextBoolean()) {
            stalled.add(task);
          } else {
            crash();
          }
          task = standby == null ? new Task(this) : standby;
          task.begun(committed == null ? 0 : committed.intValue());
          standby = standby == null ? null : new Task(this);
        } else if (standby != null && random.nextInt(50) == 0) {
          handOver();
        }
        stalled.removeIf(it -> random.nextInt(10) == 0 && !comesBack(it));
      }
      task.acknowledgeAll();
      committed = (long) task.next;
    }

    /** The standby becomes active, and the active task the standby. */
    private void handOver() {
      task.store.flushCache();
      task.acknowledgeAll();
      committed = (long) task.next;
      Task before = task;
      task = standby.begun(before.next);
      before.store.clearCache();
      standby = before;
    }

    /** As Kafka Streams does it: caches, then all acknowledged, then the offsets. */
    private boolean commit() {
      if (random.nextInt(3) == 0) {
        task.store.checkpointSoon();
      }
      task.store.flushCache();
      if (random.nextInt(4) == 0) {
        return false;
      }
      task.acknowledgeAll();
      if (!transactions && random.nextInt(4) == 0) {
        return false;
      }
      boolean timedOut = !transactions && random.nextInt(4) == 0;
      if (!timedOut) {
        committed = (long) task.next;
      }
      return true;
    }

    /** Of two partitions each keeps a part of what was on its way; a transaction keeps nothing. */
    private void crash() {
      if (!transactions) {
        task.acknowledge(random.nextInt(4), random.nextInt(task.changelogInFlight.size() + 1));
      }
    }

    /**
     * A task that doesn't know of its successor goes on until a commit tells it; cut off from the
     * coordinator alone, its commits time out and it goes on for longer.
     *
     * @return whether it still doesn't know
     */
    private boolean comesBack(Task zombie) {
      for (int n = random.nextInt(8); n > 0 && zombie.next < source.size(); n--) {
        zombie.processNext();
      }
      if (random.nextBoolean()) {
        zombie.store.checkpointSoon();
      }
      zombie.store.flushCache();
      zombie.acknowledgeAll();
      return random.nextInt(3) > 0;
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
    final Queue<Map.Entry<Bytes, byte[]>> changelogInFlight = new ArrayDeque<>();
    final Queue<String> saidInFlight = new ArrayDeque<>();
    final Map<String, Tables> tables = new HashMap<>();
    int next;
    final Map<String, Table<Count>> counts = new HashMap<>();

    Task(World world) {
      this.world = world;
      store =
          new EntityStore(
              (key, value) ->
                  changelogInFlight.add(
                      new java.util.AbstractMap.SimpleEntry<>(Bytes.wrap(key), value)));
      world.changelog.forEach((key, value) -> store.restore(key.get(), value));
    }

    /** Is active from now on. */
    Task begun(int next) {
      this.next = next;
      tables.clear();
      counts.clear();
      for (String owner : store.open(pages -> tables.forEach(pages::write))) {
        table(owner);
      }
      store.resume(world, Set.of(SOURCE), it -> apply((int) it.offset(), it.value()[0], true));
      return this;
    }

    void processNext() {
      if (store.take(SOURCE.topic(), 0, next, 10)) {
        apply(next, world.source.get(next), false);
      }
      next++;
    }

    void acknowledgeAll() {
      acknowledge(saidInFlight.size(), changelogInFlight.size());
    }

    void acknowledge(int lines, int pages) {
      for (int i = 0; i < pages; i++) {
        Map.Entry<Bytes, byte[]> entry = changelogInFlight.remove();
        world.changelog.remove(entry.getKey());
        if (entry.getValue() != null) {
          world.changelog.put(entry.getKey(), entry.getValue());
        }
        if (world.standby != null) {
          world.standby.store.restore(entry.getKey().get(), entry.getValue());
        }
      }
      for (int i = 0; i < lines && !saidInFlight.isEmpty(); i++) {
        world.said.add(saidInFlight.remove());
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
        saidInFlight.add(name + " reached " + count.count + " at " + offset);
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
