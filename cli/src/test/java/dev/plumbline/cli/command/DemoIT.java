package dev.plumbline.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.cli.JavaProcess;
import dev.plumbline.cli.Main;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the first command of the README shows. */
class DemoIT {
  private static final Pattern DELIVERED =
      Pattern.compile("webhook {2}(\\d+) of (\\d+) CloudEvents received");

  @TempDir Path folder;

  @Test
  void itEndsByItselfWithFindingsAnIncidentARemediationAndEachOfThemDelivered() throws Exception {
    Path screen = folder.resolve("screen");
    // a machine whose numbers have a comma says the same sentences
    List<String> options = List.of("-Xmx512m", "-Duser.language=de", "-Duser.country=DE");
    Process demo = JavaProcess.of(screen, options, Main.class, "demo").start();
    try {
      assertThat(demo.waitFor(3, TimeUnit.MINUTES)).isTrue();
    } finally {
      demo.destroyForcibly();
    }

    String said = Files.readString(screen, StandardCharsets.UTF_8);
    assertThat(demo.exitValue()).as(said).isZero();
    assertThat(said)
        .contains("drift.", "latency.swing", "gpu.contention", "incident", "remediation")
        .containsPattern("a token takes [0-9]+\\.[0-9] ms")
        .contains("nothing was left behind");
    Matcher delivered = DELIVERED.matcher(said);
    assertThat(delivered.find()).as(said).isTrue();
    assertThat(delivered.group(1)).isEqualTo(delivered.group(2));
    assertThat(Integer.parseInt(delivered.group(1))).isGreaterThanOrEqualTo(4);
  }
}
