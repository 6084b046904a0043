package dev.plumbline.bench.path;

import dev.plumbline.cli.embedded.EmbeddedBroker;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A broker in a JVM of its own, so that its cost is told apart; it ends with this process. */
public final class BrokerProcess implements AutoCloseable {
  private final Process process;
  private final String address;

  private BrokerProcess(Process process, String address) {
    this.process = process;
    this.address = address;
  }

  /**
   * Starts it; returns when it takes connections.
   *
   * @param folder where it keeps its data
   */
  public static BrokerProcess start(Path folder, String... jvmOptions) throws IOException {
    List<String> options = new ArrayList<>(List.of(jvmOptions));
    // a broker says much of its clients' retries, which are the clients' own affair
    options.add("-DPLUMBLINE_LOG=" + System.getenv().getOrDefault("PLUMBLINE_LOG", "OFF"));
    Process process = java(BrokerProcess.class, options, List.of(folder.toString())).start();
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      if (line.startsWith("broker ")) {
        return new BrokerProcess(process, line.substring("broker ".length()));
      }
    }
    throw new IOException(
        "the broker's process ended before it was ready; PLUMBLINE_LOG=INFO in the environment shows why");
  }

  /** How to start a class of this class path in a JVM of its own. */
  public static ProcessBuilder java(Class<?> main, List<String> options, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(main.getName());
    command.addAll(arguments);
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
  }

  /** Client settings. */
  public Map<String, Object> client() {
    return Map.of("bootstrap.servers", address);
  }

  public String address() {
    return address;
  }

  public ProcessHandle handle() {
    return process.toHandle();
  }

  @Override
  public void close() {
    try {
      // the end of its input tells it to stop
      process.getOutputStream().close();
      if (!process.waitFor(20, java.util.concurrent.TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (IOException e) {
      process.destroyForcibly();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  /** The broker itself. Argument: its folder. */
  public static void main(String[] args) throws IOException {
    try (EmbeddedBroker broker = EmbeddedBroker.start(Path.of(args[0]), 0)) {
      System.out.println("broker " + broker.address());
      System.out.flush();
      while (System.in.read() >= 0) {
        // lives as long as the other side
      }
    }
    System.exit(0);
  }
}
