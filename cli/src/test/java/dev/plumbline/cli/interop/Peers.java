package dev.plumbline.cli.interop;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * Programs that others wrote; {@code .ci/peers} installs them, a test without its peer is skipped.
 */
final class Peers {
  /** What {@code .ci/peers} fetches. */
  static final Path FOLDER = Path.of("..", ".peers").toAbsolutePath().normalize();

  /** Scripts around other people's libraries. */
  static final Path SCRIPTS = Path.of("src", "test", "peers").toAbsolutePath();

  /** Debian's own Python, which has Debian's libraries. */
  static final String PYTHON = "/usr/bin/python3";

  private Peers() {}

  /** Skips the test where a command is not installed. */
  static void need(String command) {
    assumeTrue(
        Stream.of(System.getenv("PATH").split(":"))
            .anyMatch(it -> Files.isExecutable(Path.of(it, command))),
        command + " is not installed; run .ci/peers");
  }

  /** Skips the test where a file of {@link #FOLDER} is not there. */
  static Path needFile(String name) {
    Path file = FOLDER.resolve(name);
    assumeTrue(Files.exists(file), file + " is not there; run .ci/peers");
    return file;
  }

  /** Skips the test where Debian's Python lacks a module. */
  static void needModule(String name) throws IOException, InterruptedException {
    assumeTrue(
        Files.isExecutable(Path.of(PYTHON))
            && new ProcessBuilder(PYTHON, "-c", "import " + name).start().waitFor() == 0,
        "Python has no " + name + "; run .ci/peers");
  }

  static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
