package dev.plumbline.streams.inventory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.schemas.event.PolicySnapshot;
import dev.plumbline.streams.Given;
import dev.plumbline.streams.findings.Entity;
import dev.plumbline.streams.state.Tables;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class InventoryTest {
  private final Given given = new Given();
  private final Map<String, Map<Integer, byte[]>> saved = new TreeMap<>();
  private Tables tables = new Tables();
  private Inventory inventory = new Inventory(Given.CLUSTER, tables);

  @Property(tries = 100)
  void whoIsOnANodeIsWhatAWalkOverAllPodsWouldSay(
      @ForAll @Size(max = 40) List<@IntRange(max = 79) Integer> steps) {
    for (int step : steps) {
      String pod = "v1/Pod/retail/chat-" + step % 5;
      int what = step / 5;
      if (what == 15) {
        restarted();
      } else if (what >= 12) {
        inventory.observe(given.gone(pod));
      } else {
        inventory.observe(placed(pod, what % 4 == 0 ? "" : "n" + what % 4));
      }
      for (String node : List.of("", "n1", "n2", "n3")) {
        assertThat(inventory.podsOn(node))
            .containsExactlyElementsOf(
                inventory.pods().values().stream().filter(it -> it.node.equals(node)).toList());
      }
    }
  }

  @Test
  void aTenantIsThatOfTheNamespaceItselfAndNotOfOneWhoseNameBeginsAlike() {
    inventory.observe(given.server("retail-lab", "chat", "chat-0", 1, 1));
    assertThat(inventory.tenantOf(Entity.of("namespace", "retail"))).isEmpty();

    inventory.observe(given.server("retail", "chat", "chat-0", 1, 1));
    assertThat(inventory.tenantOf(Entity.of("namespace", "retail"))).isEqualTo("retail");
  }

  private PolicySnapshot placed(String pod, String node) {
    return given.object(pod, "", "spec.nodeName", node);
  }

  private void restarted() {
    tables.drain(
        (table, page, bytes) ->
            saved.computeIfAbsent(table, k -> new TreeMap<>()).put(page, bytes));
    tables = new Tables(saved);
    inventory = new Inventory(Given.CLUSTER, tables);
  }
}
