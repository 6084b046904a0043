package dev.plumbline.streams.findings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.schemas.event.Cause;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.FindingStatus;
import dev.plumbline.schemas.event.Resolution;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.streams.state.Tables;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ConditionsTest {
  private static final long MINUTE = 60_000;
  private static final Entity NODE = Entity.of("cluster", "c-1", "node", "n1");
  private static final Rule RULE =
      Rule.measured(Kind.GPU_THROTTLE).raise(Duration.ofMinutes(1), 2).clear(Duration.ofMinutes(2));

  private final List<Finding> said = new ArrayList<>();
  private Tables tables = new Tables();
  private Conditions conditions = new Conditions("c-1", tables, said::add);
  private final Map<String, Map<Integer, byte[]>> saved = new TreeMap<>();

  @Test
  void oneBadSightIsNoFinding() {
    bad(0);
    conditions.ok(RULE, NODE, MINUTE);
    bad(2 * MINUTE);

    assertThat(said).isEmpty();
  }

  @Test
  void itOpensAfterEnoughBadSightsAndSaysSinceWhen() {
    open();

    assertThat(said).hasSize(1);
    assertThat(said.get(0).getStatus()).isEqualTo(FindingStatus.open);
    assertThat(said.get(0).getSince().toEpochMilli()).isZero();
    assertThat(said.get(0).getAt().toEpochMilli()).isEqualTo(MINUTE);
  }

  @Test
  void onlyHealthyDataThatLastsResolvesIt() {
    open();
    conditions.ok(RULE, NODE, 2 * MINUTE);
    assertThat(said).hasSize(1);
    conditions.ok(RULE, NODE, 4 * MINUTE);

    assertThat(last().getStatus()).isEqualTo(FindingStatus.resolved);
    assertThat(last().getResolution()).isEqualTo(Resolution.cleared);
    assertThat(last().getId()).isEqualTo(said.get(0).getId());
  }

  @Test
  void silenceMarksItStaleAndNeverResolvesIt() {
    open();
    for (long at = 2; at < 600; at++) {
      conditions.tick(at * MINUTE);
    }

    assertThat(said).hasSize(2);
    assertThat(last().getStatus()).isEqualTo(FindingStatus.update);
    assertThat(last().getStale()).isTrue();
    bad(601 * MINUTE);
    assertThat(last().getStale()).isFalse();
  }

  @Test
  void whatComesBackSoonIsTheSameStoryAndIsHeldLonger() {
    open();
    conditions.ok(RULE, NODE, 2 * MINUTE);
    conditions.ok(RULE, NODE, 4 * MINUTE);
    bad(10 * MINUTE);
    bad(11 * MINUTE);
    Finding again = last();
    conditions.ok(RULE, NODE, 12 * MINUTE);
    conditions.ok(RULE, NODE, 14 * MINUTE);

    assertThat(again.getStatus()).isEqualTo(FindingStatus.open);
    assertThat(again.getId()).isEqualTo(said.get(0).getId());
    assertThat(again.getRevision()).isEqualTo(2);
    assertThat(last()).as("twice as long before it is believed").isEqualTo(again);
    conditions.ok(RULE, NODE, 16 * MINUTE);
    assertThat(last().getStatus()).isEqualTo(FindingStatus.resolved);
  }

  @Test
  void whatComesBackTheNextDayIsAnotherStory() {
    open();
    conditions.ok(RULE, NODE, 2 * MINUTE);
    conditions.ok(RULE, NODE, 4 * MINUTE);
    bad(1_500 * MINUTE);
    bad(1_501 * MINUTE);

    assertThat(last().getId()).isNotEqualTo(said.get(0).getId());
    assertThat(last().getRevision()).isZero();
  }

  @Test
  void itIsSaidAgainOnlyWhenItGrowsGraverOrIsExplained() {
    open();
    bad(2 * MINUTE);
    assertThat(said).hasSize(1);
    conditions.bad(RULE, NODE, 3 * MINUTE, Severity.critical, Proof.of("worse"));
    assertThat(last().getSeverity()).isEqualTo(Severity.critical);
    Cause cause =
        Cause.newBuilder().setKind("drift.config").setEntity(NODE.parts()).setScore(1).build();
    conditions.explain(last(), 4 * MINUTE, cause, List.of());
    conditions.explain(last(), 5 * MINUTE, cause, List.of());

    assertThat(said).hasSize(3);
    assertThat(last().getCause().getKind()).isEqualTo("drift.config");
  }

  @Test
  void whatLeavesOnPurposeResolvesAllThatIsWithinIt() {
    open();
    conditions.gone(Entity.of("cluster", "c-1"), 2 * MINUTE);

    assertThat(last().getResolution()).isEqualTo(Resolution.gone);
  }

  @Test
  void aRestartInTheMiddleChangesNothing() {
    bad(0);
    restart();
    bad(MINUTE);
    restart();
    conditions.ok(RULE, NODE, 2 * MINUTE);
    restart();
    conditions.ok(RULE, NODE, 4 * MINUTE);

    assertThat(said)
        .extracting(Finding::getStatus)
        .containsExactly(FindingStatus.open, FindingStatus.resolved);
    assertThat(said).extracting(Finding::getRevision).containsExactly(0, 1);
  }

  private void open() {
    bad(0);
    bad(MINUTE);
  }

  private void bad(long at) {
    conditions.bad(RULE, NODE, at, Severity.warning, Proof.of("held down"));
  }

  private Finding last() {
    return said.get(said.size() - 1);
  }

  private void restart() {
    tables.drain(
        (table, page, bytes) ->
            saved.computeIfAbsent(table, k -> new TreeMap<>()).put(page, bytes));
    tables = new Tables(saved);
    conditions = new Conditions("c-1", tables, said::add);
  }
}
