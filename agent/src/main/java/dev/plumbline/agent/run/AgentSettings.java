package dev.plumbline.agent.run;

import dev.plumbline.agent.kubernetes.KubernetesSettings;
import dev.plumbline.agent.mapping.Mapping;
import dev.plumbline.agent.scrape.ScrapeTarget;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What an agent watches and says of its cluster.
 *
 * @param agent name of this agent
 * @param cluster cluster UID; null for that of the API server's namespace kube-system
 * @param name display name; null for the UID
 * @param provider cloud provider, or baremetal
 * @param kind cloud, edge or onprem
 * @param jurisdiction jurisdiction the cluster stands in
 * @param labels further labels of the cluster
 * @param targets addresses to scrape
 * @param host true when this machine is watched too
 * @param node name of this machine
 * @param mappings the user's own mappings, by source
 * @param record file to record a tape to; null for none
 * @param spool folder where snapshots wait while the broker is away
 * @param spoolBytes bound of that folder
 * @param scrapeBytes bound of one target's exposition, unpacked
 * @param kubernetes the API server to watch; null for none
 */
public record AgentSettings(
    String agent,
    String cluster,
    String name,
    String provider,
    String kind,
    String region,
    String jurisdiction,
    Map<String, String> labels,
    List<ScrapeTarget> targets,
    boolean host,
    String node,
    Map<String, Mapping> mappings,
    Path record,
    Path spool,
    long spoolBytes,
    int scrapeBytes,
    KubernetesSettings kubernetes) {

  /** What a spool may hold when nothing else is said: a day of a cluster of 100 nodes. */
  public static final long SPOOL_BYTES = 1L << 30;

  /** The same, recorded as a tape. */
  public AgentSettings recordedTo(Path tape) {
    return new AgentSettings(
        agent,
        cluster,
        name,
        provider,
        kind,
        region,
        jurisdiction,
        labels,
        targets,
        host,
        node,
        mappings,
        tape,
        spool,
        spoolBytes,
        scrapeBytes,
        kubernetes);
  }
}
