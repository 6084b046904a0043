package dev.plumbline.connectors.webhook;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The vector of the specification's reference libraries ("sign function works"). */
class SignatureTest {
  private static final String SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  private static final String OLDER = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
  private static final byte[] BODY = "{\"test\": 2432232314}".getBytes(UTF_8);
  private static final String ID = "msg_p5jXN8AQM9LWM0D4loKWxJek";
  private static final String SIGNED = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

  @Test
  void thePublishedVectorHolds() {
    assertThat(new Signature(List.of(SECRET)).of(ID, 1614265330, BODY)).isEqualTo(SIGNED);
  }

  @Test
  void theSecretMayStandWithoutItsPrefix() {
    assertThat(new Signature(List.of(SECRET.substring(6))).of(ID, 1614265330, BODY))
        .isEqualTo(SIGNED);
  }

  @Test
  void twoSecretsSignTwice() {
    assertThat(new Signature(List.of(SECRET, OLDER)).of(ID, 1614265330, BODY).split(" "))
        .hasSize(2)
        .startsWith(SIGNED)
        .allMatch(it -> it.matches("v1,[A-Za-z0-9+/]{43}="))
        .doesNotHaveDuplicates();
  }

  @Test
  void theBodyAloneIsSignedWithTheSecretsText() {
    // printf '{"test": 2432232314}' | openssl dgst -sha256 -hmac
    // whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
    assertThat(new Signature(List.of(SECRET)).ofBody(BODY))
        .isEqualTo("sha256=80ec8a89ce3cd22133a1066caecb4d04fea7467657c8514d717ec42c38a5c94c");
  }

  @Test
  void whatIsNoSecretIsRefused() {
    assertThatThrownBy(() -> new Signature(List.of("whsec_c2hvcnQ=")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("must hold 24 to 64 bytes, holds 5");
    assertThatThrownBy(() -> new Signature(List.of("not base64!")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("must be whsec_ and base64");
  }
}
