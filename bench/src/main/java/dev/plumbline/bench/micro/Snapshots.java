package dev.plumbline.bench.micro;

import dev.plumbline.bench.load.Load;
import dev.plumbline.bench.load.Size;
import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.registry.SchemaRegistry;
import dev.plumbline.schemas.serde.EventSerializer;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;

/** Snapshots of one node over some time: boards, model server and exporter in turn. */
final class Snapshots {
  final SchemaRegistry registry = SchemaRegistry.inMemory();
  final List<SpecificRecord> all = new ArrayList<>();
  final List<Topic> topics = new ArrayList<>();
  final List<byte[]> bytes = new ArrayList<>();

  /**
   * @param kind which of a node's targets, from 0: boards, model server, exporter; -1 for all of
   *     them and what the cluster says of itself
   */
  Snapshots(int kind, int ticks) {
    EventSerializer<SpecificRecord> serializer = new EventSerializer<>(registry);
    new Load(new Size(1, 1, ticks, 30))
        .drain(
            (topic, cluster, at, snapshot) -> {
              if (kind >= 0 && kind(topic, snapshot) != kind) {
                return;
              }
              topics.add(topic);
              all.add(SpecificData.get().deepCopy(snapshot.getSchema(), snapshot));
              bytes.add(serializer.serialize(topic.name(), snapshot));
            });
  }

  private static int kind(Topic topic, SpecificRecord snapshot) {
    if (topic == Topic.LATENCY_SNAPSHOTS) {
      return 1;
    }
    if (snapshot instanceof dev.plumbline.schemas.event.ResourceSnapshot resource) {
      return resource.getGpus().isEmpty() ? resource.getNodes().isEmpty() ? 3 : 2 : 0;
    }
    return 3;
  }
}
