package dev.plumbline.agent.mapping;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.agent.mapping.Spec.Action;
import dev.plumbline.agent.mapping.Spec.Rule;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.avro.generic.IndexedRecord;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Every value of every recorded payload that a mapping names, read a second time in the plainest
 * way and looked for in the snapshot.
 */
class EveryValueTest {
  private static final Pattern LINE =
      Pattern.compile("([a-zA-Z_:][\\w:]*)(?:\\{(.*)\\})?[ \\t]+(\\S+)(?:[ \\t]+\\S+)?");
  private static final Pattern LABEL = Pattern.compile("(\\w+)=\"((?:\\\\.|[^\"\\\\])*)\"");

  private record Sample(String name, Map<String, String> labels, double value) {}

  @ParameterizedTest
  @CsvSource({
    "dcgm, dcgm-exporter, 300",
    "dcgm, dcgm-exporter-hostname-v4.5, 14",
    "vllm, vllm, 30",
    "epp, epp, 14",
    "node, node-exporter, 24",
    "kubelet, kubelet-cadvisor, 25",
    "ksm, kube-state-metrics, 90",
    "kubevirt, kubevirt, 60",
    "cnpg, cnpg, 60"
  })
  void whatTheMappingNamesArrives(String source, String fixture, int least) throws Exception {
    Mapping mapping = Mapping.shipped(source);
    byte[] body = body(fixture);
    IndexedRecord snapshot = new Mapper(mapping).map(body, Map.of("node", "n1"));
    List<Sample> samples = samples(new String(body, StandardCharsets.UTF_8));

    int checked = 0;
    for (Spec spec : mapping.specs()) {
      List<IndexedRecord> records = list(snapshot, spec.list());
      checked += check(spec, null, samples, records);
      for (Spec nested : spec.nested()) {
        List<IndexedRecord> inner = new ArrayList<>();
        records.forEach(it -> inner.addAll(list(it, nested.list())));
        checked += check(nested, spec, samples, inner);
      }
    }
    checked += check(mapping.own(), null, samples, List.of(snapshot));
    assertThat(checked).as("values of " + fixture).isGreaterThanOrEqualTo(least);
  }

  private static int check(
      Spec spec, Spec outer, List<Sample> samples, List<IndexedRecord> records) {
    Map<List<String>, Map<Integer, Object>> expected = new LinkedHashMap<>();
    Map<List<Object>, Integer> ranks = new HashMap<>();
    List<Choice> keys = new ArrayList<>(outer == null ? List.of() : outer.key());
    keys.addAll(spec.key());
    List<Choice> needed = outer == null ? List.of() : outer.need();
    for (Sample sample : samples) {
      List<String> key = new ArrayList<>();
      keys.forEach(it -> key.add(in(it, sample.labels())));
      boolean ours =
          spec.need().stream().noneMatch(it -> in(it, sample.labels()).isEmpty())
              && needed.stream().noneMatch(it -> in(it, sample.labels()).isEmpty());
      for (Rule rule : spec.rules().getOrDefault(sample.name(), List.of())) {
        if (!ours || !matches(rule, sample) || rule.action() == Action.HISTOGRAM) {
          continue;
        }
        Map<Integer, Object> record = expected.computeIfAbsent(key, k -> new TreeMap<>());
        spec.texts()
            .forEach(
                (field, choice) -> {
                  String text = in(choice, sample.labels());
                  if (!text.isEmpty()) {
                    record.put(field, text);
                  }
                });
        List<Object> place = List.of(key, rule.field());
        int rank = ranks.getOrDefault(place, Integer.MAX_VALUE);
        if (rule.rank() < rank) {
          record.remove(rule.field());
          ranks.put(place, rule.rank());
        }
        if (rule.rank() <= rank) {
          record.merge(rule.field(), first(rule, sample), (so, next) -> merge(rule, so, next));
        }
      }
    }
    if (outer != null) {
      assertThat(records).hasSameSizeAs(expected.keySet());
    }
    int checked = 0;
    for (Map<Integer, Object> record : expected.values()) {
      assertThat(records)
          .as("%s with %s, which lacks %s", spec.list(), record, missing(records, record))
          .filteredOn(it -> holds(it, record))
          .hasSizeBetween(1, outer == null ? 1 : records.size());
      for (Object value : record.values()) {
        checked += value instanceof Map<?, ?> map ? map.size() : 1;
      }
    }
    return checked;
  }

  private static Object first(Rule rule, Sample sample) {
    double scaled = sample.value() * rule.scale();
    return switch (rule.action()) {
      case COUNT -> 1.0;
      case MAP -> {
        String key = in(rule.from(), sample.labels());
        yield key.isEmpty()
            ? new TreeMap<String, Double>()
            : new TreeMap<>(Map.of(rule.resource() ? ResourceName.of(key) : key, scaled));
      }
      case TEXT_MAP ->
          new TreeMap<>(
              Map.of(in(rule.from(), sample.labels()), in(rule.label(), sample.labels())));
      case TEXT -> in(rule.label(), sample.labels());
      case TEXT_LIST -> new TreeSet<>(List.of(in(rule.label(), sample.labels())));
      case LABELS -> new TreeMap<>(sample.labels());
      default -> scaled;
    };
  }

  @SuppressWarnings("unchecked")
  private static Object merge(Rule rule, Object so, Object next) {
    switch (rule.action()) {
      case SUM, COUNT:
        return (Double) so + (Double) next;
      case MAX:
        return Math.max((Double) so, (Double) next);
      case MIN:
        return Math.min((Double) so, (Double) next);
      case MAP, TEXT_MAP, LABELS:
        ((Map<String, Object>) so).putAll((Map<String, Object>) next);
        return so;
      case TEXT_LIST:
        ((TreeSet<String>) so).addAll((TreeSet<String>) next);
        return so;
      default:
        return next;
    }
  }

  /** What the most similar record has otherwise. */
  private static Map<String, Object> missing(
      List<IndexedRecord> records, Map<Integer, Object> expected) {
    Map<String, Object> least = null;
    for (IndexedRecord record : records) {
      Map<String, Object> other = new TreeMap<>();
      expected.forEach(
          (field, value) -> {
            if (!holds(record, Map.of(field, value))) {
              other.put(record.getSchema().getFields().get(field).name(), record.get(field));
            }
          });
      least = least == null || other.size() < least.size() ? other : least;
    }
    return least;
  }

  private static boolean holds(IndexedRecord record, Map<Integer, Object> expected) {
    return expected.entrySet().stream()
        .allMatch(
            it -> {
              Object has = record.get(it.getKey());
              if (it.getValue() instanceof TreeSet<?> set) {
                return has.equals(new ArrayList<>(set));
              }
              return it.getValue().equals(has);
            });
  }

  private static boolean matches(Rule rule, Sample sample) {
    boolean wanted = Double.isNaN(rule.value()) || rule.value() == sample.value();
    for (Map.Entry<String, String> when : rule.when().entrySet()) {
      String has = sample.labels().getOrDefault(when.getKey(), "");
      wanted &=
          when.getValue().startsWith("!")
              ? !has.equals(when.getValue().substring(1))
              : has.equals(when.getValue());
    }
    return wanted;
  }

  private static String in(Choice choice, Map<String, String> labels) {
    for (String name : choice.names()) {
      if (!labels.getOrDefault(name, "").isEmpty()) {
        return labels.get(name);
      }
    }
    return "";
  }

  @SuppressWarnings("unchecked")
  private static List<IndexedRecord> list(IndexedRecord record, String field) {
    return (List<IndexedRecord>) record.get(record.getSchema().getField(field).pos());
  }

  private static List<Sample> samples(String text) {
    List<Sample> samples = new ArrayList<>();
    for (String line : text.lines().toList()) {
      Matcher sample = LINE.matcher(line);
      if (!line.startsWith("#") && !line.isBlank()) {
        assertThat(sample.matches()).as(line).isTrue();
        Map<String, String> labels = new TreeMap<>();
        Matcher label = LABEL.matcher(sample.group(2) == null ? "" : sample.group(2));
        while (label.find()) {
          labels.put(
              label.group(1),
              label.group(2).replace("\\\"", "\"").replace("\\n", "\n").replace("\\\\", "\\"));
        }
        double value = Double.parseDouble(sample.group(3).replace("Inf", "Infinity"));
        samples.add(new Sample(sample.group(1), labels, value));
      }
    }
    return samples;
  }

  private static byte[] body(String fixture) throws IOException {
    try (InputStream in =
        EveryValueTest.class.getResourceAsStream("/fixtures/" + fixture + ".prom")) {
      return in.readAllBytes();
    }
  }
}
