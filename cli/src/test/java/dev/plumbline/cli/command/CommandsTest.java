package dev.plumbline.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class CommandsTest {
  @TempDir Path folder;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void everyCommandHasHelpWithAnExample() {
    for (CommandLine command : Plumbline.commandLine().getSubcommands().values()) {
      if (command.getCommandName().equals("version")) {
        continue;
      }
      assertThat(command.getUsageMessage())
          .as(command.getCommandName())
          .contains("Example: plumbline " + command.getCommandName());
    }
  }

  @Test
  void theCommandsOfTheReadmeExist() throws IOException {
    List<String> known = new ArrayList<>(Plumbline.commandLine().getSubcommands().keySet());
    Matcher used =
        Pattern.compile("\\./plumbline ([a-z]+)")
            .matcher(Files.readString(Path.of("../README.md")));
    List<String> named = new ArrayList<>();
    while (used.find()) {
      named.add(used.group(1));
    }

    assertThat(named).contains("demo", "up", "replay");
    // the module above adds it, and tests that it is there
    known.add("bench");
    assertThat(known).containsAll(named);
  }

  @Test
  void wrongUseIsTwoAndFailureIsOneAndBothSayWhy() {
    assertThat(run("replay")).isEqualTo(2);
    assertThat(err.toString()).contains("TAPE");
    assertThat(run("replay", folder.resolve("missing.jsonl").toString())).isEqualTo(1);
    assertThat(err.toString()).contains("missing.jsonl can't be read").doesNotContain("\tat ");
    assertThat(run("frobnicate")).isEqualTo(2);
  }

  @Test
  void theStackIsThereForWhoAsksForIt() {
    run("replay", "--verbose", folder.resolve("missing.jsonl").toString());

    assertThat(err.toString()).contains("\tat ");
  }

  @Test
  void aSeriesIsScoredByTheDetectorThatWasNamed() throws IOException {
    Path csv =
        Files.writeString(folder.resolve("load.csv"), "TimeStamp,Value,Label\n1,5,0\n2,,0\n");

    assertThat(run("backtest", csv.toString())).isZero();
    assertThat(out.toString()).isEqualTo("timestamp,value,score\n1,5,0.0\n2,,\n");
    assertThat(run("backtest", "--detector", "change", csv.toString())).isZero();
    assertThat(out.toString()).endsWith("timestamp,value,score,since\n1,5,0.0,\n2,,,\n");
    assertThat(run("backtest", "--detector", "none", csv.toString())).isEqualTo(2);
    assertThat(err.toString()).contains("record").contains("change");
  }

  @Test
  void aSeriesThatGoesBackInTimeIsScoredAndThatIsSaid() throws IOException {
    Path csv = Files.writeString(folder.resolve("load.csv"), "7200,5\n3600,5\n");

    assertThat(run("backtest", csv.toString())).isZero();
    assertThat(out.toString()).hasLineCount(3);
    assertThat(err.toString())
        .startsWith(csv + ": 1 rows are before the row above them and were scored where");
  }

  @Test
  void aSeriesThatCannotBeReadNamesLineAndColumn() throws IOException {
    Path csv = Files.writeString(folder.resolve("load.csv"), "timestamp,value\n1,high\n");

    assertThat(run("backtest", csv.toString())).isEqualTo(1);
    assertThat(err.toString()).contains(csv + ":2:3: value 'high' is no number");
  }

  @Test
  void aTapeIsReplayedAndItsBrokenLinesAreNamed() throws IOException {
    Path tape = folder.resolve("small.tape.jsonl");
    String line =
        "{\"at\":\"2026-11-02T10:%02d:00.000Z\",\"cluster\":\"c\",\"format\":\"prometheus\","
            + "\"source\":\"dcgm\",\"target\":\"n1\",\"labels\":{\"node\":\"n1\"},\"body\":"
            + "\"DCGM_FI_DEV_CLOCKS_EVENT_REASONS{gpu=\\\"0\\\",UUID=\\\"GPU-1\\\"} %d\\n\"}\n";
    StringBuilder lines = new StringBuilder("broken\n");
    for (int minute = 0; minute < 20; minute++) {
      lines.append(line.formatted(minute, minute < 10 ? 64 : 0));
    }
    Files.writeString(tape, lines);
    Path findings = folder.resolve("findings.jsonl");

    assertThat(
            run("replay", tape.toString(), "--findings", findings.toString(), "--partitions", "1"))
        .isZero();
    assertThat(err.toString()).contains("small.tape.jsonl:1: not valid JSON");
    assertThat(out.toString()).contains("20 lines").contains("1 broken lines were passed over");
    assertThat(Files.readAllLines(findings))
        .hasSize(2)
        .allSatisfy(it -> assertThat(it).contains("\"kind\":\"gpu.throttle\""));
  }

  private int run(String... args) {
    CommandLine command = Plumbline.commandLine();
    command.setOut(new PrintWriter(out, true));
    command.setErr(new PrintWriter(err, true));
    return command.execute(args);
  }
}
