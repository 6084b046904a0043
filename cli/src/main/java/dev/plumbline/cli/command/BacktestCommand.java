package dev.plumbline.cli.command;

import dev.plumbline.detectors.backtest.Backtest;
import dev.plumbline.detectors.backtest.Detector;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Scores a series from a file with the detectors that run in production. */
@Command(
    name = "backtest",
    description = {
      "Score a series from a CSV file as it would have been scored live, and print",
      "timestamp,value,score: 0 is usual, 1 could not be more surprising."
    },
    footer = {"", "Example: plumbline backtest latency.csv > scored.csv"},
    mixinStandardHelpOptions = true)
final class BacktestCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "CSV",
      description = {
        "Rows of timestamp,value, oldest first; other columns are passed over.",
        "Timestamps in ISO 8601, as 'yyyy-MM-dd HH:mm:ss', or epoch seconds or milliseconds."
      })
  Path csv;

  @Option(
      names = "--detector",
      paramLabel = "NAME",
      defaultValue = "record",
      description = {
        "record: how surprising each value is; suits itself to the interval of the rows.",
        "change: lasting changes of the level, from 0.5 on; the column 'since' dates them.",
        "Default: ${DEFAULT-VALUE}."
      })
  Detector detector;

  @Spec CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    Backtest.Rows rows = Backtest.run(csv, detector, out);
    out.flush();
    if (rows.backwards() > 0) {
      PrintWriter err = spec.commandLine().getErr();
      err.printf(
          "%s: %d rows are before the row above them and were scored where they stand%n",
          csv, rows.backwards());
      err.flush();
    }
    return 0;
  }
}
