package dev.plumbline.agent.kubernetes;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * An API server that serves pods and keeps their history: lists with versions, watches that go on
 * from a version, expired versions, errors and cuts in the middle.
 */
final class StubApi implements AutoCloseable {
  private record Event(long version, String type, String pod) {}

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<String, String> pods = new TreeMap<>();
  private final List<Event> history = new ArrayList<>();
  private long version = 100;
  private long oldest;
  private int lists;
  private int watches;
  private int generation;
  private int refused;
  private int failure;
  private boolean refusing;

  StubApi() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  KubernetesClient client() {
    Config config =
        new ConfigBuilder(Config.empty())
            .withMasterUrl("http://127.0.0.1:" + server.getAddress().getPort())
            .withWatchReconnectInterval(20)
            .withRequestRetryBackoffLimit(0)
            .build();
    return KubernetesSettings.client(config);
  }

  synchronized void put(String name, String node) {
    String type = pods.containsKey(name) ? "MODIFIED" : "ADDED";
    pods.put(name, pod(name, node));
    happened(type, pods.get(name));
  }

  synchronized void delete(String name) {
    happened("DELETED", pods.remove(name));
  }

  /** Ends the running watches without a word. */
  synchronized void cut() {
    generation++;
    notifyAll();
  }

  /** Forgets the history: a watch from an older version is answered with 410. */
  synchronized void expire() {
    oldest = version;
    history.clear();
    cut();
  }

  /** Tells the running watches an error and ends them. */
  synchronized void fail(int code) {
    failure = code;
    cut();
  }

  /** Answers 503 to everything, or no longer. */
  synchronized void refuse(boolean now) {
    refusing = now;
  }

  synchronized int refused() {
    return refused;
  }

  synchronized int lists() {
    return lists;
  }

  /** Waits until there is a watch. */
  void awaitWatch() {
    Until.holds(
        () -> {
          synchronized (this) {
            return watches > 0;
          }
        });
  }

  @Override
  public void close() {
    cut();
    server.stop(0);
    threads.shutdownNow();
  }

  private void happened(String type, String pod) {
    version++;
    history.add(new Event(version, type, pod.replace("VERSION", Long.toString(version))));
    pods.replaceAll((name, it) -> it.replace("VERSION", Long.toString(version)));
    notifyAll();
  }

  private static String pod(String name, String node) {
    return """
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s","namespace":"retail","resourceVersion":"VERSION"},\
        "spec":{"nodeName":"%s"}}"""
        .formatted(name, node);
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      String query = String.valueOf(exchange.getRequestURI().getQuery());
      boolean refuse;
      synchronized (this) {
        refuse = refusing;
        refused += refuse ? 1 : 0;
      }
      if (refuse) {
        reply(exchange, 503, status(503, "the server is starting"));
      } else if (path.equals("/apis")) {
        reply(exchange, 200, "{\"kind\":\"APIGroupList\",\"apiVersion\":\"v1\",\"groups\":[]}");
      } else if (path.equals("/api/v1")) {
        reply(
            exchange,
            200,
            """
            {"kind":"APIResourceList","groupVersion":"v1","resources":[
             {"name":"pods","kind":"Pod","namespaced":true,"verbs":["list","watch"]}]}""");
      } else if (!path.equals("/api/v1/pods")) {
        reply(exchange, 404, status(404, "no " + path));
      } else if (exchange.getRequestHeaders().containsKey("Sec-WebSocket-Key")) {
        reply(exchange, 200, "no WebSockets here");
      } else if (query.contains("watch=true")) {
        watch(exchange, Long.parseLong(query.replaceAll(".*resourceVersion=(\\d+).*", "$1")));
      } else {
        reply(exchange, 200, list());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Items of a list say no kind, as with a real server. */
  private synchronized String list() {
    lists++;
    String items =
        String.join(",", pods.values()).replace("\"apiVersion\":\"v1\",\"kind\":\"Pod\",", "");
    return "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\""
        + version
        + "\"},\"items\":["
        + items
        + "]}";
  }

  private void watch(HttpExchange exchange, long from) throws IOException, InterruptedException {
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(200, 0);
    OutputStream out = exchange.getResponseBody();
    out.flush();
    long seen = from;
    int born;
    synchronized (this) {
      born = generation;
      watches++;
      if (from < oldest) {
        send(out, "ERROR", status(410, "too old resource version"));
        return;
      }
    }
    while (true) {
      List<Event> fresh = new ArrayList<>();
      int error;
      synchronized (this) {
        while (history.stream().noneMatch(newer(seen)) && born == generation) {
          wait();
        }
        error = failure;
        if (born != generation) {
          failure = 0;
        } else {
          history.stream().filter(newer(seen)).forEach(fresh::add);
        }
      }
      if (fresh.isEmpty()) {
        if (error > 0) {
          send(out, "ERROR", status(error, "etcd is unhappy"));
        }
        return;
      }
      for (Event event : fresh) {
        send(out, event.type(), event.pod());
        seen = event.version();
      }
    }
  }

  private static java.util.function.Predicate<Event> newer(long seen) {
    return it -> it.version() > seen;
  }

  private static void send(OutputStream out, String type, String object) throws IOException {
    String line = "{\"type\":\"" + type + "\",\"object\":" + object + "}\n";
    out.write(line.getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  private static String status(int code, String message) {
    return """
        {"kind":"Status","apiVersion":"v1","status":"Failure","code":%d,"message":"%s"}"""
        .formatted(code, message);
  }

  private static void reply(HttpExchange exchange, int code, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(code, bytes.length);
    exchange.getResponseBody().write(bytes);
  }
}
