package dev.plumbline.streams.fleet;

import dev.plumbline.schemas.event.Fact;
import java.time.Instant;
import java.util.Map;

/** Facts in the order in which clusters tell them. */
final class GivenFacts {
  private static final long MINUTE = 60_000;

  private long ordinal;

  Fact fact(String kind, String cluster, int minute, Map<String, String> fields) {
    return Fact.newBuilder()
        .setKind(kind)
        .setPartition(0)
        .setAt(Instant.ofEpochMilli(minute * MINUTE))
        .setCluster(cluster)
        .setClusterName(cluster)
        .setOrdinal(ordinal++)
        .setFields(fields)
        .build();
  }
}
