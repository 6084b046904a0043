package dev.plumbline.bench.report;

import java.util.List;
import java.util.Locale;

/** Horizontal bars as SVG, readable on light and dark pages. */
final class Chart {
  private static final int LEFT = 190;
  private static final int WIDTH = 760;
  private static final int ROW = 30;
  private static final String[] COLOURS = {"#2f81b7", "#d98a29"};

  /**
   * One bar.
   *
   * @param parts its lengths, one behind the other
   */
  record Bar(String label, double... parts) {
    double length() {
      double length = 0;
      for (double part : parts) {
        length += part;
      }
      return length;
    }
  }

  private Chart() {}

  /**
   * The chart.
   *
   * @param legend what the parts of a bar are; empty when there is one
   * @param logarithmic for bars of one part that differ by magnitudes
   */
  static String bars(
      String title, String unit, List<String> legend, boolean logarithmic, List<Bar> bars) {
    double most = bars.stream().mapToDouble(Bar::length).max().orElse(1);
    double least = bars.stream().mapToDouble(Bar::length).min().orElse(1);
    double floor = Math.pow(10, Math.floor(Math.log10(least)) - 0.3);
    double room = WIDTH - LEFT - 110;
    StringBuilder svg = new StringBuilder();
    int height = 62 + ROW * bars.size();
    line(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\""
            + " font-family=\"system-ui, sans-serif\" font-size=\"13\">",
        WIDTH,
        height);
    line(svg, "<title>%s</title>", title);
    line(svg, "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>", WIDTH, height);
    line(
        svg,
        "<text x=\"12\" y=\"22\" font-size=\"15\" font-weight=\"600\" fill=\"#1f2328\">%s</text>",
        title);
    line(
        svg,
        "<text x=\"12\" y=\"40\" fill=\"#59636e\">%s%s</text>",
        unit,
        logarithmic ? ", logarithmic" : "");
    for (int i = 0; i < legend.size(); i++) {
      int x = LEFT + 260 + 110 * i;
      line(
          svg,
          "<rect x=\"%d\" y=\"30\" width=\"12\" height=\"12\" fill=\"%s\"/>",
          x,
          COLOURS[i % COLOURS.length]);
      line(svg, "<text x=\"%d\" y=\"41\" fill=\"#59636e\">%s</text>", x + 18, legend.get(i));
    }
    int y = 52;
    for (Bar bar : bars) {
      line(
          svg,
          "<text x=\"%d\" y=\"%d\" text-anchor=\"end\" fill=\"#1f2328\">%s</text>",
          LEFT - 10,
          y + 18,
          bar.label());
      double x = LEFT;
      for (int i = 0; i < bar.parts().length; i++) {
        double width =
            logarithmic
                ? room * Math.log(bar.parts()[i] / floor) / Math.log(most / floor)
                : room * bar.parts()[i] / most;
        line(
            svg,
            "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>",
            x,
            y + 4,
            Math.max(1, width),
            ROW - 9,
            COLOURS[i % COLOURS.length]);
        x += width;
      }
      line(
          svg,
          "<text x=\"%.1f\" y=\"%d\" fill=\"#1f2328\">%s</text>",
          x + 8,
          y + 18,
          Page.number(bar.length()));
      y += ROW;
    }
    return svg.append("</svg>\n").toString();
  }

  private static void line(StringBuilder svg, String format, Object... values) {
    svg.append(String.format(Locale.ROOT, format, values)).append('\n');
  }
}
