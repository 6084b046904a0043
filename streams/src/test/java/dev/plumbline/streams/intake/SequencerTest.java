package dev.plumbline.streams.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.schemas.Samples;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.event.ResourceSnapshot;
import dev.plumbline.streams.intake.Sequencer.Outcome;
import dev.plumbline.streams.state.Tables;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class SequencerTest {
  private final List<Long> out = new ArrayList<>();
  private Tables tables = new Tables();
  private Sequencer sequencer = sequencer();

  @Property(tries = 300)
  void howeverThreeTopicsInterleaveTheAgentsOrderComesOut(
      @ForAll @IntRange(min = 1, max = 200) int count, @ForAll long seed) {
    SequencerTest one = new SequencerTest();
    List<List<Long>> topics = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    Random random = new Random(seed);
    for (long i = 0; i < count; i++) {
      topics.get(random.nextInt(3)).add(i);
    }
    while (topics.stream().anyMatch(it -> !it.isEmpty())) {
      List<Long> topic = topics.get(random.nextInt(3));
      if (!topic.isEmpty()) {
        one.offer(topic.remove(0), 0);
      }
    }
    assertThat(one.out).isEqualTo(LongStream.range(0, count).boxed().toList());
  }

  @Property(tries = 100)
  void aRestartAtAnyPointLosesAndRepeatsNothing(
      @ForAll @IntRange(min = 0, max = 40) int at, @ForAll long seed) {
    SequencerTest one = new SequencerTest();
    List<Long> all = new ArrayList<>(LongStream.range(0, 40).boxed().toList());
    Collections.shuffle(all, new Random(seed));
    for (int i = 0; i < all.size(); i++) {
      if (i == at) {
        one.restart();
      }
      one.offer(all.get(i), 0);
    }
    assertThat(one.out).isEqualTo(LongStream.range(0, 40).boxed().toList());
  }

  @Test
  void whatWasSeenBeforeChangesNothing() {
    offer(0, 0);
    offer(1, 0);

    assertThat(offer(1, 0)).isEqualTo(Outcome.REPEATED);
    assertThat(out).containsExactly(0L, 1L);
  }

  @Test
  void aLostSnapshotDelaysAndDoesNotBlock() {
    offer(0, 0);
    offer(2, 10_000);
    assertThat(out).containsExactly(0L);
    offer(3, 10_000 + Sequencer.PATIENCE.toMillis() + 1);

    assertThat(out).containsExactly(0L, 2L, 3L);
    assertThat(sequencer.missing()).isEqualTo(1);
    assertThat(offer(1, 5_000)).isEqualTo(Outcome.LATE);
  }

  @Test
  void anAgentThatBeganAnewIsFollowed() {
    offer(0, 0);
    sequencer.offer(header(2, 0, 60_000), snapshot(header(2, 0, 60_000)));

    assertThat(out).containsExactly(0L, 0L);
    assertThat(offer(1, 70_000)).as("from its earlier life").isEqualTo(Outcome.LATE);
  }

  @Test
  void atTheEndWhatIsHeldComesOut() {
    offer(5, 0);
    offer(9, 0);
    sequencer.releaseAll();

    assertThat(out).containsExactly(5L, 9L);
    assertThat(sequencer.held()).isZero();
  }

  private Outcome offer(long sequence, long at) {
    Header header = header(1, sequence, at);
    return sequencer.offer(header, snapshot(header));
  }

  private Sequencer sequencer() {
    return new Sequencer(tables, snapshot -> out.add(((Header) snapshot.get(0)).getSequence()));
  }

  private void restart() {
    Map<String, Map<Integer, byte[]>> saved = new TreeMap<>();
    tables.drain(
        (table, page, bytes) ->
            saved.computeIfAbsent(table, k -> new TreeMap<>()).put(page, bytes));
    tables = new Tables(saved);
    sequencer = sequencer();
  }

  private static ResourceSnapshot snapshot(Header header) {
    ResourceSnapshot snapshot = Samples.blank(ResourceSnapshot.class);
    snapshot.setHeader(header);
    return snapshot;
  }

  private static Header header(long epoch, long sequence, long at) {
    return Header.newBuilder()
        .setCluster("c")
        .setAgent("a")
        .setEpoch(epoch)
        .setSequence(sequence)
        .setObservedAt(Instant.ofEpochMilli(at))
        .setSentAt(Instant.ofEpochMilli(at))
        .setSource("node")
        .setTarget("n")
        .build();
  }
}
