package dev.plumbline.agent.snapshot;

import com.fasterxml.jackson.databind.JsonNode;
import dev.plumbline.agent.exposition.ExpositionException;
import dev.plumbline.agent.kubernetes.Objects;
import dev.plumbline.agent.mapping.Mapper;
import dev.plumbline.agent.mapping.Mapping;
import dev.plumbline.agent.tape.TapeLine;
import dev.plumbline.schemas.Samples;
import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.event.ClusterIdentity;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.schemas.event.ResourceSnapshot;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.apache.avro.specific.SpecificRecord;

/**
 * Makes a snapshot of whatever an agent received, and numbers the snapshots of each cluster. The
 * same lines in the same order give the same snapshots. For one thread.
 */
public final class SnapshotFactory {

  /**
   * A snapshot and where it goes.
   *
   * @param key cluster UID
   */
  public record Event(Topic topic, String key, SpecificRecord value) {}

  private final String agent;
  private final long epoch;
  private final Map<String, Mapping> mappings;
  private final Map<String, Mapper> mappers = new HashMap<>();
  private final Map<String, Long> sequences = new HashMap<>();

  /**
   * @param agent name of this agent
   * @param epoch start of the agent's life, milliseconds since 1970
   * @param own mappings of the user, by source; they come before those that are shipped
   */
  public SnapshotFactory(String agent, long epoch, Map<String, Mapping> own) {
    this.agent = agent;
    this.epoch = epoch;
    mappings = new HashMap<>(own);
  }

  /** The snapshot of a line. An exposition that breaks the format is a failed scrape. */
  public Event of(TapeLine line) {
    Header header = header(line);
    return switch (line.format()) {
      case IDENTITY -> {
        ResourceSnapshot snapshot = Samples.blank(ResourceSnapshot.class);
        snapshot.setHeader(header);
        snapshot.setIdentity(identity(line.object()));
        yield new Event(Topic.RESOURCE_SNAPSHOTS, line.cluster(), snapshot);
      }
      case OBJECT ->
          new Event(
              Topic.POLICY_SNAPSHOTS, line.cluster(), Objects.toSnapshot(header, line.object()));
      case GONE -> gone(line, header);
      case PROMETHEUS -> scrape(line, header);
    };
  }

  private Event gone(TapeLine line, Header header) {
    header.setGone(true);
    if (line.source().equals("kubernetes")) {
      return new Event(Topic.POLICY_SNAPSHOTS, line.cluster(), Objects.toSnapshot(header, null));
    }
    return empty(line, header);
  }

  private Event scrape(TapeLine line, Header header) {
    if (line.text() == null) {
      header.setError(line.error() == null ? "no body" : line.error());
      return empty(line, header);
    }
    Mapper mapper = mapper(line.source());
    try {
      SpecificRecord snapshot = mapper.map(line.text(), line.labels());
      snapshot.put(0, header);
      return new Event(topic(snapshot), line.cluster(), snapshot);
    } catch (ExpositionException e) {
      header.setError("the exposition breaks the format, " + e.getMessage());
      return empty(line, header);
    }
  }

  private Event empty(TapeLine line, Header header) {
    SpecificRecord snapshot = Samples.blank(mapping(line.source()).snapshot());
    snapshot.put(0, header);
    return new Event(topic(snapshot), line.cluster(), snapshot);
  }

  private static Topic topic(SpecificRecord snapshot) {
    return snapshot instanceof LatencySnapshot ? Topic.LATENCY_SNAPSHOTS : Topic.RESOURCE_SNAPSHOTS;
  }

  private Mapper mapper(String source) {
    return mappers.computeIfAbsent(source, it -> new Mapper(mapping(it)));
  }

  private Mapping mapping(String source) {
    return mappings.computeIfAbsent(
        source,
        it -> {
          // the host collector speaks as node-exporter does
          Mapping shipped = Mapping.shipped(it.equals("host") ? "node" : it);
          return shipped == null ? Mapping.everything(it) : shipped;
        });
  }

  private Header header(TapeLine line) {
    Instant at = line.at();
    return Header.newBuilder()
        .setCluster(line.cluster())
        .setAgent(agent)
        .setEpoch(epoch)
        .setSequence(sequences.merge(line.cluster(), 1L, Long::sum) - 1)
        .setObservedAt(at)
        .setSentAt(at)
        .setSource(line.source())
        .setTarget(line.target())
        .setLabels(new TreeMap<>(line.labels()))
        .build();
  }

  private static ClusterIdentity identity(JsonNode body) {
    Map<String, String> labels = new TreeMap<>();
    body.path("labels").properties().forEach(it -> labels.put(it.getKey(), it.getValue().asText()));
    return ClusterIdentity.newBuilder()
        .setName(body.path("name").asText(""))
        .setProvider(body.path("provider").asText(""))
        .setKind(body.path("kind").asText(""))
        .setRegion(body.path("region").asText(""))
        .setJurisdiction(body.path("jurisdiction").asText(""))
        .setLabels(labels)
        .build();
  }
}
