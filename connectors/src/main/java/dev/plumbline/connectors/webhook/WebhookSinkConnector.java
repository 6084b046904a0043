package dev.plumbline.connectors.webhook;

import dev.plumbline.connectors.Version;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.Config;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigValue;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.sink.SinkConnector;

/**
 * Posts findings, incidents and remediations to a webhook as CloudEvents 1.0.
 *
 * <p>At least once and in order within a partition: an event that the receiver could not take is
 * tried again with the same id until it can, and one that it refuses goes to the connector's dead
 * letter queue where there is one and stops the task where there is none. Needs {@code
 * value.converter=dev.plumbline.connectors.EventConverter} or any other converter that gives
 * Structs.
 */
public final class WebhookSinkConnector extends SinkConnector {
  private Map<String, String> settings;

  @Override
  public void start(Map<String, String> given) {
    settings = Map.copyOf(given);
  }

  @Override
  public Class<? extends Task> taskClass() {
    return WebhookSinkTask.class;
  }

  @Override
  public List<Map<String, String>> taskConfigs(int maxTasks) {
    return Collections.nCopies(maxTasks, settings);
  }

  @Override
  public void stop() {}

  @Override
  public ConfigDef config() {
    return WebhookConfig.DEFINITION;
  }

  @Override
  public Config validate(Map<String, String> given) {
    Config checked = super.validate(given);
    Map<String, Object> right = new HashMap<>();
    Map<String, ConfigValue> byName = new HashMap<>();
    for (ConfigValue value : checked.configValues()) {
      byName.put(value.name(), value);
      if (value.errorMessages().isEmpty()) {
        right.put(value.name(), value.value());
      }
    }
    WebhookConfig.contradictions(right)
        .forEach(it -> byName.get(it.getKey()).addErrorMessage(it.getKey() + ": " + it.getValue()));
    return checked;
  }

  @Override
  public String version() {
    return Version.TEXT;
  }
}
