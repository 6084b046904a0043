package dev.plumbline.streams.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.schemas.event.Fact;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.FindingStatus;
import dev.plumbline.schemas.event.Resolution;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.streams.findings.Kind;
import dev.plumbline.streams.state.Tables;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Edge sites of one node each, and a cloud of three. */
class NodesTest {
  private static final long MINUTE = 60_000;

  private final List<Finding> said = new ArrayList<>();
  private final Map<String, Tables> tables = new HashMap<>();
  private final FleetJudge fleet =
      new FleetJudge(
          new Tables(), uid -> tables.computeIfAbsent(uid, k -> new Tables()), said::add);
  private final GivenFacts given = new GivenFacts();

  @BeforeEach
  void sitesOfOneNodeEach() {
    for (String site : List.of("a", "b", "c")) {
      node(0, site, "n1", "driver", "580", "kernel", "6.8");
    }
  }

  @Test
  void theOnlyNodeOfASiteThatLeavesAllOthersAndIsNotFollowedDiffers() {
    node(10, "b", "n1", "driver", "575", "kernel", "6.8");
    alive(11, 39);
    assertThat(said).as("it may be the first step of a rollout").isEmpty();
    alive(40, 41);

    assertThat(said)
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it.getKind()).isEqualTo(Kind.DRIFT_CONFIG);
              assertThat(it.getSeverity()).isEqualTo(Severity.warning);
              assertThat(it.getEntity())
                  .containsEntry("cluster", "b")
                  .containsEntry("node", "n1")
                  .containsEntry("field", "metadata.labels[nvidia.com/cuda.driver-version.full]");
              assertThat(it.getEvidence().getSummary())
                  .isEqualTo(
                      "driver is 575 on node n1 and 580 on all 2 others of its cohort"
                          + " (product=H100, clusters=3), and none followed within 30 minutes");
            });
    node(42, "b", "n1", "driver", "580", "kernel", "6.8");
    assertThat(said.get(1).getStatus()).isEqualTo(FindingStatus.resolved);
  }

  @Test
  void aDriverThatSpreadsIsARollout() {
    node(10, "b", "n1", "driver", "581", "kernel", "6.8");
    node(30, "c", "n1", "driver", "581", "kernel", "6.8");
    alive(31, 60);
    node(61, "a", "n1", "driver", "581", "kernel", "6.8");
    alive(62, 120);

    assertThat(said).isEmpty();
  }

  @Test
  void aKernelThatOneNodeAloneHasIsSaidAndWakesNobody() {
    node(10, "b", "n1", "driver", "580", "kernel", "6.11");
    alive(11, 60);

    assertThat(said)
        .singleElement()
        .satisfies(it -> assertThat(it.getSeverity()).isEqualTo(Severity.info));
  }

  @Test
  void aNodeThatIsBeingServicedIsLeftAloneUntilItIsDone() {
    node(10, "b", "n1", "driver", "575", "kernel", "6.8", "serviced", "true");
    alive(11, 60);
    assertThat(said).isEmpty();
    node(61, "b", "n1", "driver", "575", "kernel", "6.8");
    alive(62, 63);

    assertThat(said).hasSize(1);
  }

  @Test
  void whereTheOthersDontAgreeNobodyDiffers() {
    node(1, "d", "n1", "driver", "570", "kernel", "6.8");
    node(10, "b", "n1", "driver", "575", "kernel", "6.8");
    alive(11, 60);

    assertThat(said).isEmpty();
  }

  @Test
  void aDocumentSaysWhichNodesAreAlikeAndWhichAreLeftOut() {
    applied(1, "{\"members\":\"nodes\",\"exclude\":[\"b/*\"]}");
    node(10, "b", "n1", "driver", "575", "kernel", "6.8");
    alive(11, 60);
    assertThat(said).as("left out").isEmpty();
    applied(61, "{\"members\":\"nodes\",\"by\":[\"product\",\"kernel\"]}");
    node(62, "b", "n1", "driver", "580", "kernel", "6.8");
    node(63, "a", "n1", "driver", "580", "kernel", "6.11");
    node(64, "b", "n1", "driver", "575", "kernel", "6.8");
    alive(65, 120);

    assertThat(said)
        .as("with another kernel there is one other left, and one is no majority")
        .filteredOn(it -> it.getEvidence().getSummary().startsWith("driver"))
        .isEmpty();
  }

  @Test
  void whatADocumentLetsDifferIsAccepted() {
    node(10, "b", "n1", "driver", "575", "kernel", "6.8");
    alive(11, 60);
    applied(61, "{\"members\":\"nodes\",\"ignore\":[\"metadata.labels*driver-version*\"]}");

    assertThat(said)
        .extracting(Finding::getStatus)
        .containsExactly(FindingStatus.open, FindingStatus.resolved);
    assertThat(said.get(1).getResolution()).isEqualTo(Resolution.accepted);
  }

  @Test
  void aNodeThatIsGoneTakesItsFindingWithIt() {
    node(10, "b", "n1", "driver", "575", "kernel", "6.8");
    alive(11, 60);
    Fact gone = given.fact("node", "b", 61, Map.of());
    gone.setSubject("n1");
    gone.setGone(true);
    fleet.judge(gone);

    assertThat(said.get(1).getResolution()).isEqualTo(Resolution.gone);
  }

  @Test
  void aCloudThatComparesItsOwnDriversIsLeftToDoSo() {
    node(1, "b", "n2", "driver", "580", "kernel", "6.8");
    node(2, "b", "n3", "driver", "580", "kernel", "6.8");
    node(10, "b", "n1", "driver", "575", "kernel", "6.8");
    alive(11, 60);

    assertThat(said).isEmpty();
  }

  private void alive(int from, int to) {
    for (int minute = from; minute <= to; minute++) {
      for (String site : List.of("a", "b", "c")) {
        fleet.judge(given.fact("alive", site, minute, Map.of("intervalMillis", "60000")));
      }
    }
  }

  private void node(int minute, String site, String name, String... facts) {
    Map<String, String> fields = new TreeMap<>(Map.of("product", "H100"));
    for (int i = 0; i < facts.length; i += 2) {
      fields.put(facts[i], facts[i + 1]);
    }
    Fact fact = given.fact("node", site, minute, fields);
    fact.setSubject(name);
    fleet.judge(fact);
  }

  private void applied(int minute, String spec) {
    Fact fact = given.fact("control", "", minute, Map.of("spec", spec));
    fact.setSubject("a");
    fleet.judge(fact);
  }
}
