package dev.plumbline.cli.embedded;

import dev.plumbline.schemas.registry.SchemaRegistry;
import dev.plumbline.streams.Detect;
import java.nio.file.Path;
import java.util.Map;

/**
 * Detection in a process of its own, to be killed. Arguments: broker, registry, state folder,
 * guarantee.
 */
public final class DetectProcess {
  private DetectProcess() {}

  public static void main(String[] args) throws InterruptedException {
    Detect.start(
        new Detect.Settings(
            Map.of("bootstrap.servers", args[0]),
            SchemaRegistry.connect(Map.of("schema.registry.url", args[1])),
            "plumbline",
            2,
            false,
            Path.of(args[2]),
            null,
            Detect.Guarantee.of(args[3])));
    Thread.currentThread().join();
  }
}
