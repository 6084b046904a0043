package dev.plumbline.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.plumbline.connectors.EventConverter;
import dev.plumbline.connectors.webhook.WebhookSinkConnector;
import dev.plumbline.schemas.Topic;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.config.provider.EnvVarConfigProvider;
import org.junit.jupiter.api.Test;

/** The sink that is shipped as an example. */
class SinkTest {
  private static final JsonNode SINK = Files.json("deploy/connect/webhook.json");

  @Test
  void theConnectorTakesItsSettings() {
    Map<String, String> settings = new HashMap<>();
    SINK.properties().forEach(it -> settings.put(it.getKey(), it.getValue().textValue()));
    settings.put("webhook.url", "https://example.com/hook");
    settings.put("signing.secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");

    assertThat(new WebhookSinkConnector().validate(settings).configValues())
        .flatMap(it -> it.errorMessages())
        .isEmpty();
    assertThat(settings.get("connector.class")).isEqualTo(WebhookSinkConnector.class.getName());
    assertThat(settings.get("value.converter")).isEqualTo(EventConverter.class.getName());
  }

  @Test
  void itReadsTheTopicsThatHoldWhatItDelivers() {
    assertThat(SINK.path("topics").textValue().split(","))
        .containsExactly(Topic.FINDINGS.name(), Topic.INCIDENTS.name(), Topic.REMEDIATIONS.name());
  }

  @Test
  void itKnowsNoSettingThatNobodyReads() {
    assertThat(SINK.fieldNames())
        .toIterable()
        .filteredOn(it -> !it.matches("(connector|tasks|topics|key|value|errors)\\b.*"))
        .allMatch(new WebhookSinkConnector().config().names()::contains);
  }

  @Test
  void secretsStandInTheEnvironment() {
    assertThat(SINK.path("signing.secret").textValue())
        .isEqualTo("${env:PLUMBLINE_WEBHOOK_SECRET}");
    assertThat(Files.text("docker-compose.yml")).contains("PLUMBLINE_WEBHOOK_SECRET:");
    JsonNode connect = Files.yaml("deploy/compose/plumbline.yaml").get(0).path("connect");
    assertThat(connect.path("config.providers.env.class").textValue())
        .isEqualTo(EnvVarConfigProvider.class.getName());
  }
}
