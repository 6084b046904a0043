package dev.plumbline.schemas.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.Incompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.SchemaCompatibility.SchemaPairCompatibility;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Schemas in the compacted topic {@code _schemas}, in the form that Confluent's registry writes.
 */
final class SchemaLog implements AutoCloseable {
  private static final String TOPIC = "_schemas";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final KafkaProducer<String, String> producer;
  private final Map<String, TreeMap<Integer, Registered>> subjects = new TreeMap<>();
  private final Map<Schema, Integer> ids = new HashMap<>();

  /** By subject; "" is the registry's default. */
  private final Map<String, Compatibility> held = new HashMap<>();

  SchemaLog(Map<String, Object> kafka) throws IOException {
    create(kafka);
    read(kafka);
    Map<String, Object> settings = new HashMap<>(kafka);
    settings.put("acks", "all");
    producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
  }

  synchronized List<String> subjects() {
    return List.copyOf(subjects.keySet());
  }

  synchronized List<Registered> versions(String subject) {
    TreeMap<Integer, Registered> versions = subjects.get(subject);
    return versions == null ? List.of() : List.copyOf(versions.values());
  }

  synchronized List<Registered> withId(int id) {
    List<Registered> found = new ArrayList<>();
    subjects
        .values()
        .forEach(
            versions -> versions.values().stream().filter(it -> it.id() == id).forEach(found::add));
    return found;
  }

  /** What a subject itself is held to; "" asks for the default. */
  synchronized Optional<Compatibility> compatibility(String subject) {
    return Optional.ofNullable(
        held.getOrDefault(subject, subject.isEmpty() ? Compatibility.OF_EVENTS : null));
  }

  synchronized void hold(String subject, Compatibility compatibility) {
    ObjectNode key = JSON.createObjectNode();
    key.put("keytype", "CONFIG").put("subject", subject.isEmpty() ? null : subject).put("magic", 0);
    write(key, JSON.createObjectNode().put("compatibilityLevel", compatibility.name()));
    held.put(subject, compatibility);
  }

  synchronized Registered register(String subject, Schema schema) {
    for (Registered each : versions(subject)) {
      if (each.schema().equals(schema)) {
        return each;
      }
    }
    String trouble = incompatibility(subject, schema);
    if (trouble != null) {
      throw new RegistryException(409, 409, trouble, null);
    }
    List<Registered> versions = versions(subject);
    int version = versions.isEmpty() ? 1 : versions.get(versions.size() - 1).version() + 1;
    Integer known = ids.get(schema);
    Registered added = new Registered(subject, version, known == null ? nextId() : known, schema);
    write(added, false);
    keep(added);
    return added;
  }

  synchronized void delete(String subject, Integer version) {
    for (Registered each : versions(subject)) {
      if (version == null || each.version() == version) {
        write(each, true);
        subjects.get(subject).remove(each.version());
      }
    }
    if (subjects.get(subject) != null && subjects.get(subject).isEmpty()) {
      subjects.remove(subject);
    }
  }

  /** Why a schema can't stand beside the subject's earlier ones; null when it can. */
  synchronized String incompatibility(String subject, Schema schema) {
    Compatibility asked = compatibility(subject).or(() -> compatibility("")).orElseThrow();
    List<Registered> earlier = versions(subject);
    if (!asked.isTransitive() && !earlier.isEmpty()) {
      earlier = earlier.subList(earlier.size() - 1, earlier.size());
    }
    for (Registered each : earlier) {
      List<Incompatibility> found = new ArrayList<>();
      if (asked.readsEarlier()) {
        found.addAll(incompatibilities(schema, each.schema()));
      }
      if (asked.isReadByEarlier()) {
        found.addAll(incompatibilities(each.schema(), schema));
      }
      if (!found.isEmpty()) {
        return "not %s with version %d of %s: %s".formatted(asked, each.version(), subject, found);
      }
    }
    return null;
  }

  @Override
  public void close() {
    producer.close();
  }

  private static List<Incompatibility> incompatibilities(Schema reader, Schema writer) {
    SchemaPairCompatibility result =
        SchemaCompatibility.checkReaderWriterCompatibility(reader, writer);
    return result.getType() == SchemaCompatibilityType.COMPATIBLE
        ? List.of()
        : result.getResult().getIncompatibilities();
  }

  private int nextId() {
    return ids.values().stream().mapToInt(Integer::intValue).max().orElse(0) + 1;
  }

  private void keep(Registered added) {
    subjects.computeIfAbsent(added.subject(), k -> new TreeMap<>()).put(added.version(), added);
    ids.put(added.schema(), added.id());
  }

  private void write(Registered one, boolean deleted) {
    ObjectNode key = JSON.createObjectNode();
    key.put("keytype", "SCHEMA").put("subject", one.subject());
    key.put("version", one.version()).put("magic", 1);
    ObjectNode value = JSON.createObjectNode();
    value.put("subject", one.subject()).put("version", one.version()).put("id", one.id());
    value.put("schema", one.schema().toString()).put("deleted", deleted);
    write(key, value);
  }

  private void write(ObjectNode key, ObjectNode value) {
    try {
      producer.send(new ProducerRecord<>(TOPIC, key.toString(), value.toString())).get();
    } catch (ExecutionException e) {
      throw new RegistryException(
          500, 50001, "the schema could not be kept: " + e.getCause().getMessage(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RegistryException(500, 50001, "interrupted", e);
    }
  }

  private void read(Map<String, Object> kafka) throws IOException {
    Map<String, Object> settings = new HashMap<>(kafka);
    settings.put("auto.offset.reset", "earliest");
    try (KafkaConsumer<String, String> consumer =
        new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
      TopicPartition partition = new TopicPartition(TOPIC, 0);
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      long end = consumer.endOffsets(List.of(partition)).get(partition);
      while (consumer.position(partition) < end) {
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
          take(record);
        }
      }
    }
  }

  private void take(ConsumerRecord<String, String> record) throws IOException {
    try {
      JsonNode key = JSON.readTree(record.key());
      JsonNode value = record.value() == null ? null : JSON.readTree(record.value());
      String subject = key.path("subject").asText("");
      if (key.path("keytype").asText().equals("CONFIG")) {
        takeCompatibility(subject, value);
        return;
      }
      if (!key.path("keytype").asText().equals("SCHEMA")) {
        return;
      }
      int version = key.path("version").asInt();
      if (value == null || value.path("deleted").asBoolean()) {
        Optional.ofNullable(subjects.get(subject)).ifPresent(it -> it.remove(version));
        return;
      }
      Schema schema = new Schema.Parser().parse(value.path("schema").asText());
      keep(new Registered(subject, version, value.path("id").asInt(), schema));
    } catch (JsonProcessingException e) {
      throw new IOException(
          "record " + record.offset() + " of " + TOPIC + " is not what a registry writes", e);
    }
  }

  private void takeCompatibility(String subject, JsonNode value) {
    if (value == null) {
      held.remove(subject);
    } else {
      held.put(subject, Compatibility.valueOf(value.path("compatibilityLevel").asText()));
    }
  }

  private static void create(Map<String, Object> kafka) throws IOException {
    try (Admin admin = Admin.create(kafka)) {
      admin
          .createTopics(
              List.of(
                  new NewTopic(TOPIC, 1, (short) 1).configs(Map.of("cleanup.policy", "compact"))))
          .all()
          .get();
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof TopicExistsException)) {
        throw new IOException("topic " + TOPIC + " can't be created", e.getCause());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }
}
