package dev.plumbline.cli.interop;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * An Apicurio Registry in a process of its own, on loopback, that forgets everything at its end.
 */
final class Apicurio implements AutoCloseable {
  /** The class files of 3.3 are Java 21's. */
  private static final Path NEWER_JAVA = Path.of("/usr/lib/jvm/temurin-25-jdk-amd64/bin/java");

  private final Process process;
  private final String url;

  private Apicurio(Process process, String url) {
    this.process = process;
    this.url = url;
  }

  /** Starts the version; skips the test where it, or a Java for it, is not installed. */
  static Apicurio start(String version, Path log) throws IOException {
    Path folder = Peers.needFile("apicurio-" + version);
    boolean newer = Files.exists(folder.resolve("quarkus-run.jar"));
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    if (newer && Runtime.version().feature() < 21) {
      org.junit.jupiter.api.Assumptions.assumeTrue(
          Files.isExecutable(NEWER_JAVA), "Apicurio " + version + " needs a Java 21 or later");
      java = NEWER_JAVA;
    }
    int port = Peers.freePort();
    Process process =
        new ProcessBuilder(
                java.toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Dquarkus.http.host=127.0.0.1",
                "-Dquarkus.http.port=" + port,
                // listens on all interfaces otherwise
                "-Dquarkus.management.host=127.0.0.1",
                "-Dquarkus.management.port=" + Peers.freePort(),
                "-jar",
                newer ? "quarkus-run.jar" : "apicurio-registry-app-" + version + "-runner.jar")
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    Apicurio apicurio = new Apicurio(process, "http://127.0.0.1:" + port + "/apis/ccompat/v7");
    try {
      await()
          .atMost(Duration.ofSeconds(120))
          .ignoreExceptions()
          .until(() -> !process.isAlive() || apicurio.answers());
      if (!process.isAlive()) {
        throw new IOException("Apicurio ended: " + Files.readString(log));
      }
    } catch (IOException | RuntimeException e) {
      apicurio.close();
      throw e;
    }
    return apicurio;
  }

  String url() {
    return url;
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  private boolean answers() throws IOException, InterruptedException {
    return HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create(url + "/subjects")).build(),
                HttpResponse.BodyHandlers.discarding())
            .statusCode()
        == 200;
  }
}
