package dev.plumbline.agent.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What an agent scrapes of what it finds through the API server.
 *
 * @param annotated true to scrape pods and services with the annotation prometheus.io/scrape
 * @param rules the user's own rules, the most important first
 * @param known rules for well-known exporters; they give way to the user's
 * @param interval time between two scrapes of a target
 * @param timeout after which a scrape has failed
 * @param tenant labels of a pod or its namespace that name its tenant, the best first
 * @param model labels of a pod or its namespace that name its model, the best first
 */
public record DiscoverySettings(
    boolean annotated,
    List<DiscoveryRule> rules,
    List<DiscoveryRule> known,
    Duration interval,
    Duration timeout,
    List<String> tenant,
    List<String> model) {

  /** The rules and labels of kubernetes/discovery.yaml, every 15 seconds. */
  public static DiscoverySettings shipped() {
    try (InputStream in =
        DiscoverySettings.class.getResourceAsStream("/kubernetes/discovery.yaml")) {
      JsonNode root = new YAMLMapper().readTree(in);
      List<DiscoveryRule> known = new ArrayList<>();
      root.path("rules").forEach(it -> known.add(DiscoveryRule.read(it)));
      return new DiscoverySettings(
          true,
          List.of(),
          known,
          Duration.ofSeconds(15),
          Duration.ofSeconds(10),
          DiscoveryRule.texts(root.path("tenant")),
          DiscoveryRule.texts(root.path("model")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
