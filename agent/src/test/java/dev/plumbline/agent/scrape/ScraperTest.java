package dev.plumbline.agent.scrape;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ScraperTest {
  private static final int LARGEST = 1 << 20;
  private static final Duration SHORT = Duration.ofMillis(400);

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final CountDownLatch end = new CountDownLatch(1);
  private HttpServer server;

  @BeforeEach
  void serve() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.start();
  }

  @AfterEach
  void stop() {
    end.countDown();
    server.stop(0);
    threads.shutdownNow();
  }

  @Test
  void aPackedExpositionIsUnpacked() throws Exception {
    server.createContext(
        "/metrics",
        exchange -> {
          exchange.getResponseHeaders().set("Content-Encoding", "gzip");
          answer(exchange, 200, gzip("up 1\n".getBytes(StandardCharsets.UTF_8)));
        });

    assertThat(scrape("/metrics", null)).isEqualTo("up 1\n");
  }

  @Test
  void credentialsAreSentAndTheirLackIsSaid() throws Exception {
    server.createContext(
        "/metrics",
        exchange -> {
          boolean known =
              "Basic dXNlcjpzZWNyZXQ="
                  .equals(exchange.getRequestHeaders().getFirst("Authorization"));
          answer(exchange, known ? 200 : 401, "up 1\n".getBytes(StandardCharsets.UTF_8));
        });

    assertThat(scrape("/metrics", "user:secret")).isEqualTo("up 1\n");
    assertThatThrownBy(() -> scrape("/metrics", null))
        .isInstanceOf(ScrapeException.class)
        .hasMessageContaining("401")
        .hasMessageContaining("credentials");
  }

  @Test
  void anExpositionWithoutEndIsRefusedAtItsBound() {
    server.createContext(
        "/metrics",
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          byte[] line = "x 1\n".repeat(10_000).getBytes(StandardCharsets.UTF_8);
          try (OutputStream out = exchange.getResponseBody()) {
            for (int i = 0; i < 1_300; i++) {
              out.write(line);
            }
          }
        });

    assertThatThrownBy(() -> scrape("/metrics", null)).hasMessageContaining("larger than 1 MiB");
  }

  @Test
  void aSmallBodyThatUnpacksWithoutEndIsRefusedToo() {
    server.createContext(
        "/metrics",
        exchange -> {
          exchange.getResponseHeaders().set("Content-Encoding", "gzip");
          answer(exchange, 200, gzip(new byte[50 << 20]));
        });

    assertThatThrownBy(() -> scrape("/metrics", null)).hasMessageContaining("larger than 1 MiB");
  }

  @Test
  void aTargetThatNeverAnswersCostsItsTimeoutAndNoMore() {
    server.createContext("/metrics", exchange -> hang());

    assertThatThrownBy(() -> scrape("/metrics", null, SHORT)).hasMessageContaining("within 0.4 s");
  }

  @Test
  void aTargetThatDripsCostsItsTimeoutAndNoMore() {
    server.createContext(
        "/metrics",
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write('u');
          exchange.getResponseBody().flush();
          hang();
        });

    assertThatThrownBy(() -> scrape("/metrics", null, SHORT)).hasMessageContaining("within 0.4 s");
  }

  @Test
  void aTargetThatIsNotThereIsSaid() {
    ScrapeTarget nobody = ScrapeTarget.of("node", "n", URI.create("http://127.0.0.1:1/metrics"));

    assertThatThrownBy(() -> new Scraper(LARGEST, threads).scrape(nobody))
        .isInstanceOf(ScrapeException.class)
        .hasMessageContaining("127.0.0.1:1");
  }

  private String scrape(String path, String basicAuth) throws ScrapeException {
    return scrape(path, basicAuth, Duration.ofSeconds(10));
  }

  private String scrape(String path, String basicAuth, Duration timeout) throws ScrapeException {
    URI url = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
    ScrapeTarget target =
        new ScrapeTarget(
            "node", "n", url, Map.of(), Duration.ofSeconds(15), timeout, null, basicAuth, null);
    return new String(new Scraper(LARGEST, threads).scrape(target), StandardCharsets.UTF_8);
  }

  private void hang() {
    try {
      end.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static byte[] gzip(byte[] plain) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(plain);
    }
    return bytes.toByteArray();
  }

  private static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
    try (exchange) {
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
    }
  }
}
