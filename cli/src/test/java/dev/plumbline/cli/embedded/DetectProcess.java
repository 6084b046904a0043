package dev.plumbline.cli.embedded;

import dev.plumbline.cli.JavaProcess;
import dev.plumbline.schemas.registry.RegistryServer;
import dev.plumbline.schemas.registry.SchemaRegistry;
import dev.plumbline.streams.Detect;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Detection of a tape in a process of its own, to be stopped or killed. Arguments: broker,
 * registry, state folder, guarantee, name, standbys.
 */
public final class DetectProcess {
  private DetectProcess() {}

  /**
   * Starts one.
   *
   * @param folder keeps its state; its log is beside it, and its client ids begin with its name
   */
  static Process start(
      EmbeddedBroker broker, RegistryServer registry, Path folder, String guarantee, int standbys)
      throws IOException {
    return JavaProcess.of(
            folder.resolveSibling(folder.getFileName() + ".log"),
            List.of("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
            DetectProcess.class,
            broker.address(),
            registry.url(),
            folder.toString(),
            guarantee,
            folder.getFileName().toString(),
            Integer.toString(standbys))
        .start();
  }

  public static void main(String[] args) throws InterruptedException {
    Detect detect =
        Detect.start(
            new Detect.Settings(
                Map.of("bootstrap.servers", args[0], "client.id", args[4]),
                SchemaRegistry.connect(Map.of("schema.registry.url", args[1])),
                "plumbline",
                2,
                false,
                Path.of(args[2]),
                null,
                Detect.Guarantee.of(args[3]),
                Integer.parseInt(args[5])));
    Runtime.getRuntime().addShutdownHook(new Thread(detect::close));
    Thread.currentThread().join();
  }
}
