package dev.plumbline.schemas;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.TopicExistsException;

/** Creates the topics of Plumbline on a broker and says where they differ from the contract. */
public final class Topics {

  /**
   * One difference between a topic as it is and as it should be.
   *
   * @param remedy what to do about it
   */
  public record Difference(
      String topic, String setting, String found, String wanted, String remedy) {
    @Override
    public String toString() {
      return topic + ": " + setting + " is " + found + ", should be " + wanted + "; " + remedy;
    }
  }

  private Topics() {}

  /** Assigns all partitions of a topic to a consumer, and names them. */
  public static List<TopicPartition> assign(Consumer<?, ?> consumer, Topic topic) {
    List<TopicPartition> all =
        consumer.partitionsFor(topic.name()).stream()
            .map(it -> new TopicPartition(it.topic(), it.partition()))
            .toList();
    consumer.assign(all);
    return all;
  }

  /**
   * Creates the topics that don't exist yet; those that do are left as they are.
   *
   * @param partitions partitions of the topics that are spread
   * @param replication replicas of each partition; -1 for the broker's default
   * @return names of the topics that were created
   */
  public static List<String> create(Admin admin, int partitions, int replication) {
    return create(admin, partitions, replication, Map.of());
  }

  /**
   * The same with settings of their own for all topics: a replay keeps records whatever their age,
   * for they carry the time of the tape.
   */
  public static List<String> create(
      Admin admin, int partitions, int replication, Map<String, String> overrides) {
    Set<String> existing = new HashSet<>(await(admin.listTopics().names()));
    List<String> created = new ArrayList<>();
    for (Topic topic : Topic.ALL) {
      if (existing.contains(topic.name())) {
        continue;
      }
      Map<String, String> settings = new HashMap<>(topic.settings());
      settings.putAll(overrides);
      NewTopic wanted =
          new NewTopic(
                  topic.name(),
                  Optional.of(topic.partitioned() ? partitions : 1),
                  Optional.ofNullable(replication < 0 ? null : (short) replication))
              .configs(settings);
      try {
        await(admin.createTopics(List.of(wanted)).all());
        created.add(topic.name());
      } catch (KafkaException e) {
        if (!(e instanceof TopicExistsException)
            && !(e.getCause() instanceof TopicExistsException)) {
          throw e;
        }
      }
    }
    return created;
  }

  /** Partitions of the snapshot topics. */
  public static int partitions(Admin admin) {
    String name = Topic.RESOURCE_SNAPSHOTS.name();
    return await(admin.describeTopics(List.of(name)).allTopicNames()).get(name).partitions().size();
  }

  /** Where the broker's topics differ from the contract; empty when all is as it should be. */
  public static List<Difference> check(Admin admin) {
    Set<String> existing = await(admin.listTopics().names());
    List<Difference> differences = new ArrayList<>();
    List<String> present = new ArrayList<>();
    for (Topic topic : Topic.ALL) {
      if (existing.contains(topic.name())) {
        present.add(topic.name());
      } else {
        differences.add(
            new Difference(
                topic.name(), "topic", "missing", "present", "run plumbline topics --create"));
      }
    }
    Map<String, TopicDescription> described = await(admin.describeTopics(present).allTopicNames());
    Map<String, Config> configs = configs(admin, present);
    int spread =
        Optional.ofNullable(described.get(Topic.RESOURCE_SNAPSHOTS.name()))
            .map(it -> it.partitions().size())
            .orElse(0);
    for (Topic topic : Topic.ALL) {
      TopicDescription is = described.get(topic.name());
      if (is != null) {
        partitions(topic, is.partitions().size(), spread, differences);
        settings(topic, configs.get(topic.name()), differences);
      }
    }
    return differences;
  }

  private static void partitions(Topic topic, int is, int spread, List<Difference> differences) {
    int wanted = topic.partitioned() ? spread : 1;
    if (is != wanted && wanted > 0) {
      differences.add(
          new Difference(
              topic.name(),
              "partitions",
              Integer.toString(is),
              Integer.toString(wanted),
              "snapshot and finding topics must have equally many, the others one: delete and"
                  + " create it anew while nothing runs"));
    }
  }

  private static void settings(Topic topic, Config is, List<Difference> differences) {
    for (Map.Entry<String, String> wanted : topic.settings().entrySet()) {
      ConfigEntry found = is == null ? null : is.get(wanted.getKey());
      // a longer retention is an operator's good right
      boolean fine =
          found != null
              && (wanted.getValue().equals(found.value())
                  || wanted.getKey().equals("retention.ms"));
      if (!fine) {
        differences.add(
            new Difference(
                topic.name(),
                wanted.getKey(),
                found == null ? "unset" : found.value(),
                wanted.getValue(),
                "set it with kafka-configs --alter --entity-type topics"));
      }
    }
  }

  private static Map<String, Config> configs(Admin admin, List<String> topics) {
    List<ConfigResource> resources =
        topics.stream().map(it -> new ConfigResource(ConfigResource.Type.TOPIC, it)).toList();
    Map<String, Config> configs = new HashMap<>();
    await(admin.describeConfigs(resources).all())
        .forEach((resource, config) -> configs.put(resource.name(), config));
    return configs;
  }

  private static <T> T await(org.apache.kafka.common.KafkaFuture<T> future) {
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof KafkaException kafka ? kafka : new KafkaException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KafkaException("interrupted while asking the broker", e);
    }
  }
}
