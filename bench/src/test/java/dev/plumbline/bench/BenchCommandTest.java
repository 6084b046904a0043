package dev.plumbline.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.cli.command.Plumbline;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class BenchCommandTest {
  private final StringWriter err = new StringWriter();
  private final CommandLine command =
      Plumbline.commandLine()
          .setErr(new PrintWriter(err))
          .setOut(new PrintWriter(new StringWriter()));

  @Test
  void theCommandHasIt() {
    assertThat(command.getSubcommands()).containsKey("bench");
  }

  @Test
  void aSectionThatIsNoneIsWrongUseAndTheOthersAreNamed() {
    assertThat(command.execute("bench", "--only", "speed")).isEqualTo(2);
    assertThat(err.toString()).contains("speed").contains("path").contains("latency");
  }

  @Test
  void thePageOfAnEarlierRunIsMadeWithoutARun(@TempDir Path folder) throws Exception {
    Path json = folder.resolve("figures.json");
    Path page = folder.resolve("performance.md");
    String figures =
        """
        {"start": {"seconds": {"median": 2.5, "least": 2, "most": 3},
                   "sharedSeconds": {"median": 1.5, "least": 1, "most": 2}}}""";
    Files.writeString(json, figures);
    assertThat(command.execute("bench", "--only", "none", "--json", "" + json, "--page", "" + page))
        .as(err.toString())
        .isZero();
    assertThat(Files.readString(json)).isEqualTo(figures);
    assertThat(Files.readString(page)).contains("| 1.50 s | <= 5 s | <= 2 s | **goal met** |");
  }
}
