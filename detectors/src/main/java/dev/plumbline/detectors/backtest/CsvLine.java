package dev.plumbline.detectors.backtest;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** One line of a CSV file: its fields without quotes and blanks, and where each began. */
final class CsvLine {
  private final List<String> fields = new ArrayList<>();
  private final List<Integer> columns = new ArrayList<>();

  CsvLine(String line) {
    int begin = line.startsWith("\uFEFF") ? 1 : 0;
    boolean quoted = false;
    for (int i = begin; i <= line.length(); i++) {
      if (i < line.length() && line.charAt(i) == '"') {
        quoted = !quoted;
      }
      if (i == line.length() || line.charAt(i) == ',' && !quoted) {
        fields.add(plain(line.substring(begin, i)));
        columns.add(begin + 1);
        begin = i + 1;
      }
    }
  }

  private static String plain(String field) {
    String text = field.strip();
    boolean quoted = text.length() >= 2 && text.startsWith("\"") && text.endsWith("\"");
    return quoted ? text.substring(1, text.length() - 1).replace("\"\"", "\"") : text;
  }

  int size() {
    return fields.size();
  }

  String field(int index) {
    return fields.get(index);
  }

  /** Column, from 1, at which a field begins. */
  int column(int index) {
    return columns.get(index);
  }

  /** Which field is one of the names, in any case; -1 when none is. */
  int find(List<String> names) {
    for (int i = 0; i < fields.size(); i++) {
      if (names.contains(fields.get(i).toLowerCase(Locale.ROOT))) {
        return i;
      }
    }
    return -1;
  }
}
