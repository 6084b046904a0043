package dev.plumbline.streams.findings;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.NotEmpty;
import net.jqwik.api.constraints.Size;

class EntityTest {

  @Property
  void itsTextSaysItAll(
      @ForAll @Size(min = 1, max = 5)
          Map<
                  @NotEmpty @CharRange(from = 'a', to = 'z') String,
                  @NotEmpty @Chars({'a', ',', '\\', '=', '|'}) String>
              parts) {
    Entity entity = new Entity(parts);

    assertThat(Entity.ofKey(entity.key())).isEqualTo(entity);
    assertThat(entity.parts()).isEqualTo(parts);
  }

  @Example
  void theOrderOfItsPartsDoesNotMatterAndEmptyOnesAreLeftOut() {
    Entity entity = Entity.of("node", "n", "cluster", "c", "pod", "", "gpu", null);

    assertThat(entity).isEqualTo(Entity.of("cluster", "c").with("node", "n").with("pod", null));
    assertThat(entity.key()).isEqualTo("cluster=c,node=n");
    assertThat(entity.with("node", "m").get("node")).isEqualTo("m");
  }

  @Example
  void aNodeContainsItsBoardsAndNotTheOtherWayRound() {
    Entity node = Entity.of("cluster", "c", "node", "n");

    assertThat(node.contains(node.with("gpu", "g"))).isTrue();
    assertThat(node.with("gpu", "g").contains(node)).isFalse();
  }
}
