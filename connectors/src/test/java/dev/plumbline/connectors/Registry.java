package dev.plumbline.connectors;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.avro.Schema;

/** A registry that knows the schemas it was given. */
public final class Registry implements AutoCloseable {
  private final Map<Integer, Schema> schemas = new ConcurrentHashMap<>();
  private final AtomicInteger asked = new AtomicInteger();
  private final HttpServer server;
  private volatile boolean ill;

  public Registry() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/schemas/ids/", this::answer);
    server.start();
  }

  public Registry with(int id, Schema schema) {
    schemas.put(id, schema);
    return this;
  }

  public void fallIll(boolean now) {
    ill = now;
  }

  public int asked() {
    return asked.get();
  }

  public String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private void answer(HttpExchange exchange) throws IOException {
    asked.incrementAndGet();
    String path = exchange.getRequestURI().getPath();
    Schema schema = schemas.get(Integer.parseInt(path.substring(path.lastIndexOf('/') + 1)));
    int status = ill ? 503 : schema == null ? 404 : 200;
    Map<String, ?> body =
        status == 200
            ? Map.of("schema", schema.toString())
            : Map.of("error_code", status == 404 ? 40403 : status, "message", "no");
    byte[] bytes = new ObjectMapper().writeValueAsString(body).getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
