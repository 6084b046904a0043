package dev.plumbline.streams.latency;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.FindingStatus;
import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.schemas.event.PolicySnapshot;
import dev.plumbline.streams.Given;
import dev.plumbline.streams.findings.Kind;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Replicas on a node each at 30 s a scrape, of which one alone is too quiet to tell: a step takes
 * 15 ms, give or take a third from scrape to scrape.
 */
class GroupTest {
  private final Given given = new Given();
  private final Random random = new Random(23);
  private final Map<String, double[]> counted = new TreeMap<>();
  private final Map<String, String> nodes = new TreeMap<>();
  private final Map<String, Double> factors = new TreeMap<>();

  /** The replica whose KV cache is full. */
  private String full = "";

  @Test
  void aWorkloadTellsWhatItsReplicasAreTooQuietToTell() {
    placed("chat", 6);
    scrapes(80);
    slower(1.5, "chat-0", "chat-1", "chat-2", "chat-3", "chat-4", "chat-5");
    scrapes(30);

    assertThat(given.of(Kind.LATENCY_SWING)).isNotEmpty();
    Finding first = given.of(Kind.LATENCY_SWING).get(0);
    assertThat(first.getEntity())
        .containsEntry("workload", "chat")
        .containsEntry("namespace", "retail")
        .containsEntry("model", "m")
        .doesNotContainKeys("pod", "node");
    assertThat(first.getEvidence().getDetails()).containsEntry("form", "level");
    assertThat(given.of(Kind.LATENCY_SWING)).extracting(Finding::getId).containsOnly(first.getId());
  }

  @Test
  void theFullCacheOfAReplicaExplainsTheSwingOfItsWorkload() {
    placed("chat", 6);
    scrapes(80);
    slower(1.5, "chat-0", "chat-1", "chat-2", "chat-3", "chat-4", "chat-5");
    full = "chat-3";
    scrapes(30);

    assertThat(given.of(Kind.LATENCY_SWING))
        .last()
        .satisfies(it -> assertThat(it.getEntity()).doesNotContainKey("pod"))
        .satisfies(it -> assertThat(it.getCause().getKind()).isEqualTo(Kind.GPU_EXHAUSTION))
        .satisfies(it -> assertThat(it.getCause().getEntity()).containsEntry("pod", "chat-3"));
  }

  @Test
  void oneSlowReplicaIsItsOwnStory() {
    placed("chat", 6);
    scrapes(80);
    slower(3, "chat-2");
    scrapes(40);

    assertThat(given.of(Kind.LATENCY_SWING))
        .isNotEmpty()
        .allSatisfy(it -> assertThat(it.getEntity()).containsEntry("pod", "chat-2"));
  }

  @Test
  void replicasOfOneNodeAreNotTakenTogether() {
    for (int i = 0; i < 6; i++) {
      placed("chat-" + i, "n1");
    }
    scrapes(80);
    slower(1.5, "chat-0", "chat-1", "chat-2", "chat-3", "chat-4", "chat-5");
    scrapes(30);

    assertThat(given.of(Kind.LATENCY_SWING))
        .allSatisfy(it -> assertThat(it.getEntity()).containsKey("pod"));
  }

  @Test
  void aModelTellsWhatItsWorkloadsOfOneReplicaEachAreTooQuietToTell() {
    for (String workload : List.of("chat", "code", "rag", "search", "voice", "write")) {
      placed(workload, 1);
    }
    scrapes(80);
    slower(1.5, "chat-0", "code-0", "rag-0", "search-0", "voice-0", "write-0");
    scrapes(40);

    assertThat(given.of(Kind.LATENCY_SWING)).isNotEmpty();
    assertThat(given.of(Kind.LATENCY_SWING).get(0).getEntity())
        .containsEntry("model", "m")
        .doesNotContainKeys("workload", "pod");
    assertThat(given.of(Kind.LATENCY_SWING)).extracting(Finding::getId).hasSize(1);
  }

  @Test
  void itIsOverForAllAtOnce() {
    placed("chat", 6);
    scrapes(80);
    slower(1.5, "chat-0", "chat-1", "chat-2", "chat-3", "chat-4", "chat-5");
    scrapes(30);
    factors.clear();
    scrapes(60);

    List<Finding> said = given.of(Kind.LATENCY_SWING);
    assertThat(said.get(said.size() - 1).getStatus()).isEqualTo(FindingStatus.resolved);
    assertThat(said).extracting(Finding::getId).containsOnly(said.get(0).getId());
  }

  @Test
  void noiseThatStaysIsNoSwingOfAnybody() {
    placed("chat", 4);
    placed("code", 3);
    scrapes(1_000);

    assertThat(given.of(Kind.LATENCY_SWING)).isEmpty();
  }

  @Test
  void aRestartOfDetectionAtAnyScrapeChangesNothing() {
    placed("chat", 6);
    scrapes(80);
    slower(1.5, "chat-0", "chat-1", "chat-2", "chat-3", "chat-4", "chat-5");
    for (int i = 0; i < 30; i++) {
      given.restarted();
      scrapes(1);
    }

    assertThat(given.of(Kind.LATENCY_SWING)).isNotEmpty();
    assertThat(given.of(Kind.LATENCY_SWING).get(0).getEntity()).doesNotContainKey("pod");
  }

  private void placed(String workload, int replicas) {
    for (int i = 0; i < replicas; i++) {
      placed(workload + '-' + i, "n-" + workload + '-' + i);
    }
  }

  private void placed(String name, String node) {
    counted.put(name, new double[2]);
    nodes.put(name, node);
    PolicySnapshot pod = given.object("v1/Pod/retail/" + name, "", "spec.nodeName", node);
    pod.setOwner("Deployment/" + name.substring(0, name.lastIndexOf('-')));
    given.shown(pod);
  }

  private void slower(double factor, String... pods) {
    for (String pod : pods) {
      factors.put(pod, factor);
    }
  }

  private void scrapes(int count) {
    for (int i = 0; i < count; i++) {
      for (Map.Entry<String, double[]> one : counted.entrySet()) {
        String name = one.getKey();
        double steps = 60 + Math.rint(60 * Math.pow(random.nextDouble(), 3));
        double step =
            0.015
                * factors.getOrDefault(name, 1.0)
                * Math.max(0.3, 1 + 0.33 * random.nextGaussian());
        one.getValue()[0] += steps;
        one.getValue()[1] += steps * step;
        String workload = name.substring(0, name.lastIndexOf('-'));
        LatencySnapshot server =
            given.server("retail", workload, name, one.getValue()[0], one.getValue()[1]);
        server.getHeader().getLabels().put("node", nodes.get(name));
        if (name.equals(full)) {
          server.getServers().get(0).setRequestsWaitingForCapacity(7);
          server.getServers().get(0).setKvCacheUsageRatio(0.97);
        }
        given.shown(server);
      }
      given.after(30);
    }
  }
}
