package dev.plumbline.bench.micro;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import java.util.function.Consumer;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs the JMH benchmarks of this package, each in a JVM of its own. */
public final class Micro {
  private Micro() {}

  /**
   * Runs them.
   *
   * @param forks JVMs for each; 0 for none of its own, which only shows that it runs
   * @param millis of the five iterations that count; three twice as long warm up
   * @param only part of the benchmarks' names; empty for all
   * @param out takes nanoseconds and bytes allocated for each operation
   */
  public static void run(
      int forks, long millis, String only, Consumer<String> progress, ObjectNode out)
      throws IOException {
    progress.accept("the steps alone, with JMH");
    Path log = Files.createTempFile("plumbline-jmh", ".log");
    try {
      Collection<RunResult> results =
          new Runner(
                  new OptionsBuilder()
                      .include("dev\\.plumbline\\.bench\\.micro\\..*" + only)
                      .forks(forks)
                      .jvmArgs("-Xmx1g", "-XX:+UseSerialGC")
                      .warmupIterations(forks == 0 ? 1 : 3)
                      .warmupTime(TimeValue.milliseconds(2 * millis))
                      .measurementIterations(forks == 0 ? 1 : 5)
                      .measurementTime(TimeValue.milliseconds(millis))
                      .addProfiler(GCProfiler.class)
                      .shouldFailOnError(true)
                      .verbosity(VerboseMode.SILENT)
                      .output(log.toString())
                      .build())
              .run();
      for (RunResult result : results) {
        String name = result.getParams().getBenchmark();
        ObjectNode one = out.putObject(name.substring(name.lastIndexOf('.') + 1));
        one.put("nanos", result.getPrimaryResult().getScore());
        one.put("error", finite(result.getPrimaryResult().getScoreError()));
        one.put("bytes", allocated(result.getSecondaryResults()));
      }
    } catch (RunnerException e) {
      throw new IOException("JMH: " + e.getMessage(), e);
    } finally {
      Files.deleteIfExists(log);
    }
  }

  private static double finite(double error) {
    return Double.isFinite(error) ? error : 0;
  }

  @SuppressWarnings("rawtypes")
  private static double allocated(Map<String, Result> others) {
    return others.entrySet().stream()
        .filter(it -> it.getKey().endsWith("gc.alloc.rate.norm"))
        .mapToDouble(it -> it.getValue().getScore())
        .findFirst()
        .orElse(0);
  }
}
