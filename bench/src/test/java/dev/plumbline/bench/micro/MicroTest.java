package dev.plumbline.bench.micro;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class MicroTest {
  @Test
  void everyStepRuns() throws IOException {
    ObjectNode out = new ObjectMapper().createObjectNode();
    Micro.run(0, 1, "", what -> {}, out);
    assertThat(out.properties()).hasSizeGreaterThanOrEqualTo(12);
    assertThat(out.at("/decodeBoards/nanos").asDouble()).isPositive();
  }
}
