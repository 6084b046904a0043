package dev.plumbline.streams.cause;

import static dev.plumbline.streams.cause.Counts.assertCounts;
import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.schemas.event.Cause;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.FindingStatus;
import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.streams.Given;
import dev.plumbline.streams.findings.Kind;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Four replicas of one model on four nodes that are alike, at 30 s a scrape. */
class CauseTest {
  private static final String IMAGE = "spec.template.spec.containers[0].image";
  private static final String DRIVER = "nvidia.com/cuda.driver-version.full";

  /** One replica and its counters. */
  private static final class Server {
    final String pod;
    final String node;
    final double started;
    double steps;
    double seconds;
    double slower = 1;
    double load = 1;

    Server(String pod, String node, double started) {
      this.pod = pod;
      this.node = node;
      this.started = started;
    }
  }

  private final Given given = new Given();
  private final Random random = new Random(7);
  private final Map<String, Server> servers = new TreeMap<>();

  @BeforeEach
  void fourReplicasThatAreWell() {
    given.shown(given.identity("eu"));
    for (int i = 0; i < 4; i++) {
      driver("n" + i, "580");
      start("chat-" + i, "n" + i);
    }
    deployed("v1");
    scrapes(60);
  }

  @Test
  void aRolloutHalfwayIsTheCauseWhereOnlyTheNewReplicasSuffer() {
    deployed("v2");
    given.after(30);
    replaced("chat-0", "chat-4");
    replaced("chat-1", "chat-5");
    scrapes(6);
    servers.get("chat-4").slower = 1.8;
    servers.get("chat-5").slower = 1.8;
    scrapes(40);

    for (String pod : List.of("chat-4", "chat-5")) {
      Cause cause = last(pod).getCause();
      assertThat(cause.getEntity()).containsEntry("field", IMAGE);
      assertCounts(cause.getContrast(), 2, 2, 2, 0);
      assertThat(cause.getReason())
          .endsWith("; 2 of 2 replicas that have it suffer, and 0 of 2 that lack it");
      assertThat(cause.getContrast().getCohort()).isEqualTo("model=m, product=H100, load=light");
      assertThat(cause.getScore()).isGreaterThan(0.95);
    }
  }

  @Test
  void aReplicaThatHasRunSinceBeforeAChangeIsNotExplainedByIt() {
    deployed("v2");
    given.after(30);
    replaced("chat-1", "chat-4");
    replaced("chat-2", "chat-5");
    servers.get("chat-0").slower = 1.8;
    scrapes(8);
    assertThat(last("chat-0").getCause().getEntity())
        .as("before anybody could be compared")
        .containsEntry("field", IMAGE);
    scrapes(40);

    assertThat(last("chat-0").getCause()).isNull();
    assertThat(last("chat-0").getCandidates())
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it.getScore()).isLessThan(0.4);
              assertCounts(it.getContrast(), 2, 0, 2, 1);
            });
  }

  @Test
  void whatHappenedToOneNodeIsNotTheCauseWhereSiblingsOnOthersSufferToo() {
    deployed("v2");
    servers.keySet().stream().toList().forEach(it -> replaced(it, it.replace('-', '_')));
    scrapes(30);
    driver("n0", "575");
    servers.values().forEach(it -> it.slower = 1.8);
    scrapes(8);
    assertThat(last("chat_0").getCause().getEntity())
        .as("the nearest in time, before anybody could be compared")
        .containsEntry("node", "n0");
    scrapes(40);

    Cause cause = last("chat_0").getCause();
    assertThat(cause.getEntity()).containsEntry("field", IMAGE);
    assertCounts(cause.getContrast(), 4, 4, 0, 0);
    assertThat(last("chat_0").getCandidates())
        .singleElement()
        .satisfies(it -> assertCounts(it.getContrast(), 1, 1, 3, 3));
  }

  @Test
  void whatHappenedToOneNodeIsTheCauseWhereSiblingsOnOthersAreWell() {
    driver("n0", "575");
    servers.get("chat-0").slower = 1.8;
    scrapes(40);

    Cause cause = last("chat-0").getCause();
    assertThat(cause.getEntity()).containsEntry("node", "n0");
    assertCounts(cause.getContrast(), 1, 1, 3, 0);
  }

  @Test
  void aSiblingThatHasRecoveredIsStillAWitnessOfWhatItSuffered() {
    driver("n0", "575");
    servers.get("chat-0").slower = 1.8;
    servers.get("chat-1").slower = 1.8;
    scrapes(12);
    servers.get("chat-1").slower = 1;
    scrapes(28);

    assertThat(last("chat-1").getStatus()).isEqualTo(FindingStatus.resolved);
    assertCounts(last("chat-0").getCause().getContrast(), 1, 1, 3, 1);
  }

  @Test
  void aSiblingOfWhichNothingIsHeardIsNoWitness() {
    driver("n0", "575");
    servers.get("chat-0").slower = 1.8;
    servers.keySet().removeIf(it -> !it.equals("chat-0"));
    scrapes(60);

    assertThat(last("chat-0").getCause().getContrast()).isNull();
  }

  @Test
  void aSiblingOnAnotherProductIsNoWitness() {
    start("big-0", "n9");
    given.shown(given.labelled(given.object("v1/Node/n9", ""), "nvidia.com/gpu.product", "B200"));
    scrapes(40);
    driver("n0", "575");
    servers.get("chat-0").slower = 1.8;
    scrapes(40);

    assertCounts(last("chat-0").getCause().getContrast(), 1, 1, 3, 0);
  }

  @Test
  void aSurgeThatJustBeganIsTheCauseOfWhatItsReplicaTakesLonger() {
    Server surged = servers.get("chat-2");
    for (int i = 0; i < 6; i++) {
      surged.load = 4;
      scrapes(2);
      surged.load = 1;
      scrapes(20);
    }
    assertThat(given.of(Kind.LOAD_SURGE)).as("blips of a load that is known").isEmpty();
    surged.slower = 1.8;
    surged.load = 4;
    scrapes(20);

    assertThat(last("chat-2").getCause().getKind()).isEqualTo(Kind.LOAD_SURGE);
    assertThat(last("chat-2").getCause().getEntity()).containsEntry("pod", "chat-2");
  }

  @Test
  void aRestartOfDetectionInTheMiddleChangesNothing() {
    driver("n0", "575");
    servers.get("chat-0").slower = 1.8;
    scrapes(10);
    given.restarted();
    scrapes(30);

    assertCounts(last("chat-0").getCause().getContrast(), 1, 1, 3, 0);
  }

  private void scrapes(int count) {
    for (int i = 0; i < count; i++) {
      servers.values().forEach(this::scrape);
      given.after(30);
    }
  }

  private void scrape(Server server) {
    double load = server.load * 100 * (0.7 + 0.6 * random.nextDouble());
    double done = Math.rint(load * 30);
    server.steps += done;
    server.seconds +=
        done * (0.010 + 0.00001 * load) * server.slower * (1 + 0.03 * random.nextGaussian());
    LatencySnapshot snapshot =
        given.server("retail", "chat", server.pod, server.steps, server.seconds);
    snapshot.getHeader().getLabels().put("node", server.node);
    snapshot.setProcessStartSeconds(server.started);
    given.shown(snapshot);
  }

  private void start(String pod, String node) {
    servers.put(pod, new Server(pod, node, given.now / 1000.0 - 86_400));
  }

  /** A new pod takes the place of an old one. */
  private void replaced(String old, String pod) {
    String node = servers.remove(old).node;
    LatencySnapshot gone = given.server("retail", "chat", old, 0, 0);
    gone.getHeader().setGone(true);
    given.shown(gone);
    servers.put(pod, new Server(pod, node, given.now / 1000.0));
  }

  private void driver(String node, String version) {
    given.shown(
        given.labelled(
            given.object("v1/Node/" + node, ""),
            "nvidia.com/gpu.product",
            "H100",
            DRIVER,
            version));
  }

  private void deployed(String image) {
    given.shown(given.object("apps/v1/Deployment/retail/chat", "", IMAGE, "vllm:" + image));
  }

  private Finding last(String pod) {
    List<Finding> said =
        given.of(Kind.LATENCY_SWING).stream()
            .filter(it -> pod.equals(it.getEntity().get("pod")))
            .toList();
    assertThat(said).as("swings of " + pod).isNotEmpty();
    return said.get(said.size() - 1);
  }
}
