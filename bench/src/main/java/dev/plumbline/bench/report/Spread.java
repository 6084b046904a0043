package dev.plumbline.bench.report;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** The median of a few figures, and the least and greatest of them. */
public record Spread(double median, double least, double most) {

  /** Of figures; at least one. */
  public static Spread of(double... figures) {
    double[] sorted = figures.clone();
    Arrays.sort(sorted);
    int n = sorted.length;
    return new Spread((sorted[n / 2] + sorted[(n - 1) / 2]) / 2, sorted[0], sorted[n - 1]);
  }

  /** Of a figure of each. */
  public static <T> Spread of(List<T> all, ToDoubleFunction<T> figure) {
    return of(all.stream().mapToDouble(figure).toArray());
  }

  /** Of the ratio of each to its like in the same round. */
  public static <T> Spread ratio(List<T> all, List<T> anchors, ToDoubleFunction<T> figure) {
    double[] ratios = new double[all.size()];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = figure.applyAsDouble(all.get(i)) / figure.applyAsDouble(anchors.get(i));
    }
    return of(ratios);
  }

  /** Writes it as an object with median, least and most. */
  public void put(ObjectNode parent, String name) {
    parent.putObject(name).put("median", median).put("least", least).put("most", most);
  }
}
