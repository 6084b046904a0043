package dev.plumbline.cli.embedded;

import dev.plumbline.schemas.registry.SchemaRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The recorded fleet of the demo, and what comes of it when nothing happens. */
final class DemoTape {
  private static Replay.Result undisturbed;

  private DemoTape() {}

  /** Puts the tape into a folder; its name is the agent's. */
  static Path in(Path folder) throws IOException {
    Path tape = folder.resolve("fleet.tape.jsonl.gz");
    if (!Files.exists(tape)) {
      try (InputStream in = DemoTape.class.getResourceAsStream("/demo/fleet.tape.jsonl.gz")) {
        Files.copy(in, tape);
      }
    }
    return tape;
  }

  /** From one process and one partition; made once. */
  static synchronized Replay.Result undisturbed() throws IOException {
    if (undisturbed == null) {
      try (Workspace workspace = Workspace.temporary()) {
        undisturbed = replayed(workspace.folder("undisturbed"), 1);
      }
    }
    return undisturbed;
  }

  /** From one process. */
  static Replay.Result replayed(Path folder, int partitions) throws IOException {
    Files.createDirectories(folder);
    try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("kafka"), 0)) {
      Replay replay = new Replay(broker.client(), SchemaRegistry.inMemory(), problem -> {});
      replay.load(List.of(in(folder)), partitions);
      return replay.detect(folder.resolve("state"), 2, partitions);
    }
  }
}
