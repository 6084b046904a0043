package dev.plumbline.agent.mapping;

import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;

/**
 * How one kind of sample record is made.
 *
 * @param list field of the snapshot that takes the records
 * @param schema schema of the record
 * @param key labels that tell two records apart; none when the target has only one
 * @param need labels without which a sample belongs to no record
 * @param texts text fields from labels, by field position
 * @param headers text fields from what service discovery knows of the target, by field position
 * @param constants text fields that are the same in every record, by field position
 * @param rules what each metric does, by metric name
 * @param nested records inside this one
 */
record Spec(
    String list,
    Schema schema,
    List<Choice> key,
    List<Choice> need,
    Map<Integer, Choice> texts,
    Map<Integer, Choice> headers,
    Map<Integer, String> constants,
    Map<String, List<Rule>> rules,
    List<Spec> nested) {

  /** What a sample's value or labels do to a field. */
  enum Action {
    LAST,
    SUM,
    MAX,
    MIN,
    COUNT,
    /** Value under the name that a label holds. */
    MAP,
    /** A label's text under the name that another label holds. */
    TEXT_MAP,
    /** A label's text. */
    TEXT,
    /** A label's text, added to a list. */
    TEXT_LIST,
    /** All labels. */
    LABELS,
    /** A cumulative histogram. */
    HISTOGRAM
  }

  /**
   * What a metric does to a field.
   *
   * @param field position of the field
   * @param rank 0 for a metric's present name, higher for older names: the lowest present wins
   * @param scale factor into the field's unit
   * @param when labels a sample must have; a value that starts with ! must not match
   * @param value value a sample must have; NaN for any
   * @param from label of the key in a map, or of the text
   * @param label label of the text in a map of texts
   * @param signal name of the histogram
   * @param extra labels that tell two histograms of one record apart
   * @param resource true when a map's key is a resource name that kube-state-metrics sanitised
   */
  record Rule(
      int field,
      Action action,
      int rank,
      double scale,
      Map<String, String> when,
      double value,
      Choice from,
      Choice label,
      String signal,
      List<String> extra,
      boolean resource) {}
}
