package dev.plumbline.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A main class of the tests' class path in a JVM of its own. */
public final class JavaProcess {
  private JavaProcess() {}

  /**
   * How to start it.
   *
   * @param log takes all that it says
   * @param options of the JVM
   */
  public static ProcessBuilder of(
      Path log, List<String> options, Class<?> main, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(main.getName());
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
  }
}
