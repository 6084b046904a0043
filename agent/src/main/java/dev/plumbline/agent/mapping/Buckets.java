package dev.plumbline.agent.mapping;

import dev.plumbline.schemas.event.Histogram;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A cumulative histogram being gathered from its series, wherever they stand in the exposition. */
final class Buckets {
  private final String signal;
  private final Map<String, String> labels;
  private final TreeMap<Double, Double> counts = new TreeMap<>();
  private double sum = Double.NaN;
  private double count = Double.NaN;
  private int rank = Integer.MAX_VALUE;

  Buckets(String signal, Map<String, String> labels) {
    this.signal = signal;
    this.labels = labels;
  }

  /** Takes one of its series; those under an older name count only while no newer one was seen. */
  void add(int rank, String name, String le, double value) {
    if (rank > this.rank) {
      return;
    }
    if (rank < this.rank) {
      this.rank = rank;
      counts.clear();
      sum = Double.NaN;
      count = Double.NaN;
    }
    if (name.endsWith("_sum")) {
      sum = Double.isNaN(sum) ? value : sum + value;
    } else if (name.endsWith("_count")) {
      count = Double.isNaN(count) ? value : count + value;
    } else if (le != null) {
      counts.merge(bound(le), value, Double::sum);
    }
  }

  /** Notes the lowest rank, the newest name, of its signal. */
  void lowestRank(Map<String, Integer> newest) {
    newest.merge(signal, rank, Math::min);
  }

  /** Adds the finished histogram, unless it has no buckets or a newer name says the same. */
  void addTo(List<Object> histograms, Map<String, Integer> newest) {
    if (rank > newest.get(signal)) {
      return;
    }
    Double total = counts.remove(Double.POSITIVE_INFINITY);
    if (total == null) {
      total = count;
    }
    if (counts.isEmpty()) {
      return;
    }
    List<Double> cumulative = new ArrayList<>(counts.values());
    cumulative.add(total);
    Histogram histogram = new Histogram();
    histogram.setSignal(signal);
    histogram.setLabels(new HashMap<>(labels));
    histogram.setBounds(new ArrayList<>(counts.keySet()));
    histogram.setCounts(cumulative);
    histogram.setSum(sum);
    histograms.add(histogram);
  }

  private static double bound(String le) {
    if (le.equals("+Inf") || le.equals("Inf")) {
      return Double.POSITIVE_INFINITY;
    }
    try {
      return Double.parseDouble(le);
    } catch (NumberFormatException e) {
      return Double.NaN;
    }
  }
}
