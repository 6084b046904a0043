package dev.plumbline.detectors.backtest;

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
 * count. Rows need not be evenly spaced. Rows that go back in time, as local time does in autumn,
 * are scored where they stand and counted. An empty value, {@code NaN}, {@code NA} or {@code null}
 * is a missing row.
 */
public final class Backtest {
  private static final List<String> TIME = List.of("timestamp", "time", "date", "datetime");
  private static final List<String> VALUE = List.of("value");
  private static final List<String> MISSING = List.of("", "nan", "na", "null");

  /** Times of rows that a change may be dated to: more than a detector looks back. */
  private static final int REMEMBERED = 1 << 14;

  private final Path file;
  private final Detector detector;
  private final Detector.Scorer scorer;
  private final String[] times = new String[REMEMBERED];
  private int timeField = 0;
  private int valueField = 1;
  private int line;
  private long rows;
  private long missing;
  private long backwards;
  private int present;
  private long last = Long.MIN_VALUE;

  private Backtest(Path file, Detector detector) {
    this.file = file;
    this.detector = detector;
    this.scorer = detector.scorer();
  }

  /**
   * Writes {@code timestamp,value,score}, one line a row of the file: timestamp and value as they
   * stood, the score in 0..1, empty for a missing row. A detector that dates changes adds {@code
   * since}: in the row that shows a change, the timestamp of the row with which it began.
   *
   * @return what the rows were like
   * @throws BacktestException naming file, line and column when the file is no such series
   * @throws IOException when reading or writing fails
   */
  public static Rows run(Path in, Detector detector, Appendable out) throws IOException {
    try (BufferedReader reader = Files.newBufferedReader(in, StandardCharsets.UTF_8)) {
      return new Backtest(in, detector).score(reader, out);
    } catch (NoSuchFileException e) {
      throw new BacktestException(in + ": there is no such file", e);
    } catch (CharacterCodingException e) {
      throw new BacktestException(in + ": is not text in UTF-8", e);
    }
  }

  /**
   * What the rows of a file were like.
   *
   * @param all how many there were
   * @param missing how many of them had no value
   * @param backwards how many were before the row above them
   */
  public record Rows(long all, long missing, long backwards) {}

  private Rows score(BufferedReader reader, Appendable out) throws IOException {
    String text;
    boolean begun = false;
    while ((text = reader.readLine()) != null) {
      line++;
      if (text.isBlank()) {
        continue;
      }
      CsvLine fields = new CsvLine(text);
      boolean names = !begun && header(fields);
      if (!begun) {
        out.append("timestamp,value,score").append(detector.dates() ? ",since\n" : "\n");
        begun = true;
      }
      if (!names) {
        row(fields, out);
      }
    }
    if (rows == 0) {
      throw new BacktestException(file + ": has no rows; wanted are lines of timestamp,value");
    }
    return new Rows(rows, missing, backwards);
  }

  private void row(CsvLine fields, Appendable out) throws IOException {
    if (fields.size() <= Math.max(timeField, valueField)) {
      throw wrong(
          1, "has " + fields.size() + " fields; the timestamp and the value are wanted", null);
    }
    String time = fields.field(timeField);
    String value = fields.field(valueField);
    double score = scorer.score(time(fields), number(fields));
    out.append(time).append(',').append(value).append(',');
    if (!Double.isNaN(score)) {
      times[present++ & REMEMBERED - 1] = time;
      out.append(Double.toString(score));
    } else {
      missing++;
    }
    if (detector.dates()) {
      int since = scorer.changedSince();
      out.append(',').append(since > 0 ? times[present - since & REMEMBERED - 1] : "");
    }
    out.append('\n');
    rows++;
  }

  private long time(CsvLine fields) throws BacktestException {
    String text = fields.field(timeField);
    int column = fields.column(timeField);
    long at;
    try {
      at = Timestamps.millis(text);
    } catch (DateTimeException e) {
      throw wrong(
          column,
          "timestamp '"
              + text
              + "' can't be read; wanted is ISO 8601, yyyy-MM-dd HH:mm:ss, or epoch seconds or"
              + " milliseconds",
          e);
    }
    backwards += at < last ? 1 : 0;
    last = at;
    return at;
  }

  private double number(CsvLine fields) throws BacktestException {
    String text = fields.field(valueField);
    if (MISSING.contains(text.toLowerCase(Locale.ROOT))) {
      return Double.NaN;
    }
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw wrong(
          fields.column(valueField),
          "value '" + text + "' is no number; leave it empty when it is missing",
          e);
    }
  }

  /** True when the line names columns, which are then known. */
  private boolean header(CsvLine fields) throws BacktestException {
    int time = fields.find(TIME);
    int value = fields.find(VALUE);
    if (time >= 0 && value >= 0) {
      timeField = time;
      valueField = value;
      return true;
    }
    if (time >= 0 || value >= 0) {
      String missing = time < 0 ? "timestamp" : "value";
      throw wrong(1, "has no column '" + missing + "'; name the columns timestamp and value", null);
    }
    return false;
  }

  private BacktestException wrong(int column, String what, Throwable cause) {
    return new BacktestException(file + ":" + line + ":" + column + ": " + what, cause);
  }
}
