package dev.plumbline.streams.findings;

import dev.plumbline.schemas.event.Evidence;
import java.util.Map;
import java.util.TreeMap;

/** Makes evidence: the numbers and the sentence that let a person believe a finding. */
public final class Proof {
  private Proof() {}

  /**
   * Evidence with numbers.
   *
   * @param observed what was seen, in unit
   * @param expected what would have been usual, in unit
   * @param unit UCUM-like unit (s, ratio, bytes, MHz); empty for a count
   * @param score how sure; larger is surer
   * @param summary one sentence a person can check
   * @param details names and values in turn
   */
  public static Evidence of(
      double observed,
      double expected,
      String unit,
      double score,
      String summary,
      String... details) {
    Map<String, String> named = new TreeMap<>();
    for (int i = 0; i + 1 < details.length; i += 2) {
      if (details[i + 1] != null) {
        named.put(details[i], details[i + 1]);
      }
    }
    return Evidence.newBuilder()
        .setObserved(observed)
        .setExpected(expected)
        .setUnit(unit)
        .setScore(score)
        .setSummary(summary)
        .setDetails(named)
        .build();
  }

  /** Evidence that is words alone. */
  public static Evidence of(String summary, String... details) {
    return of(Double.NaN, Double.NaN, "", Double.NaN, summary, details);
  }
}
