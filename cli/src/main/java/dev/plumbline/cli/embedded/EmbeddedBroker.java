package dev.plumbline.cli.embedded;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.utils.Exit;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;

/**
 * A Kafka broker of one node in this process, for development, demos and replays: no security, no
 * replicas, loopback only. What it holds lies in a folder and survives a kill.
 */
public final class EmbeddedBroker implements AutoCloseable {
  /** Any 22 characters of base64; every embedded broker is a cluster of its own. */
  private static final String CLUSTER = "cGx1bWJsaW5lLWVtYmVkZA";

  private final KafkaRaftServer server;
  private final String address;

  private EmbeddedBroker(Path folder, int port) throws IOException {
    Exit.setHaltProcedure((status, message) -> refuse("halt", message));
    Exit.setExitProcedure((status, message) -> refuse("exit", message));
    Files.createDirectories(folder);
    address = "127.0.0.1:" + (port == 0 ? freePort() : port);
    try {
      new Formatter()
          .setNodeId(1)
          .setClusterId(CLUSTER)
          .setControllerListenerName("CONTROLLER")
          .setMetadataLogDirectory(folder.toString())
          .addDirectory(folder.toString())
          .setIgnoreFormatted(true)
          .setPrintStream(new PrintStream(OutputStream.nullOutputStream()))
          .run();
    } catch (Exception e) {
      throw new IOException(
          "the broker's folder " + folder + " can't be prepared: " + e.getMessage(), e);
    }
    server =
        new KafkaRaftServer(new KafkaConfig(settings(folder, address, freePort())), Time.SYSTEM);
    server.startup();
  }

  /**
   * Starts a broker; returns when it takes connections.
   *
   * @param folder where it keeps its data; made when it isn't there
   * @param port port on loopback; 0 takes a free one
   * @throws IOException when the folder can't be used
   */
  public static EmbeddedBroker start(Path folder, int port) throws IOException {
    return new EmbeddedBroker(folder, port);
  }

  /** Its bootstrap address. */
  public String address() {
    return address;
  }

  /** Settings of a client of it. */
  public Map<String, Object> client() {
    return Map.of("bootstrap.servers", address);
  }

  @Override
  public void close() {
    server.shutdown();
    server.awaitShutdown();
  }

  private static Properties settings(Path folder, String address, int controller) {
    Properties settings = new Properties();
    settings.put("process.roles", "broker,controller");
    settings.put("node.id", "1");
    settings.put("log.dirs", folder.toString());
    settings.put("listeners", "PLAINTEXT://" + address + ",CONTROLLER://127.0.0.1:" + controller);
    settings.put("advertised.listeners", "PLAINTEXT://" + address);
    settings.put("controller.listener.names", "CONTROLLER");
    settings.put("inter.broker.listener.name", "PLAINTEXT");
    settings.put("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT");
    settings.put("controller.quorum.voters", "1@127.0.0.1:" + controller);
    for (String topic :
        List.of("offsets.topic", "transaction.state.log", "share.coordinator.state.topic")) {
      settings.put(topic + ".replication.factor", "1");
    }
    settings.put("transaction.state.log.min.isr", "1");
    settings.put("share.coordinator.state.topic.min.isr", "1");
    // the defaults are for many clients; here they only cost time at the start
    settings.put("offsets.topic.num.partitions", "1");
    settings.put("transaction.state.log.num.partitions", "1");
    settings.put("group.initial.rebalance.delay.ms", "0");
    settings.put("group.min.session.timeout.ms", "1000");
    // what a killed process left open holds its readers up until it is looked for
    settings.put("transaction.abort.timed.out.transaction.cleanup.interval.ms", "1000");
    settings.put("auto.create.topics.enable", "false");
    settings.put("log.cleaner.dedupe.buffer.size", "16777216");
    // as large as the system finds they should be
    settings.put("socket.receive.buffer.bytes", "-1");
    settings.put("socket.send.buffer.bytes", "-1");
    settings.put("message.max.bytes", "16777216");
    settings.put("log.segment.bytes", "67108864");
    return settings;
  }

  private static void refuse(String how, String message) {
    throw new IllegalStateException("the embedded broker wants to " + how + ": " + message);
  }

  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
