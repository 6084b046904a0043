package dev.plumbline.agent.mapping;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.plumbline.agent.mapping.Spec.Action;
import dev.plumbline.agent.mapping.Spec.Rule;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;

/**
 * How the metrics of one source become typed samples: data, read from a YAML file, so that a user
 * adds a source without code.
 *
 * <pre>
 * source: dcgm
 * snapshot: ResourceSnapshot
 * samples:
 *   - list: gpus                       # field of the snapshot
 *     key: [UUID, GPU_I_ID]            # labels that tell two samples apart
 *     need: [UUID]                     # samples without it are left out
 *     text: {uuid: UUID, index: gpu}   # text field: label; a|b takes the first that is present
 *     header: {node: node}             # text field: label of the scrape target
 *     number:
 *       smClockMhz: DCGM_FI_DEV_SM_CLOCK
 *       utilizationRatio: {metric: DCGM_FI_DEV_GPU_UTIL, scale: 0.01}
 * fields:                              # fields of the snapshot itself
 *   residentMemoryBytes: process_resident_memory_bytes
 * keep: ["my_metric_.*"]               # series kept as they are, by pattern
 * </pre>
 *
 * A number takes {@code metric} (a|b: the first name that is present), {@code take} (last, sum,
 * max, min, count), {@code scale}, {@code when} (labels it must have; {@code !x} must not) and
 * {@code value} (the value it must have).
 */
public final class Mapping {
  private static final Set<String> TOP = Set.of("source", "snapshot", "samples", "fields", "keep");
  private static final Set<String> SAMPLE =
      Set.of(
          "list",
          "key",
          "need",
          "text",
          "header",
          "constant",
          "number",
          "map",
          "texts",
          "info",
          "lists",
          "labels",
          "histograms",
          "nested");
  private static final Set<String> RULE =
      Set.of("metric", "take", "scale", "when", "value", "key", "label", "labels", "resource");

  private final String source;
  private final Class<? extends SpecificRecord> snapshot;
  private final List<Spec> specs;
  private final Spec own;
  private final List<java.util.regex.Pattern> keep;

  private Mapping(
      String source,
      Class<? extends SpecificRecord> snapshot,
      List<Spec> specs,
      Spec own,
      List<java.util.regex.Pattern> keep) {
    this.source = source;
    this.snapshot = snapshot;
    this.specs = specs;
    this.own = own;
    this.keep = keep;
  }

  public String source() {
    return source;
  }

  /** Event class of the snapshots it makes. */
  public Class<? extends SpecificRecord> snapshot() {
    return snapshot;
  }

  List<Spec> specs() {
    return specs;
  }

  Spec own() {
    return own;
  }

  List<java.util.regex.Pattern> keep() {
    return keep;
  }

  /** The mapping that comes with the product for a source; null when there is none. */
  public static Mapping shipped(String source) {
    String file = "/mappings/" + source + ".yaml";
    try (InputStream in = Mapping.class.getResourceAsStream(file)) {
      return in == null ? null : read(file, in);
    } catch (IOException e) {
      throw new MappingException(file + ": " + e.getMessage(), e);
    }
  }

  /** A mapping that keeps every series as it is: for a source nobody described. */
  public static Mapping everything(String source) {
    Class<? extends SpecificRecord> type = dev.plumbline.schemas.event.ResourceSnapshot.class;
    return new Mapping(
        source, type, List.of(), ownSpec(type), List.of(java.util.regex.Pattern.compile(".*")));
  }

  /**
   * Reads a mapping.
   *
   * @param file name for messages
   * @throws MappingException naming file, place and what is wrong there
   */
  public static Mapping read(String file, InputStream in) throws IOException {
    JsonNode root;
    try {
      root = new YAMLMapper().readTree(in);
    } catch (JsonProcessingException e) {
      throw new MappingException(
          file
              + ":"
              + (e.getLocation() == null ? 0 : e.getLocation().getLineNr())
              + ": not valid YAML: "
              + e.getOriginalMessage(),
          e);
    }
    return new Reader(file).mapping(root);
  }

  private static Spec ownSpec(Class<? extends SpecificRecord> type) {
    Schema schema = SpecificData.get().getSchema(type);
    return new Spec(
        "", schema, List.of(), List.of(), Map.of(), Map.of(), Map.of(), Map.of(), List.of());
  }

  /** Reads one file strictly. */
  private static final class Reader {
    private final String file;

    Reader(String file) {
      this.file = file;
    }

    Mapping mapping(JsonNode root) {
      known(root, TOP, "the file");
      String source = text(root, "source", "the file");
      Class<? extends SpecificRecord> type =
          switch (text(root, "snapshot", "the file")) {
            case "ResourceSnapshot" -> dev.plumbline.schemas.event.ResourceSnapshot.class;
            case "LatencySnapshot" -> dev.plumbline.schemas.event.LatencySnapshot.class;
            default -> throw fault("snapshot", "must be ResourceSnapshot or LatencySnapshot");
          };
      Schema schema = SpecificData.get().getSchema(type);
      List<Spec> specs = new ArrayList<>();
      for (JsonNode sample : root.path("samples")) {
        specs.add(spec(sample, schema));
      }
      Map<String, List<Rule>> rules = new HashMap<>();
      root.path("fields")
          .properties()
          .forEach(it -> number(schema, it.getKey(), it.getValue(), rules, "fields"));
      Spec own =
          new Spec(
              "", schema, List.of(), List.of(), Map.of(), Map.of(), Map.of(), rules, List.of());
      List<java.util.regex.Pattern> keep = new ArrayList<>();
      root.path("keep").forEach(it -> keep.add(java.util.regex.Pattern.compile(it.asText())));
      return new Mapping(source, type, specs, own, keep);
    }

    private Spec spec(JsonNode node, Schema parent) {
      known(node, SAMPLE, "samples");
      String list = text(node, "list", "samples");
      Schema.Field into = field(parent, list, "samples");
      Schema schema = into.schema().getElementType();
      String place = "samples " + list;
      Map<String, List<Rule>> rules = new HashMap<>();
      each(node, "number", (name, rule) -> number(schema, name, rule, rules, place));
      each(node, "map", (name, rule) -> add(schema, name, rule, Action.MAP, rules, place));
      each(node, "texts", (name, rule) -> add(schema, name, rule, Action.TEXT_MAP, rules, place));
      each(node, "info", (name, rule) -> add(schema, name, rule, Action.TEXT, rules, place));
      each(node, "lists", (name, rule) -> add(schema, name, rule, Action.TEXT_LIST, rules, place));
      each(node, "labels", (name, rule) -> add(schema, name, rule, Action.LABELS, rules, place));
      each(
          node,
          "histograms",
          (signal, rule) -> {
            Schema.Field field = field(schema, "histograms", place);
            rule(rule, field, Action.HISTOGRAM, signal, rules, place);
          });
      Map<Integer, Choice> texts = new HashMap<>();
      each(
          node,
          "text",
          (name, label) -> texts.put(field(schema, name, place).pos(), Choice.of(label.asText())));
      Map<Integer, Choice> headers = new HashMap<>();
      each(
          node,
          "header",
          (name, label) ->
              headers.put(field(schema, name, place).pos(), Choice.of(label.asText())));
      Map<Integer, String> constants = new HashMap<>();
      each(
          node,
          "constant",
          (name, value) -> constants.put(field(schema, name, place).pos(), value.asText()));
      List<Spec> nested = new ArrayList<>();
      node.path("nested").forEach(it -> nested.add(spec(it, schema)));
      return new Spec(
          list,
          schema,
          choices(node.path("key")),
          choices(node.path("need")),
          texts,
          headers,
          constants,
          rules,
          nested);
    }

    private void number(
        Schema schema, String name, JsonNode node, Map<String, List<Rule>> rules, String place) {
      if (node.isArray()) {
        node.forEach(it -> number(schema, name, it, rules, place));
        return;
      }
      Action action = Action.LAST;
      String take = node.path("take").asText("last");
      try {
        action = Action.valueOf(take.toUpperCase(Locale.ROOT));
      } catch (IllegalArgumentException e) {
        throw fault(place + " " + name, "take must be last, sum, max, min or count");
      }
      add(schema, name, node, action, rules, place);
    }

    private void add(
        Schema schema,
        String name,
        JsonNode node,
        Action action,
        Map<String, List<Rule>> rules,
        String place) {
      rule(node, field(schema, name, place), action, null, rules, place);
    }

    private void rule(
        JsonNode node,
        Schema.Field field,
        Action action,
        String signal,
        Map<String, List<Rule>> rules,
        String place) {
      if (node.isArray()) {
        node.forEach(it -> rule(it, field, action, signal, rules, place));
        return;
      }
      if (node.isObject()) {
        known(node, RULE, place + " " + field.name());
      }
      String metric = node.isObject() ? text(node, "metric", place) : node.asText();
      Map<String, String> when = new HashMap<>();
      node.path("when").properties().forEach(it -> when.put(it.getKey(), it.getValue().asText()));
      List<String> extra = new ArrayList<>();
      node.path("labels").forEach(it -> extra.add(it.asText()));
      String[] names = metric.split("\\|");
      for (int rank = 0; rank < names.length; rank++) {
        rules
            .computeIfAbsent(names[rank], k -> new ArrayList<>())
            .add(
                new Rule(
                    field.pos(),
                    action,
                    rank,
                    node.path("scale").asDouble(1),
                    when,
                    node.path("value").asDouble(Double.NaN),
                    node.has("key") ? Choice.of(node.path("key").asText()) : null,
                    node.has("label") ? Choice.of(node.path("label").asText()) : null,
                    signal,
                    extra,
                    node.path("resource").asBoolean()));
      }
    }

    private static void each(
        JsonNode node, String part, java.util.function.BiConsumer<String, JsonNode> action) {
      node.path(part).properties().forEach(it -> action.accept(it.getKey(), it.getValue()));
    }

    private static List<Choice> choices(JsonNode node) {
      List<Choice> choices = new ArrayList<>();
      node.forEach(it -> choices.add(Choice.of(it.asText())));
      return choices;
    }

    private Schema.Field field(Schema schema, String name, String place) {
      Schema.Field field = schema.getField(name);
      if (field == null) {
        throw fault(place, schema.getName() + " has no field " + name);
      }
      return field;
    }

    private String text(JsonNode node, String name, String place) {
      if (!node.path(name).isTextual()) {
        throw fault(place, name + " is missing");
      }
      return node.path(name).textValue();
    }

    private void known(JsonNode node, Set<String> names, String place) {
      Set<String> unknown = new HashSet<>();
      node.fieldNames().forEachRemaining(unknown::add);
      unknown.removeAll(names);
      if (!unknown.isEmpty()) {
        throw fault(
            place, "unknown key " + String.join(", ", unknown) + "; known are " + sorted(names));
      }
    }

    private static String sorted(Set<String> names) {
      return String.join(", ", new java.util.TreeSet<>(names));
    }

    private MappingException fault(String place, String reason) {
      return new MappingException(file + ": " + place + ": " + reason);
    }
  }
}
