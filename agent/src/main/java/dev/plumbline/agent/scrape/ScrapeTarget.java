package dev.plumbline.agent.scrape;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/**
 * One address to scrape.
 *
 * @param source collector: dcgm, vllm, epp, node, kubelet, ksm, kubevirt, cnpg or a user's own
 * @param name target's name on the tape: a node, or namespace/pod
 * @param labels what is known of the target: node, namespace, pod, workload, model, tenant
 * @param interval time between two scrapes
 * @param timeout after which a scrape has failed
 * @param bearerTokenFile file with a bearer token, read at each scrape; null for none
 * @param basicAuth user:password; null for none
 * @param caFile PEM certificates to trust instead of the JDK's; null for those
 * @param insecure true to trust any certificate; what is read may then be anybody's
 */
public record ScrapeTarget(
    String source,
    String name,
    URI url,
    Map<String, String> labels,
    Duration interval,
    Duration timeout,
    Path bearerTokenFile,
    String basicAuth,
    Path caFile,
    boolean insecure) {

  /** A target without credentials, scraped every 15 seconds. */
  public static ScrapeTarget of(String source, String name, URI url) {
    return new ScrapeTarget(
        source,
        name,
        url,
        Map.of(),
        Duration.ofSeconds(15),
        Duration.ofSeconds(10),
        null,
        null,
        null,
        false);
  }
}
