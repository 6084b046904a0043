package dev.plumbline.agent.mapping;

import dev.plumbline.agent.exposition.ExpositionException;
import dev.plumbline.agent.exposition.ExpositionParser;
import dev.plumbline.agent.exposition.Labels;
import dev.plumbline.agent.mapping.Spec.Action;
import dev.plumbline.agent.mapping.Spec.Rule;
import dev.plumbline.schemas.Samples;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;

/** Turns one exposition into one snapshot, as a mapping says. For one thread; reused. */
public final class Mapper {

  /** What a metric name does, over all specs. */
  private record Bound(int spec, Rule rule) {}

  private final Mapping mapping;
  private final ExpositionParser parser = new ExpositionParser();
  private final List<Spec> specs = new ArrayList<>();
  private final List<Integer> parents = new ArrayList<>();
  private final Map<String, List<Bound>> byMetric = new HashMap<>();
  private final Map<String, Boolean> kept = new HashMap<>();

  public Mapper(Mapping mapping) {
    this.mapping = mapping;
    mapping.specs().forEach(it -> flatten(it, -1));
    flatten(mapping.own(), -1);
  }

  private void flatten(Spec spec, int parent) {
    int place = specs.size();
    specs.add(spec);
    parents.add(parent);
    spec.rules()
        .forEach(
            (metric, rules) -> {
              for (Rule rule : rules) {
                List<String> names =
                    rule.action() == Action.HISTOGRAM
                        ? List.of(metric + "_bucket", metric + "_sum", metric + "_count")
                        : List.of(metric);
                for (String name : names) {
                  List<Bound> bounds = byMetric.computeIfAbsent(name, k -> new ArrayList<>());
                  bounds.add(new Bound(place, rule));
                }
              }
            });
    spec.nested().forEach(it -> flatten(it, place));
  }

  /**
   * The snapshot of an exposition, without its header.
   *
   * @param body exposition text, UTF-8
   * @param header what service discovery knows of the target
   * @throws ExpositionException when the body breaks the format
   */
  public SpecificRecord map(byte[] body, Map<String, String> header) throws ExpositionException {
    SpecificRecord snapshot = Samples.blank(mapping.snapshot());
    Scrape scrape = new Scrape(header, snapshot);
    parser.parse(body, scrape::sample);
    scrape.finish();
    return snapshot;
  }

  /** One record being filled. */
  private static final class Filled {
    final SpecificRecord record;
    final int[] rank;
    Map<Key, Buckets> histograms;

    Filled(SpecificRecord record) {
      this.record = record;
      rank = new int[record.getSchema().getFields().size()];
      java.util.Arrays.fill(rank, Integer.MAX_VALUE);
    }
  }

  /** One exposition on its way to a snapshot. */
  private final class Scrape {
    private final Map<String, String> header;
    private final SpecificRecord snapshot;
    private final List<Map<Key, Filled>> records = new ArrayList<>();
    private final Key probe = new Key();
    private final List<String> keptNames = new ArrayList<>();
    private final List<Double> keptValues = new ArrayList<>();

    Scrape(Map<String, String> header, SpecificRecord snapshot) {
      this.header = header;
      this.snapshot = snapshot;
      specs.forEach(it -> records.add(new HashMap<>()));
      int own = ownPlace();
      records.get(own).put(new Key(), new Filled(snapshot));
    }

    private int ownPlace() {
      for (int i = 0; i < specs.size(); i++) {
        if (specs.get(i) == mapping.own()) {
          return i;
        }
      }
      throw new IllegalStateException();
    }

    void sample(String name, Labels labels, double value) {
      List<Bound> bounds = byMetric.get(name);
      if (bounds != null) {
        for (int i = 0; i < bounds.size(); i++) {
          Bound bound = bounds.get(i);
          if (matches(bound.rule(), labels, value)) {
            Filled filled = record(bound.spec(), labels);
            if (filled != null) {
              apply(filled, bound.rule(), name, labels, value, probe);
            }
          }
        }
      } else if (!mapping.keep().isEmpty() && isKept(name)) {
        keptNames.add(series(name, labels));
        keptValues.add(value);
      }
    }

    private boolean isKept(String name) {
      return kept.computeIfAbsent(
          name,
          it -> {
            for (Pattern pattern : mapping.keep()) {
              if (pattern.matcher(it).matches()) {
                return true;
              }
            }
            return false;
          });
    }

    private Filled record(int place, Labels labels) {
      Spec spec = specs.get(place);
      for (Choice need : spec.need()) {
        if (need.in(labels).isEmpty()) {
          return null;
        }
      }
      int parent = parents.get(place);
      if (parent >= 0 && record(parent, labels) == null) {
        return null;
      }
      probe.clear();
      if (parent >= 0) {
        key(specs.get(parent), labels);
      }
      key(spec, labels);
      Filled filled = records.get(place).get(probe);
      if (filled == null) {
        filled = new Filled(Samples.blank(type(spec.schema())));
        for (Map.Entry<Integer, Choice> entry : spec.headers().entrySet()) {
          for (String name : entry.getValue().names()) {
            if (header.get(name) != null) {
              filled.record.put(entry.getKey(), header.get(name));
              break;
            }
          }
        }
        spec.constants().forEach(filled.record::put);
        records.get(place).put(probe.copy(probe.size()), filled);
      }
      for (Map.Entry<Integer, Choice> entry : spec.texts().entrySet()) {
        String value = entry.getValue().in(labels);
        if (!value.isEmpty()) {
          filled.record.put(entry.getKey(), value);
        }
      }
      return filled;
    }

    private void key(Spec spec, Labels labels) {
      for (int i = 0; i < spec.key().size(); i++) {
        probe.add(spec.key().get(i).in(labels));
      }
    }

    void finish() {
      for (int place = specs.size() - 1; place >= 0; place--) {
        Spec spec = specs.get(place);
        for (Map.Entry<Key, Filled> entry : new TreeMap<>(records.get(place)).entrySet()) {
          Filled filled = entry.getValue();
          if (filled.histograms != null) {
            Schema.Field field = filled.record.getSchema().getField("histograms");
            List<Object> histograms = new ArrayList<>();
            Map<String, Integer> newest = new HashMap<>();
            Map<Key, Buckets> sorted = new TreeMap<>(filled.histograms);
            sorted.values().forEach(it -> it.lowestRank(newest));
            sorted.values().forEach(it -> it.addTo(histograms, newest));
            filled.record.put(field.pos(), histograms);
          }
          if (!spec.list().isEmpty()) {
            SpecificRecord owner = snapshot;
            if (parents.get(place) >= 0) {
              int parent = parents.get(place);
              Key key = entry.getKey().copy(specs.get(parent).key().size());
              owner = records.get(parent).get(key).record;
            }
            list(owner, spec.list()).add(filled.record);
          }
        }
      }
      if (!keptNames.isEmpty()) {
        snapshot.put(snapshot.getSchema().getField("metricNames").pos(), keptNames);
        snapshot.put(snapshot.getSchema().getField("metricValues").pos(), keptValues);
      }
    }
  }

  private static boolean matches(Rule rule, Labels labels, double value) {
    if (!Double.isNaN(rule.value()) && rule.value() != value) {
      return false;
    }
    if (rule.when().isEmpty()) {
      return true;
    }
    for (Map.Entry<String, String> when : rule.when().entrySet()) {
      String has = labels.get(when.getKey());
      String wanted = when.getValue();
      boolean not = wanted.startsWith("!");
      boolean same = (not ? wanted.substring(1) : wanted).equals(has == null ? "" : has);
      if (same == not) {
        return false;
      }
    }
    return true;
  }

  @SuppressWarnings("unchecked")
  private static void apply(
      Filled filled, Rule rule, String name, Labels labels, double value, Key probe) {
    int field = rule.field();
    if (rule.rank() > filled.rank[field] && rule.action() != Action.HISTOGRAM) {
      return;
    }
    boolean first = rule.rank() < filled.rank[field];
    SpecificRecord record = filled.record;
    if (rule.action() != Action.HISTOGRAM) {
      filled.rank[field] = rule.rank();
    }
    double scaled = value * rule.scale();
    switch (rule.action()) {
      case LAST -> record.put(field, scaled);
      case SUM, MAX, MIN, COUNT -> {
        double so = first ? Double.NaN : (Double) record.get(field);
        record.put(field, fold(rule.action(), so, scaled));
      }
      case MAP -> {
        Map<String, Double> map = (Map<String, Double>) record.get(field);
        String key = rule.from().in(labels);
        if (!key.isEmpty()) {
          map.put(rule.resource() ? ResourceName.of(key) : key, scaled);
        }
      }
      case TEXT_MAP -> {
        Map<String, String> map = (Map<String, String>) record.get(field);
        map.put(rule.from().in(labels), rule.label().in(labels));
      }
      case TEXT -> record.put(field, rule.label().in(labels));
      case TEXT_LIST -> {
        List<String> list = (List<String>) record.get(field);
        String text = rule.label().in(labels);
        if (!text.isEmpty() && !list.contains(text)) {
          list.add(text);
          list.sort(null);
        }
      }
      case LABELS -> {
        Map<String, String> map = (Map<String, String>) record.get(field);
        for (int i = 0; i < labels.size(); i++) {
          map.put(labels.name(i), labels.value(i));
        }
      }
      case HISTOGRAM -> {
        if (filled.histograms == null) {
          filled.histograms = new HashMap<>();
        }
        probe.clear().add(rule.signal());
        for (int i = 0; i < rule.extra().size(); i++) {
          String text = labels.get(rule.extra().get(i));
          probe.add(text == null ? "" : text);
        }
        Buckets buckets = filled.histograms.get(probe);
        if (buckets == null) {
          buckets = new Buckets(rule.signal(), extra(rule, labels));
          filled.histograms.put(probe.copy(probe.size()), buckets);
        }
        buckets.add(rule.rank(), name, labels.get("le"), value);
      }
    }
  }

  private static Map<String, String> extra(Rule rule, Labels labels) {
    Map<String, String> extra = new TreeMap<>();
    for (String label : rule.extra()) {
      if (labels.get(label) != null) {
        extra.put(label, labels.get(label));
      }
    }
    return extra;
  }

  private static double fold(Action action, double so, double value) {
    if (action == Action.COUNT) {
      return Double.isNaN(so) ? 1 : so + 1;
    }
    if (Double.isNaN(so) || Double.isNaN(value)) {
      return Double.isNaN(so) ? value : so;
    }
    return switch (action) {
      case SUM -> so + value;
      case MAX -> Math.max(so, value);
      default -> Math.min(so, value);
    };
  }

  /** The series in exposition form, labels sorted by name. */
  private static String series(String name, Labels labels) {
    if (labels.size() == 0) {
      return name;
    }
    TreeMap<String, String> sorted = new TreeMap<>();
    for (int i = 0; i < labels.size(); i++) {
      sorted.put(labels.name(i), labels.value(i));
    }
    StringBuilder text = new StringBuilder(name).append('{');
    sorted.forEach(
        (label, value) ->
            text.append(text.charAt(text.length() - 1) == '{' ? "" : ",")
                .append(label)
                .append("=\"")
                .append(value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n"))
                .append('"'));
    return text.append('}').toString();
  }

  @SuppressWarnings("unchecked")
  private static Class<? extends SpecificRecord> type(Schema schema) {
    return SpecificData.get().getClass(schema);
  }

  @SuppressWarnings("unchecked")
  private static List<Object> list(SpecificRecord record, String field) {
    return (List<Object>) record.get(record.getSchema().getField(field).pos());
  }
}
