package dev.plumbline.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class KeyDeserializerTest {
  private final KeyDeserializer keys = new KeyDeserializer();

  @Property(tries = 200)
  void aKeyIsReadAsItWasWritten(@ForAll List<String> written) {
    // twice: the second time from memory, where others may have taken a key's place
    for (int n = 0; n < 2; n++) {
      for (String key : written) {
        byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
        assertThat(keys.deserialize("topic", bytes))
            .isEqualTo(new String(bytes, StandardCharsets.UTF_8));
      }
    }
  }

  @Example
  void theSameBytesGiveTheSameText() {
    byte[] key = "a-cluster".getBytes(StandardCharsets.UTF_8);

    assertThat(keys.deserialize("topic", key.clone())).isSameAs(keys.deserialize("topic", key));
  }

  @Example
  void noKeyIsNoText() {
    assertThat(keys.deserialize("topic", null)).isNull();
  }
}
