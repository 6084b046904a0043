package dev.plumbline.bench.prometheus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.plumbline.bench.load.Size;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class PrometheusPeerIT {
  @Test
  void itsRulesFindWhatGoesWrong() throws IOException {
    assumeTrue(PrometheusPeer.isInstalled(), "prometheus and promtool are not installed");
    ObjectNode out = new ObjectMapper().createObjectNode();
    PrometheusPeer.run(new Size(1, 2, 130, 30), 1, 1, what -> {}, out);
    assertThat(out.get("rules").asInt()).isPositive();
    assertThat(out.get("alerts").properties())
        .extracting(it -> it.getKey())
        .contains("GpuThrottle", "LatencySwing");
  }
}
