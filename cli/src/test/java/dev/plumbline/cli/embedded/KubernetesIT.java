package dev.plumbline.cli.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.plumbline.agent.kubernetes.DiscoverySettings;
import dev.plumbline.agent.kubernetes.KubernetesSettings;
import dev.plumbline.agent.run.Agent;
import dev.plumbline.agent.run.AgentSettings;
import dev.plumbline.agent.scrape.Scraper;
import dev.plumbline.agent.spool.Spool;
import dev.plumbline.schemas.Topic;
import dev.plumbline.schemas.Topics;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.registry.SchemaRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From a stub of the API server, through an agent, to a real broker's topics. */
class KubernetesIT {
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir Path folder;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
  private HttpServer server;

  @BeforeEach
  void serve() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
    threads.shutdownNow();
  }

  @Test
  void aPodIsOnTheTopicsUnderTheClustersUidAsObjectAndTargetUntilItIsGone() throws Exception {
    int port = EmbeddedBroker.freePort();
    SchemaRegistry registry = SchemaRegistry.inMemory();
    try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("kafka"), port)) {
      try (Admin admin = Admin.create(broker.client())) {
        Topics.create(admin, 1, 1);
      }
      try (Agent agent = Agent.start(settings(), broker.client(), registry)) {
        assertThat(agent.cluster()).isEqualTo("uid-of-kube-system");
        await().atMost(LONG).until(() -> agent.scrapes() > 1);
        events.add("{\"type\":\"DELETED\",\"object\":" + pod() + "}\n");
        await().atMost(LONG).until(() -> agent.kubernetes().objects() == 0);
      }
      List<Header> objects = Headers.of(port, registry, Topic.POLICY_SNAPSHOTS);
      List<Header> scrapes = Headers.of(port, registry, Topic.LATENCY_SNAPSHOTS);

      assertThat(objects)
          .extracting(it -> it.getTarget() + " " + it.getGone())
          .containsExactly("v1/Pod/retail/chat-1 false", "v1/Pod/retail/chat-1 true");
      assertThat(objects).allMatch(it -> it.getCluster().equals("uid-of-kube-system"));
      assertThat(scrapes).allMatch(it -> it.getTarget().equals("retail/chat-1"));
      assertThat(scrapes.get(0).getError()).isNull();
      assertThat(scrapes.get(0).getLabels()).containsEntry("workload", "chat");
      assertThat(scrapes.get(scrapes.size() - 1).getGone()).isTrue();
    }
  }

  @Test
  void anObjectThatAFullSpoolDroppedIsToldAgainWhenTheBrokerIsBackThoughItDidNotChange()
      throws Exception {
    int port = EmbeddedBroker.freePort();
    SchemaRegistry registry = SchemaRegistry.inMemory();
    Map<String, Object> kafka = Map.of("bootstrap.servers", "127.0.0.1:" + port);
    Agent agent = Agent.start(settings(Spool.LEAST, Duration.ofMillis(10)), kafka, registry);
    await().atMost(LONG).until(() -> agent.kubernetes().objects() == 1);
    await().atMost(LONG).until(() -> agent.spool().dropped() > 10);

    try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("kafka"), port)) {
      try (Admin admin = Admin.create(broker.client())) {
        Topics.create(admin, 1, 1);
      }
      await()
          .atMost(LONG)
          .until(() -> !Headers.of(port, registry, Topic.POLICY_SNAPSHOTS).isEmpty());
      // while the broker is there: what waits goes out at once
      agent.close();
      assertThat(Headers.of(port, registry, Topic.POLICY_SNAPSHOTS))
          .extracting(it -> it.getTarget() + " " + it.getGone())
          .containsExactly("v1/Pod/retail/chat-1 false");
    }
  }

  private AgentSettings settings() throws IOException {
    return settings(AgentSettings.SPOOL_BYTES, Duration.ofMillis(200));
  }

  private AgentSettings settings(long spoolBytes, Duration interval) throws IOException {
    DiscoverySettings shipped = DiscoverySettings.shipped();
    DiscoverySettings often =
        new DiscoverySettings(
            true,
            List.of(),
            shipped.known(),
            interval,
            shipped.timeout(),
            shipped.tenant(),
            shipped.model());
    Path kubeconfig = folder.resolve("config");
    Files.writeString(
        kubeconfig,
        """
        apiVersion: v1
        kind: Config
        current-context: c
        clusters: [{name: c, cluster: {server: 'http://127.0.0.1:%d'}}]
        users: [{name: u, user: {}}]
        contexts: [{name: c, context: {cluster: c, user: u}}]
        """
            .formatted(server.getAddress().getPort()));
    return new AgentSettings(
        "a",
        null,
        null,
        "",
        "",
        "",
        "",
        Map.of(),
        List.of(),
        false,
        "n",
        Map.of(),
        null,
        folder.resolve("spool"),
        spoolBytes,
        Scraper.LARGEST,
        new KubernetesSettings(kubeconfig, null, Map.of(), Duration.ofSeconds(1), null, often));
  }

  private String pod() {
    return """
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"chat-1","namespace":"retail","resourceVersion":"7",\
        "ownerReferences":[{"kind":"StatefulSet","name":"chat","controller":true}]},\
        "spec":{"nodeName":"gpu-1","containers":[{"name":"m","image":"vllm/vllm-openai:v0.11.0","ports":[{"containerPort":%d}]}]},\
        "status":{"phase":"Running","podIP":"127.0.0.1","containerStatuses":[{"name":"m","ready":true}]}}"""
        .formatted(server.getAddress().getPort());
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String query = String.valueOf(exchange.getRequestURI().getQuery());
      boolean watch = query.contains("watch=true");
      if (watch && !exchange.getRequestHeaders().containsKey("Sec-WebSocket-Key")) {
        exchange.sendResponseHeaders(200, 0);
        exchange.getResponseBody().flush();
        exchange.getResponseBody().write(events.take().getBytes(StandardCharsets.UTF_8));
        exchange.getResponseBody().flush();
        events.take();
        return;
      }
      String body =
          switch (exchange.getRequestURI().getPath()) {
            case "/metrics" -> "vllm:num_requests_running{model_name=\"m\"} 1\n";
            case "/apis" -> "{\"kind\":\"APIGroupList\",\"groups\":[]}";
            case "/api/v1" ->
                "{\"kind\":\"APIResourceList\",\"resources\":[{\"name\":\"pods\",\"kind\":\"Pod\","
                    + "\"namespaced\":true,\"verbs\":[\"list\",\"watch\"]}]}";
            case "/api/v1/namespaces/kube-system" ->
                "{\"kind\":\"Namespace\",\"metadata\":{\"name\":\"kube-system\",\"uid\":\"uid-of-kube-system\"}}";
            case "/api/v1/pods" ->
                "{\"kind\":\"PodList\",\"metadata\":{\"resourceVersion\":\"7\"},\"items\":["
                    + (watch ? "" : pod())
                    + "]}";
            default -> "{}";
          };
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(200, bytes.length);
      exchange.getResponseBody().write(bytes);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
