package dev.plumbline.agent.tape;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;

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
 * @param text exposition text as it came, UTF-8, not to be changed; null for the other formats and
 *     for a failed scrape
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
    byte[] text,
    JsonNode object,
    String error) {

  /** What the body of a line is. */
  public enum Format {
    IDENTITY,
    PROMETHEUS,
    OBJECT,
    GONE
  }

  /** The same line, with the same bytes. */
  @Override
  public boolean equals(Object other) {
    return other instanceof TapeLine it
        && at.equals(it.at)
        && cluster.equals(it.cluster)
        && format == it.format
        && source.equals(it.source)
        && target.equals(it.target)
        && labels.equals(it.labels)
        && Arrays.equals(text, it.text)
        && Objects.equals(object, it.object)
        && Objects.equals(error, it.error);
  }

  @Override
  public int hashCode() {
    return Objects.hash(at, cluster, source, target);
  }
}
