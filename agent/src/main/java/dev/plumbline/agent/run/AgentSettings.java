package dev.plumbline.agent.run;

import dev.plumbline.agent.mapping.Mapping;
import dev.plumbline.agent.scrape.ScrapeTarget;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What an agent watches and says of its cluster.
 *
 * @param agent name of this agent
 * @param cluster cluster UID
 * @param name display name
 * @param provider cloud provider, or baremetal
 * @param kind cloud, edge or onprem
 * @param jurisdiction jurisdiction the cluster stands in
 * @param labels further labels of the cluster
 * @param targets addresses to scrape
 * @param host true when this machine is watched too
 * @param node name of this machine
 * @param mappings the user's own mappings, by source
 * @param record file to record a tape to; null for none
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
    Path record) {}
