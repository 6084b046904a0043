package dev.plumbline.connectors.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WebhookSinkConnectorTest {
  private static final String SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

  @Test
  void anAddressIsEnough() {
    assertThat(errors(Map.of())).isEmpty();
  }

  @Test
  void everythingTogetherIsRight() {
    assertThat(
            errors(
                Map.of(
                    "webhook.mode", "structured",
                    "bearer.token", "t",
                    "signing.secret", SECRET,
                    "signing.secret.previous", SECRET,
                    "signing.body.header", "X-Hub-Signature-256",
                    "filter.severity.min", "warning",
                    "filter.kinds", "gpu.*,latency.swing",
                    "filter.statuses", "open,resolved")))
        .isEmpty();
  }

  @Test
  void anAddressIsNeeded() {
    assertThat(errorsOf(Map.of()))
        .containsExactly(
            "Missing required configuration \"webhook.url\" which has no default value.");
  }

  @Test
  void eachWrongSettingIsNamedWithWhatWouldBeRight() {
    assertThat(errors(Map.of("webhook.url", "ftp://example.com")))
        .containsExactly(
            "Invalid value ftp://example.com for configuration webhook.url: must be http://host/... or"
                + " https://host/...");
    assertThat(errors(Map.of("webhook.url", "https://a b")))
        .containsExactly(
            "Invalid value https://a b for configuration webhook.url: is no URI: Illegal character in"
                + " authority");
    assertThat(errors(Map.of("webhook.url", "https://me:secret@example.com/")))
        .containsExactly(
            "Invalid value null for configuration webhook.url: must not hold a user or password; use"
                + " bearer.token");
    assertThat(errors(Map.of("webhook.mode", "batch")))
        .containsExactly(
            "Invalid value batch for configuration webhook.mode: String must be one of: binary,"
                + " structured");
    assertThat(errors(Map.of("signing.secret", "secret")))
        .containsExactly("signing.secret: must hold 24 to 64 bytes, holds 4");
    assertThat(errors(Map.of("filter.severity.min", "high")))
        .containsExactly(
            "Invalid value high for configuration filter.severity.min: String must be one of: info,"
                + " warning, critical");
    assertThat(errors(Map.of("filter.statuses", "open,closed")))
        .containsExactly(
            "Invalid value closed for configuration filter.statuses: no such status, there are"
                + " [emitted, expired, failed, inconclusive, open, proposed, refused, resolved,"
                + " succeeded, update]");
    assertThat(errors(Map.of("webhook.timeout.ms", "0")))
        .containsExactly(
            "Invalid value 0 for configuration webhook.timeout.ms: Value must be at least 1");
  }

  @Test
  void settingsThatContradictEachOtherAreTold() {
    assertThat(
            errors(Map.of("signing.secret.previous", SECRET, "signing.body.header", "X-Signature")))
        .containsExactlyInAnyOrder(
            "signing.secret.previous: needs signing.secret, the secret that follows it",
            "signing.body.header: needs signing.secret to sign with");
    assertThat(errors(Map.of("retry.backoff.ms", "5000", "retry.backoff.max.ms", "100")))
        .containsExactly("retry.backoff.max.ms: must be at least retry.backoff.ms (5000), is 100");
  }

  @Test
  void anAddressInsideIsRefusedUnlessAllowed() {
    for (String host : List.of("localhost", "127.0.0.1", "169.254.169.254", "[::1]", "10.0.0.8")) {
      Map<String, String> inside = Map.of("webhook.url", "http://" + host + ":8080/hook");

      assertThat(errors(inside))
          .containsExactly(
              "webhook.url: "
                  + host
                  + " is not a public address; set allow.private.addresses=true to allow it");
      Map<String, String> allowed = new HashMap<>(inside);
      allowed.put("allow.private.addresses", "true");
      assertThat(errors(allowed)).isEmpty();
    }
  }

  @Test
  void everySettingIsDocumented() {
    assertThat(WebhookConfig.DEFINITION.configKeys().values())
        .allSatisfy(it -> assertThat(it.documentation).endsWith(".").hasSizeGreaterThan(30));
  }

  @Test
  void everyTaskGetsTheSettings() {
    WebhookSinkConnector connector = new WebhookSinkConnector();
    connector.start(Map.of("webhook.url", "https://example.com"));

    assertThat(connector.taskConfigs(2))
        .containsExactly(
            Map.of("webhook.url", "https://example.com"),
            Map.of("webhook.url", "https://example.com"));
    assertThat(connector.taskClass()).isEqualTo(WebhookSinkTask.class);
  }

  private static List<String> errors(Map<String, String> settings) {
    Map<String, String> all = new HashMap<>(settings);
    all.putIfAbsent("webhook.url", "https://example.com/hook");
    return errorsOf(all);
  }

  private static List<String> errorsOf(Map<String, String> settings) {
    return new WebhookSinkConnector()
        .validate(settings).configValues().stream()
            .flatMap(it -> it.errorMessages().stream())
            .toList();
  }
}
