package dev.plumbline.bench.load;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.schemas.event.Header;
import dev.plumbline.streams.findings.Kind;
import dev.plumbline.streams.judge.ClusterJudge;
import dev.plumbline.streams.state.Tables;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class LoadTest {
  private static final Size SMALL = new Size(2, 2, 6, 30);

  @Test
  void theSameSizeGivesTheSameSnapshots() {
    assertThat(texts(SMALL)).isEqualTo(texts(SMALL));
  }

  @Test
  void snapshotsCarryAboutAsManySamplesAsANodeWithEightGpus() {
    long[] sums = new long[2];
    new Load(SMALL.ticks(40))
        .drain(
            (topic, cluster, at, snapshot) -> {
              sums[0]++;
              sums[1] += Numbers.count(snapshot);
            });
    assertThat((double) sums[1] / sums[0]).isBetween(170.0, 230.0);
  }

  @Test
  void theSnapshotsOfAClusterAreNumberedWithoutAGapInTheOrderOfTime() {
    Map<String, Long> sequences = new HashMap<>();
    Map<String, Long> times = new HashMap<>();
    new Load(SMALL)
        .drain(
            (topic, cluster, at, snapshot) -> {
              Header header = (Header) snapshot.get(0);
              assertThat(header.getSequence())
                  .isEqualTo(sequences.merge(cluster, 1L, Long::sum) - 1);
              assertThat(at).isGreaterThanOrEqualTo(times.getOrDefault(cluster, 0L));
              times.put(cluster, at);
            });
    assertThat(sequences).hasSize(2);
  }

  @Test
  void whatGoesWrongIsFoundAndNothingElse() {
    assertThat(found(true)).containsExactly(Kind.GPU_THROTTLE, Kind.LATENCY_SWING);
    assertThat(found(false)).isEmpty();
  }

  private static Set<String> found(boolean faults) {
    Set<String> kinds = new TreeSet<>();
    Map<String, ClusterJudge> judges = new HashMap<>();
    new Load(SMALL.ticks(120), faults)
        .drain(
            (topic, cluster, at, snapshot) ->
                judges
                    .computeIfAbsent(
                        cluster,
                        uid ->
                            new ClusterJudge(
                                uid, new Tables(), finding -> kinds.add(finding.getKind())))
                    .judge(snapshot));
    return kinds;
  }

  private static List<String> texts(Size size) {
    List<String> texts = new ArrayList<>();
    new Load(size).drain((topic, cluster, at, snapshot) -> texts.add(topic.name() + snapshot));
    return texts;
  }
}
