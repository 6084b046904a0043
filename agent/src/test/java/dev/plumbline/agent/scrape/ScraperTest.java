package dev.plumbline.agent.scrape;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

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
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
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
  void fiftyMegabytesAreRefusedAtTheBoundAndTheRestIsNeverFetched() throws Exception {
    AtomicLong written = new AtomicLong();
    CountDownLatch cut = new CountDownLatch(1);
    server.createContext(
        "/metrics",
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          byte[] line = "x 1\n".repeat(10_000).getBytes(StandardCharsets.UTF_8);
          try (OutputStream out = exchange.getResponseBody()) {
            while (written.get() < 50 << 20) {
              out.write(line);
              written.addAndGet(line.length);
            }
          } finally {
            cut.countDown();
          }
        });

    assertThatThrownBy(() -> scrape("/metrics", null))
        .isInstanceOf(ScrapeException.class)
        .hasMessage(
            address("/metrics")
                + ": the exposition is larger than 1048576 bytes; scrape less of it, or raise"
                + " agent.scrape.max.bytes");
    assertThat(cut.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(written.get()).isLessThan(40 << 20);
  }

  @Test
  void anExpositionThatIsAnnouncedTooLargeIsNotFetchedAtAll() {
    server.createContext("/metrics", exchange -> exchange.sendResponseHeaders(200, 50 << 20));

    assertThatThrownBy(() -> scrape("/metrics", null)).hasMessageContaining("larger than 1048576");
  }

  @Test
  void anExpositionOfExactlyTheBoundIsRead() throws Exception {
    byte[] body = new byte[LARGEST];
    server.createContext("/metrics", exchange -> answer(exchange, 200, body));

    assertThat(scrape("/metrics", null)).hasSize(LARGEST);
  }

  @Test
  void aSmallBodyThatUnpacksWithoutEndIsRefusedToo() {
    server.createContext(
        "/metrics",
        exchange -> {
          exchange.getResponseHeaders().set("Content-Encoding", "gzip");
          answer(exchange, 200, gzip(new byte[50 << 20]));
        });

    assertThatThrownBy(() -> scrape("/metrics", null))
        .hasMessageContaining("larger than 1048576 bytes");
  }

  @Test
  void aTargetThatNeverAnswersCostsItsTimeoutAndNoMore() {
    server.createContext("/metrics", exchange -> hang());

    assertThatThrownBy(() -> scrape("/metrics", null, SHORT)).hasMessageContaining("within 0.4 s");
  }

  @Test
  void aTargetThatDripsForEverCostsItsTimeoutAndNoThread() throws Exception {
    server.createContext(
        "/metrics",
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          try {
            while (!end.await(5, TimeUnit.MILLISECONDS)) {
              exchange.getResponseBody().write('u');
              exchange.getResponseBody().flush();
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });

    ThreadPoolExecutor readers = (ThreadPoolExecutor) Executors.newCachedThreadPool();
    Scraper scraper = new Scraper(LARGEST, readers);
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> scraper.scrape(target("/metrics", null, SHORT)))
          .hasMessage("no complete answer from " + address("/metrics") + " within 0.4 s");
    }
    await().until(() -> readers.getActiveCount() == 0);
    readers.shutdownNow();
  }

  @Test
  void aDamagedPackedBodyIsSaid() {
    server.createContext(
        "/metrics",
        exchange -> {
          byte[] packed = gzip("up 1\n".repeat(1_000).getBytes(StandardCharsets.UTF_8));
          exchange.getResponseHeaders().set("Content-Encoding", "gzip");
          answer(exchange, 200, Arrays.copyOf(packed, packed.length / 2));
        });

    assertThatThrownBy(() -> scrape("/metrics", null))
        .hasMessageStartingWith(address("/metrics") + ": the packed body is damaged");
  }

  @Test
  void theLastScrapeOfEachTargetIsKnown() throws Exception {
    server.createContext(
        "/metrics", exchange -> answer(exchange, 200, "up 1\n".getBytes(StandardCharsets.UTF_8)));
    Scraper scraper = new Scraper(LARGEST, threads);
    scraper.scrape(target("/metrics", null, Duration.ofSeconds(10)));
    Scraper.Last first = scraper.last().iterator().next();
    server.removeContext("/metrics");
    assertThatThrownBy(() -> scraper.scrape(target("/metrics", null, Duration.ofSeconds(10))))
        .hasMessage(address("/metrics") + ": it answered 404; is the path right?");

    assertThat(scraper.last())
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it.bytes()).isEqualTo(5);
              assertThat(it.successMillis()).isEqualTo(first.successMillis()).isPositive();
              assertThat(it.nanos()).isPositive();
            });
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
    byte[] body = new Scraper(LARGEST, threads).scrape(target(path, basicAuth, timeout));
    return new String(body, StandardCharsets.UTF_8);
  }

  private ScrapeTarget target(String path, String basicAuth, Duration timeout) {
    return new ScrapeTarget(
        "node",
        "n",
        URI.create(address(path)),
        Map.of(),
        Duration.ofSeconds(15),
        timeout,
        null,
        basicAuth,
        null,
        false);
  }

  private String address(String path) {
    return "http://127.0.0.1:" + server.getAddress().getPort() + path;
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
