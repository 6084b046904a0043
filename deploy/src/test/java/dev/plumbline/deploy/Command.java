package dev.plumbline.deploy;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A command's end.
 *
 * @param exit its exit code
 * @param output what it wrote to both outputs
 */
record Command(int exit, String output) {

  /** Runs a command in a folder of the repository; skips the test where it is not installed. */
  static Command run(String folder, String... words) throws IOException, InterruptedException {
    assumeTrue(installed(words[0]), words[0] + " is not installed");
    Process process =
        new ProcessBuilder(List.of(words))
            .directory(Files.path(folder).toFile())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Command(process.waitFor(), output);
  }

  private static boolean installed(String command) {
    return command.contains("/")
        || Stream.of(System.getenv("PATH").split(":"))
            .anyMatch(it -> java.nio.file.Files.isExecutable(Path.of(it, command)));
  }
}
