package dev.plumbline.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.specific.SpecificData;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every event against every version of it that was released. */
class CompatibilityTest {
  private static final Path HISTORY = Path.of("src/main/history");

  @TestFactory
  Stream<DynamicTest> everyEventReadsAndIsReadByEveryReleasedVersionOfIt() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    try (Stream<Path> files = Files.walk(HISTORY)) {
      for (Path file : files.filter(it -> it.toString().endsWith(".avsc")).toList()) {
        tests.add(DynamicTest.dynamicTest(HISTORY.relativize(file).toString(), () -> check(file)));
      }
    }
    assertThat(tests).isNotEmpty();
    return tests.stream();
  }

  @Test
  void everyEventOfTheTopicsHasAReleasedVersion() {
    List<String> events =
        Topic.ALL.stream()
            .map(Topic::type)
            .filter(Objects::nonNull)
            .map(Class::getSimpleName)
            .toList();
    assertThat(events)
        .allSatisfy(it -> assertThat(HISTORY.resolve("0.1.0/" + it + ".avsc")).exists());
  }

  @Test
  void aFieldThatChangedItsTypeIsFound() {
    Schema now = new Schema.Parser().parse(record("\"string\""));
    Schema then = new Schema.Parser().parse(record("\"double\""));

    assertThat(incompatibilities(now, then)).isNotEmpty();
  }

  private static void check(Path file) throws IOException {
    Schema then = new Schema.Parser().parse(Files.readString(file));
    Schema now = null;
    for (Topic topic : Topic.ALL) {
      if (topic.type() != null
          && SpecificData.get().getSchema(topic.type()).getFullName().equals(then.getFullName())) {
        now = SpecificData.get().getSchema(topic.type());
      }
    }
    assertThat(now).as("the event %s is gone", then.getFullName()).isNotNull();
    assertThat(incompatibilities(now, then))
        .as("give a new field a default (a number: a union with null); never change or drop one")
        .isEmpty();
    assertThat(incompatibilities(then, now)).isEmpty();
  }

  private static List<?> incompatibilities(Schema reader, Schema writer) {
    var result = SchemaCompatibility.checkReaderWriterCompatibility(reader, writer);
    return result.getType() == SchemaCompatibilityType.COMPATIBLE
        ? List.of()
        : result.getResult().getIncompatibilities();
  }

  private static String record(String type) {
    return "{\"type\":\"record\",\"name\":\"A\",\"fields\":[{\"name\":\"f\",\"type\":"
        + type
        + "}]}";
  }
}
