package dev.plumbline.detectors.backtest;

import dev.plumbline.detectors.record.RecordRatio;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.util.List;
import java.util.Locale;

/**
 * Scores a series from a file as it would have been scored live: each row before the next is read.
 *
 * <p>The file is CSV. A first line that names its columns may name them in any order ({@code
 * timestamp} or {@code time}, and {@code value}, in any case); without it the first two columns
 * count. Rows need not be evenly spaced and must not go back in time. An empty value or {@code NaN}
 * is a missing row.
 */
public final class Backtest {
  private static final List<String> TIME = List.of("timestamp", "time", "date", "datetime");
  private static final List<String> VALUE = List.of("value");

  private final Path file;
  private final RecordRatio detector = new RecordRatio();
  private int timeColumn = 0;
  private int valueColumn = 1;
  private int line;
  private long rows;
  private long last = Long.MIN_VALUE;

  private Backtest(Path file) {
    this.file = file;
  }

  /**
   * Writes {@code timestamp,value,score}, one line a row of the file: timestamp and value as they
   * stood, the score in 0..1, empty for a missing row.
   *
   * @return the number of rows
   * @throws BacktestException naming file, line and field when the file is no such series
   * @throws IOException when reading or writing fails
   */
  public static long run(Path in, Appendable out) throws IOException {
    try (BufferedReader reader = Files.newBufferedReader(in, StandardCharsets.UTF_8)) {
      return new Backtest(in).score(reader, out);
    } catch (NoSuchFileException e) {
      throw new BacktestException(in + ": there is no such file", e);
    } catch (CharacterCodingException e) {
      throw new BacktestException(in + ": is not text in UTF-8", e);
    }
  }

  private long score(BufferedReader reader, Appendable out) throws IOException {
    String text;
    boolean begun = false;
    while ((text = reader.readLine()) != null) {
      line++;
      if (text.isBlank()) {
        continue;
      }
      String[] fields = fields(text);
      if (!begun) {
        begun = true;
        out.append("timestamp,value,score\n");
        if (header(fields)) {
          continue;
        }
      }
      row(fields, out);
    }
    if (rows == 0) {
      throw new BacktestException(file + ": has no rows; wanted lines of timestamp,value");
    }
    return rows;
  }

  private void row(String[] fields, Appendable out) throws IOException {
    if (fields.length <= Math.max(timeColumn, valueColumn)) {
      throw wrong("has " + fields.length + " fields, the timestamp and the value are wanted", null);
    }
    String time = fields[timeColumn];
    String value = fields[valueColumn];
    double surprise = detector.update(time(time), number(value));
    out.append(time).append(',').append(value).append(',');
    if (!Double.isNaN(surprise)) {
      out.append(Double.toString(RecordRatio.score(surprise)));
    }
    out.append('\n');
    rows++;
  }

  private long time(String text) throws BacktestException {
    long at;
    try {
      at = Timestamps.millis(text);
    } catch (DateTimeException e) {
      throw wrong(
          "timestamp: '"
              + text
              + "' is none; wanted is ISO 8601, yyyy-MM-dd HH:mm:ss, or epoch seconds or"
              + " milliseconds",
          e);
    }
    if (at < last) {
      throw wrong(
          "timestamp: '" + text + "' is before the row above it; sort the rows by time", null);
    }
    last = at;
    return at;
  }

  private double number(String text) throws BacktestException {
    if (text.isEmpty()) {
      return Double.NaN;
    }
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw wrong("value: '" + text + "' is no number; leave it empty when it is missing", e);
    }
  }

  /** True when the first line names columns, which are then known. */
  private boolean header(String[] fields) throws BacktestException {
    int time = column(fields, TIME);
    int value = column(fields, VALUE);
    if (time >= 0 && value >= 0) {
      timeColumn = time;
      valueColumn = value;
      return true;
    }
    if (time >= 0 || value >= 0) {
      String missing = time < 0 ? "timestamp" : "value";
      throw wrong("has no column '" + missing + "'; wanted are timestamp and value", null);
    }
    return false;
  }

  private static int column(String[] fields, List<String> names) {
    for (int i = 0; i < fields.length; i++) {
      if (names.contains(fields[i].toLowerCase(Locale.ROOT))) {
        return i;
      }
    }
    return -1;
  }

  private static String[] fields(String text) {
    String plain = text.startsWith("\uFEFF") ? text.substring(1) : text;
    String[] fields = plain.split(",", -1);
    for (int i = 0; i < fields.length; i++) {
      String field = fields[i].strip();
      boolean quoted = field.length() >= 2 && field.startsWith("\"") && field.endsWith("\"");
      fields[i] = quoted ? field.substring(1, field.length() - 1) : field;
    }
    return fields;
  }

  private BacktestException wrong(String what, Throwable cause) {
    return new BacktestException(file + ":" + line + ": " + what, cause);
  }
}
