package dev.plumbline.agent.tape;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.Map;

/**
 * One thing an agent received, before it interpreted anything.
 *
 * @param at when it was received: event time
 * @param cluster cluster UID
 * @param format what the body is
 * @param source collector: cluster, dcgm, vllm, epp, node, kubelet, ksm, kubevirt, cnpg, kubernetes
 *     or a user's own
 * @param target scrape target or object key
 * @param labels what service discovery knows of the target
 * @param text exposition text; null for the other formats and for a failed scrape
 * @param object identity or Kubernetes object; null for the other formats
 * @param error why the scrape failed; null when it did not
 */
public record TapeLine(
    Instant at,
    String cluster,
    Format format,
    String source,
    String target,
    Map<String, String> labels,
    String text,
    JsonNode object,
    String error) {

  /** What the body of a line is. */
  public enum Format {
    IDENTITY,
    PROMETHEUS,
    OBJECT,
    GONE
  }
}
