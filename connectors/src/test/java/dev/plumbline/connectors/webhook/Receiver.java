package dev.plumbline.connectors.webhook;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.ToIntFunction;

/** A webhook: remembers what it was sent and answers as it is told. */
final class Receiver implements AutoCloseable {
  /** One request. */
  record Request(Headers headers, byte[] body) {
    String header(String name) {
      return headers.getFirst(name);
    }

    String id() {
      return header("ce-id");
    }
  }

  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private final HttpServer server;
  private volatile ToIntFunction<Request> rule = request -> 204;

  Receiver() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
  }

  /** The status for each request from now on. */
  void answers(ToIntFunction<Request> rule) {
    this.rule = rule;
  }

  List<Request> requests() {
    return List.copyOf(requests);
  }

  List<String> ids() {
    return requests.stream().map(Request::id).toList();
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private void answer(HttpExchange exchange) throws IOException {
    Request request =
        new Request(exchange.getRequestHeaders(), exchange.getRequestBody().readAllBytes());
    requests.add(request);
    int status = rule.applyAsInt(request);
    if (status / 100 == 3) {
      exchange.getResponseHeaders().add("Location", url() + "/elsewhere");
    }
    if (status == 429) {
      exchange.getResponseHeaders().add("Retry-After", "7");
    }
    exchange.sendResponseHeaders(status, -1);
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
