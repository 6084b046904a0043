package dev.plumbline.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The files under test, by their path from the root of the repository. */
final class Files {
  static final Path ROOT = Path.of("").toAbsolutePath().getParent();
  private static final ObjectMapper JSON = new ObjectMapper();

  private Files() {}

  static Path path(String file) {
    return ROOT.resolve(file);
  }

  static String text(String file) {
    try {
      return java.nio.file.Files.readString(path(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static JsonNode json(String file) {
    try {
      return JSON.readTree(text(file));
    } catch (IOException e) {
      throw new UncheckedIOException(file, e);
    }
  }

  /**
   * The documents of a YAML file, with aliases and merges resolved; a key that stands twice fails.
   */
  static List<JsonNode> yaml(String file) {
    LoaderOptions strict = new LoaderOptions();
    strict.setAllowDuplicateKeys(false);
    Iterable<Object> documents = new Yaml(new SafeConstructor(strict)).loadAll(text(file));
    return StreamSupport.stream(documents.spliterator(), false)
        .map(it -> (JsonNode) JSON.valueToTree(it))
        .toList();
  }

  /** Names of the files of a folder, sorted. */
  static List<String> names(String folder) {
    try (Stream<Path> files = java.nio.file.Files.list(path(folder))) {
      return files.map(it -> it.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
