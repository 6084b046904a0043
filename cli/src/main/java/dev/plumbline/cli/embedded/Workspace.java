package dev.plumbline.cli.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** The folder of an embedded run; a temporary one is removed at the end. */
public final class Workspace implements AutoCloseable {
  private final Path root;
  private final boolean temporary;

  private Workspace(Path root, boolean temporary) {
    this.root = root;
    this.temporary = temporary;
  }

  /** A folder that is removed when closed. */
  public static Workspace temporary() throws IOException {
    return new Workspace(Files.createTempDirectory("plumbline"), true);
  }

  /** A folder that stays. */
  public static Workspace kept(Path root) throws IOException {
    return new Workspace(Files.createDirectories(root), false);
  }

  /** A folder in it. */
  public Path folder(String name) throws IOException {
    return Files.createDirectories(root.resolve(name));
  }

  @Override
  public void close() throws IOException {
    if (!temporary) {
      return;
    }
    List<Path> all;
    try (Stream<Path> tree = Files.walk(root)) {
      all = tree.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : all) {
      Files.deleteIfExists(path);
    }
  }
}
