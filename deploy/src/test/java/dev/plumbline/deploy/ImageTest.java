package dev.plumbline.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The Dockerfile and the script that watches its processes. */
class ImageTest {
  private static final List<String> LINES = Files.text("Dockerfile").lines().toList();

  @Test
  void itIsBuiltInTwoStagesFromPinnedImages() {
    List<String> bases =
        LINES.stream().filter(it -> it.startsWith("FROM ")).map(it -> it.split(" ")[1]).toList();

    assertThat(bases).hasSize(2).allSatisfy(Pinned::check);
    assertThat(bases.get(1)).contains("-jre");
  }

  @Test
  void itsProcessesDoNotRunAsRoot() {
    List<String> users = LINES.stream().filter(it -> it.startsWith("USER ")).toList();

    assertThat(users).last().asString().matches("USER [1-9]\\d*:[1-9]\\d*");
  }

  @Test
  void whatItCopiesFromTheRepositoryExists() {
    assertThat(LINES)
        .filteredOn(it -> it.startsWith("COPY ") && !it.contains("--from"))
        .isNotEmpty()
        .allSatisfy(it -> assertThat(Files.path(it.split(" ")[1])).exists());
  }

  @Test
  void theWatchSeesHealthIllnessAndSilence() throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/healthz",
        it -> {
          it.sendResponseHeaders(200, -1);
          it.close();
        });
    server.createContext(
        "/readyz",
        it -> {
          it.sendResponseHeaders(503, -1);
          it.close();
        });
    server.start();
    String port = Integer.toString(server.getAddress().getPort());

    assertThat(healthy(port, "/healthz")).isZero();
    assertThat(healthy(port, "/readyz")).isNotZero();
    server.stop(0);
    assertThat(healthy(port, "/healthz")).isNotZero();
  }

  @Test
  void theBuildContextLeavesOutWhatIsBuilt() {
    assertThat(Pattern.compile("\\R").split(Files.text(".dockerignore")))
        .contains(".git", "**/target");
  }

  private static int healthy(String port, String path) throws Exception {
    return Command.run("deploy/docker", Files.path("deploy/docker/healthy").toString(), port, path)
        .exit();
  }
}
