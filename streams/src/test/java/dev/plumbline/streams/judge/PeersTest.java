package dev.plumbline.streams.judge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.streams.judge.Peers.Peer;
import dev.plumbline.streams.state.Tables;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class PeersTest {
  private static final int REPLICAS = 5;

  private final Tables tables = new Tables();
  private final Peers peers = new Peers(tables);

  @Property(tries = 100)
  void whoIsAlikeIsKnownAsWellAfterARestart(
      @ForAll @Size(max = 40) List<@IntRange(max = 359) Integer> steps) {
    for (int i = 0; i < steps.size(); i++) {
      int step = steps.get(i);
      int what = step / REPLICAS;
      if (what >= 64) {
        peers.gone("retail", "chat-" + step % REPLICAS);
      } else {
        judged(
            "w" + what % 2,
            step % REPLICAS,
            "m" + what / 2 % 2,
            "p" + what / 4 % 2,
            what / 8 * 4,
            i * 90_000L);
      }
      if (what % 8 == 7) {
        peers.tick(i * 90_000L);
      }
    }
    Peers again = restarted();
    for (int i = 0; i < REPLICAS; i++) {
      Peer one = peers.of("retail", "chat-" + i);
      if (one == null) {
        assertThat(again.of("retail", "chat-" + i)).isNull();
      } else {
        assertThat(names(peers.alike(one)))
            .contains("chat-" + i)
            .isEqualTo(names(again.alike(again.of("retail", "chat-" + i))));
      }
    }
    for (String workload : List.of("retail/w0", "retail/w1")) {
      assertThat(names(List.copyOf(peers.of(workload))))
          .isEqualTo(names(List.copyOf(again.of(workload))));
    }
  }

  @Test
  void onlyWorkloadsWhoseReplicasBecameOthersAreNamed() {
    judged("chat", 0, "m", "p", 20, 0);
    judged("chat", 1, "m", "p", 20, 0);
    judged("code", 2, "m", "p", 20, 0);
    assertThat(peers.changed()).containsExactly("retail/chat", "retail/code");

    judged("chat", 0, "m", "p", 20, Duration.ofMinutes(10).toMillis());
    assertThat(peers.changed()).as("it was only judged again").isEmpty();

    peers.gone("retail", "chat-2");
    assertThat(peers.changed()).containsExactly("retail/code");

    judged("code", 1, "m", "p", 20, Duration.ofMinutes(10).toMillis());
    assertThat(peers.changed()).containsExactly("retail/chat", "retail/code");

    peers.tick(Duration.ofHours(1).toMillis());
    assertThat(peers.changed()).containsExactly("retail/chat", "retail/code");
    assertThat(peers.of("retail/chat")).isEmpty();
  }

  private void judged(
      String workload, int replica, String model, String product, double sequences, long at) {
    String pod = "chat-" + replica;
    peers.judged("retail", workload, pod, "n1", model, product, sequences, 1_000, at);
  }

  private Peers restarted() {
    Map<String, Map<Integer, byte[]>> saved = new TreeMap<>();
    tables.copy(
        (table, page, bytes) ->
            saved.computeIfAbsent(table, k -> new TreeMap<>()).put(page, bytes));
    return new Peers(new Tables(saved));
  }

  private static List<String> names(List<Peer> peers) {
    return peers.stream().map(it -> it.pod).toList();
  }
}
