package dev.plumbline.connectors;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * A worker of Apache Kafka shares its own SLF4J 1.7 with the plug-ins, which has no fluent calls: a
 * class that makes one would end its task with a NoSuchMethodError there, though not here.
 */
class WorkerCompatibilityTest {
  @Test
  void noClassOfThePlugInNeedsSlf4jTwo() throws Exception {
    Path classes =
        Path.of(EventConverter.class.getProtectionDomain().getCodeSource().getLocation().toURI());

    assertThat(fluent(classes)).isEmpty();
  }

  private static List<String> fluent(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      return files
          .filter(it -> it.toString().endsWith(".class"))
          .filter(it -> text(it).contains("org/slf4j/spi/LoggingEventBuilder"))
          .map(Path::toString)
          .toList();
    }
  }

  private static String text(Path file) {
    try {
      return new String(Files.readAllBytes(file), ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
