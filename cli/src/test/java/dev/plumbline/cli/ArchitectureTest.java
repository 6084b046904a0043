package dev.plumbline.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Which folder may import which. */
class ArchitectureTest {
  private static final Map<String, Set<String>> MAY_IMPORT =
      Map.of(
          "schemas", Set.of(),
          "detectors", Set.of(),
          "agent", Set.of("schemas"),
          "streams", Set.of("schemas", "detectors"),
          "connectors", Set.of("schemas"));

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.plumbline");

  @TestFactory
  Stream<DynamicTest> eachFolderImportsOnlyWhatItMay() {
    List<String> modules = MAY_IMPORT.keySet().stream().sorted().toList();
    return modules.stream()
        .map(module -> DynamicTest.dynamicTest(module, () -> rule(module).check(CLASSES)));
  }

  @Test
  void detectorsKnowNothingButNumbers() {
    noClasses()
        .that()
        .resideInAPackage("dev.plumbline.detectors..")
        .should()
        .dependOnClassesThat()
        .resideOutsideOfPackages("dev.plumbline.detectors..", "java..")
        .check(CLASSES);
  }

  @Test
  void watchersNeverAskTheWallClock() {
    for (String watcher :
        List.of(
            "telemetry",
            "gpu",
            "latency",
            "load",
            "drift",
            "policy",
            "residency",
            "resource",
            "cause")) {
      noClasses()
          .that()
          .resideInAPackage("dev.plumbline.streams." + watcher + "..")
          .should()
          .callMethod(System.class, "currentTimeMillis")
          .orShould()
          .callMethod(java.time.Instant.class, "now")
          .check(CLASSES);
    }
  }

  @Test
  void watchersDoNotKnowEachOther() {
    slices()
        .matching(
            "dev.plumbline.streams.(telemetry|gpu|latency|load|drift|residency|resource|cause)..")
        .should()
        .notDependOnEachOther()
        .check(CLASSES);
  }

  private static ArchRule rule(String module) {
    String[] forbidden =
        Stream.concat(MAY_IMPORT.keySet().stream(), Stream.of("cli"))
            .filter(it -> !it.equals(module) && !MAY_IMPORT.get(module).contains(it))
            .map(it -> "dev.plumbline." + it + "..")
            .toArray(String[]::new);
    return noClasses()
        .that()
        .resideInAPackage("dev.plumbline." + module + "..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(forbidden);
  }
}
