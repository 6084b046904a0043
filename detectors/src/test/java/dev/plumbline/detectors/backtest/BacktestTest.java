package dev.plumbline.detectors.backtest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BacktestTest {
  @TempDir Path folder;

  @Test
  void everyRowComesOutWithAScore() throws IOException {
    assertThat(scored("timestamp,value\n2026-01-01 00:00:00,1.50\n2026-01-01T00:05:00Z,2\n"))
        .containsExactly(
            "timestamp,value,score", "2026-01-01 00:00:00,1.50,0.0", "2026-01-01T00:05:00Z,2,0.0");
  }

  @Test
  void aSpikeScoresAndItsNeighboursDoNot() throws IOException {
    StringBuilder csv = new StringBuilder();
    for (int i = 0; i < 300; i++) {
      csv.append(1_700_000_000 + i * 60).append(',').append(i == 250 ? 900 : 10 + i % 3);
      csv.append('\n');
    }
    List<String> lines = scored(csv.toString());

    assertThat(score(lines.get(251))).isGreaterThan(0.4);
    assertThat(score(lines.get(249))).isLessThan(0.3);
  }

  @Test
  void theColumnsMayStandInAnyOrderAmongOthers() throws IOException {
    assertThat(scored("Label,\"Value\",TimeStamp\n0,3,2026-01-01T00:00:00\n"))
        .containsExactly("timestamp,value,score", "2026-01-01T00:00:00,3,0.0");
  }

  @Test
  void aMissingValueHasNoScoreAndTheNextRowIsScoredAsIfItWereNotThere() throws IOException {
    assertThat(scored("1,5\n2,\n3,NaN\n4,5\n"))
        .containsExactly("timestamp,value,score", "1,5,0.0", "2,,", "3,NaN,", "4,5,0.0");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2026-03-01T12:00:00Z",
        "2026-03-01T12:00:00",
        "2026-03-01 12:00:00",
        "2026-03-01T14:00:00+02:00",
        "1772366400",
        "1772366400000"
      })
  void anInstantMayBeWrittenInAnyOfTheseWays(String text) {
    assertThat(Timestamps.millis(text)).isEqualTo(1_772_366_400_000L);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1,2;2,two|:2:3: value 'two' is no number; leave it empty when it is missing",
        "1,2;soon,3|:2:1: timestamp 'soon' can't be read; wanted is ISO 8601",
        "value,x,time;1,2,soon|:2:5: timestamp 'soon' can't be read; wanted is ISO 8601",
        "1,2;7|:2:1: has 1 fields; the timestamp and the value are wanted",
        "timestamp,count;1,3|:1:1: has no column 'value'; name the columns timestamp and value",
        "timestamp,value|: has no rows; wanted are lines of timestamp,value"
      })
  void anErrorNamesFileLineAndColumn(String csv, String message) throws IOException {
    Path file = write(csv.replace(';', '\n'));

    assertThatThrownBy(() -> Backtest.run(file, Detector.RECORD, new StringBuilder()))
        .isInstanceOf(BacktestException.class)
        .hasMessageStartingWith(file + message);
  }

  @Test
  void aFileThatIsNotThereIsNamed() {
    Path file = folder.resolve("none.csv");

    assertThatThrownBy(() -> Backtest.run(file, Detector.RECORD, new StringBuilder()))
        .hasMessage(file + ": there is no such file");
  }

  @Test
  void aFileThatIsNoTextIsNamed() throws IOException {
    Path file = folder.resolve("series.csv");
    Files.write(file, new byte[] {(byte) 0xff, (byte) 0xfe, 0, 1});

    assertThatThrownBy(() -> Backtest.run(file, Detector.RECORD, new StringBuilder()))
        .hasMessage(file + ": is not text in UTF-8");
  }

  @Test
  void rowsThatGoBackInTimeAreScoredWhereTheyStandAndCounted() throws IOException {
    StringBuilder out = new StringBuilder();
    Path file = write("7200,5\n3600,5\n7200,5\n10800,NA\n");

    assertThat(Backtest.run(file, Detector.RECORD, out)).isEqualTo(new Backtest.Rows(4, 1, 1));
    assertThat(out.toString().lines())
        .containsExactly(
            "timestamp,value,score", "7200,5,0.0", "3600,5,0.0", "7200,5,0.0", "10800,NA,");
  }

  @Test
  void aCommaInQuotesIsPartOfItsField() throws IOException {
    assertThat(scored("note,timestamp,value\n\"a \"\"b\"\", c\",1,5\n"))
        .containsExactly("timestamp,value,score", "1,5,0.0");
  }

  @Test
  void aChangeIsDatedInTheRowThatShowsItAndMissingRowsDoNotShiftTheDate() throws IOException {
    StringBuilder csv = new StringBuilder();
    for (int i = 0; i < 160; i++) {
      String value = i == 120 ? "" : String.valueOf((i < 100 ? 10 : 30) + i % 3);
      csv.append(1_700_000_000 + i * 60).append(',').append(value).append('\n');
    }
    List<String> dated =
        scored(Detector.CHANGE, csv.toString()).stream()
            .skip(1)
            .filter(line -> !line.endsWith(","))
            .toList();

    assertThat(dated).singleElement().asString().endsWith("," + (1_700_000_000 + 100 * 60));
  }

  private List<String> scored(String csv) throws IOException {
    return scored(Detector.RECORD, csv);
  }

  private List<String> scored(Detector detector, String csv) throws IOException {
    StringBuilder out = new StringBuilder();
    Backtest.run(write(csv), detector, out);
    return out.toString().lines().toList();
  }

  private static double score(String line) {
    return Double.parseDouble(line.substring(line.lastIndexOf(',') + 1));
  }

  private Path write(String csv) throws IOException {
    return Files.writeString(folder.resolve("series.csv"), csv, StandardCharsets.UTF_8);
  }
}
