package dev.plumbline.connectors;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.apache.avro.Schema;

/** A registry that knows the schemas it was given. */
public final class Registry implements AutoCloseable {
  static final String PASSWORD = "changeit";

  private final Map<Integer, Schema> schemas = new ConcurrentHashMap<>();
  private final AtomicInteger asked = new AtomicInteger();
  private final HttpServer server;
  private final String scheme;
  private volatile boolean ill;
  private volatile String authorization;

  public Registry() throws IOException {
    this(HttpServer.create(loopback(), 0), "http");
  }

  /**
   * The same behind TLS.
   *
   * @param store where its key and certificate are put; who opens it trusts this registry
   */
  Registry(Path store) throws Exception {
    this(secured(store), "https");
  }

  private Registry(HttpServer server, String scheme) {
    this.server = server;
    this.scheme = scheme;
    server.createContext("/schemas/ids/", this::answer);
    server.start();
  }

  private static HttpServer secured(Path store) throws Exception {
    String command =
        "%s/bin/keytool -genkeypair -keyalg EC -dname CN=registry -ext san=ip:127.0.0.1 -alias r"
            .formatted(System.getProperty("java.home"));
    List<String> words = new ArrayList<>(List.of(command.split(" ")));
    words.addAll(List.of("-storetype", "PKCS12", "-storepass", PASSWORD));
    words.addAll(List.of("-keystore", store.toString()));
    Process keytool = new ProcessBuilder(words).redirectErrorStream(true).start();
    String output = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (keytool.waitFor() != 0) {
      throw new IllegalStateException(output);
    }
    char[] password = PASSWORD.toCharArray();
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(KeyStore.getInstance(store.toFile(), password), password);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(keys.getKeyManagers(), null, null);
    HttpsServer server = HttpsServer.create(loopback(), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(tls));
    return server;
  }

  private static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  /** Answers only who sends this header. */
  Registry admits(String header) {
    authorization = header;
    return this;
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
    return scheme + "://127.0.0.1:" + server.getAddress().getPort();
  }

  private void answer(HttpExchange exchange) throws IOException {
    asked.incrementAndGet();
    String path = exchange.getRequestURI().getPath();
    Schema schema = schemas.get(Integer.parseInt(path.substring(path.lastIndexOf('/') + 1)));
    String sent = exchange.getRequestHeaders().getFirst("Authorization");
    boolean admitted = authorization == null || authorization.equals(sent);
    int status = ill ? 503 : !admitted ? 401 : schema == null ? 404 : 200;
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
