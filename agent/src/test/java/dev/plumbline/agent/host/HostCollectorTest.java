package dev.plumbline.agent.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.agent.mapping.Mapper;
import dev.plumbline.agent.mapping.Mapping;
import dev.plumbline.schemas.event.NodeSample;
import dev.plumbline.schemas.event.ResourceSnapshot;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HostCollectorTest {

  @Test
  void thisMachineIsReadByTheMappingOfNodeExporter() throws Exception {
    byte[] exposition = new HostCollector().expose();
    NodeSample node =
        ((ResourceSnapshot)
                new Mapper(Mapping.shipped("node")).map(exposition, Map.of("node", "here")))
            .getNodes()
            .get(0);

    assertThat(node.getNode()).isEqualTo("here");
    assertThat(node.getCpuCount()).isEqualTo(Runtime.getRuntime().availableProcessors());
    assertThat(node.getCpuSecondsTotal()).isPositive();
    assertThat(node.getMemoryAvailableBytes()).isBetween(1.0, node.getMemoryTotalBytes());
    assertThat(node.getTimeSeconds()).isPositive();
  }
}
