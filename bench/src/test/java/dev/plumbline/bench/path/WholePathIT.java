package dev.plumbline.bench.path;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.plumbline.bench.load.Size;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** That the stages run and do the same work; what they cost is no matter here. */
class WholePathIT {
  @Test
  void everyStageGoesOverAllSnapshotsAndJudgesAlike() throws IOException {
    ObjectNode out = new ObjectMapper().createObjectNode();
    WholePath.run(
        new WholePath.Settings(
            new Size(2, 2, 120, 30), 2, 0, 1, 20, List.of("bare", "at-least-once", "plain")),
        what -> {},
        out);
    // 120 scrapes of 12 targets, and what two clusters say of themselves
    assertThat(out.at("/load/snapshots").asLong()).isEqualTo(120 * 12 + 2 * (1 + 2 * 2));
    assertThat(out.get("stages").properties()).hasSize(3);
    assertThat(out.at("/stages/bare/findings/median").asDouble()).isPositive();
    assertThat(out.at("/stages/at-least-once/findings/median").asDouble())
        .isEqualTo(out.at("/stages/bare/findings/median").asDouble());
    assertThat(out.at("/stages/plain/changelogToInput/median").asDouble()).isGreaterThan(1);
  }
}
