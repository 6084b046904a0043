package dev.plumbline.agent.scrape;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real HTTPS server with a certificate that nobody but its own authority vouches for. */
class SecureScrapeTest {
  private static final String PASSWORD = "changeit";

  @TempDir static Path folder;
  private static final ExecutorService THREADS = Executors.newCachedThreadPool();
  private static HttpsServer server;
  private static Path certificate;

  @BeforeAll
  static void serve() throws Exception {
    Path store = folder.resolve("server.p12");
    certificate = folder.resolve("ca.pem");
    keytool(
        "-genkeypair",
        "-alias server -keyalg EC -validity 2 -dname CN=127.0.0.1 -ext SAN=ip:127.0.0.1",
        store);
    keytool("-exportcert", "-alias server -rfc -file " + certificate, store);
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD.toCharArray());
    }
    KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    own.init(keys, PASSWORD.toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(own.getKeyManagers(), null, null);
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(context));
    server.setExecutor(THREADS);
    server.createContext(
        "/metrics",
        exchange -> {
          String who = exchange.getRequestHeaders().getFirst("Authorization");
          byte[] body = ("who{is=\"" + who + "\"} 1\n").getBytes(StandardCharsets.UTF_8);
          try (exchange) {
            exchange.sendResponseHeaders(who == null ? 401 : 200, body.length);
            exchange.getResponseBody().write(body);
          }
        });
    server.start();
  }

  @AfterAll
  static void stop() {
    server.stop(0);
    THREADS.shutdownNow();
  }

  @Test
  void aTargetIsTrustedByItsAuthorityAndToldTheTokenOfTheMoment() throws Exception {
    Path token = Files.writeString(folder.resolve("token"), "first\n");
    Scraper scraper = new Scraper(1 << 20, THREADS);
    assertThat(text(scraper, target(token, null, certificate))).contains("Bearer first");

    Files.writeString(token, "second");
    assertThat(text(scraper, target(token, null, certificate))).contains("Bearer second");
    assertThat(text(scraper, target(null, "me:secret", certificate)))
        .contains("Basic bWU6c2VjcmV0");
  }

  @Test
  void aCertificateOfAnUnknownAuthorityIsSaidWithTheRemedy() {
    assertThatThrownBy(() -> text(new Scraper(1 << 20, THREADS), target(null, "me:s", null)))
        .isInstanceOf(ScrapeException.class)
        .hasMessageStartingWith(address() + ": no trusted connection (")
        .hasMessageEndingWith("; name the certificate of its authority in ca.file");
  }

  @Test
  void anyCertificateIsTrustedForAnyNameWhereThatIsAskedForAndOnlyThere() throws Exception {
    Scraper scraper = new Scraper(1 << 20, THREADS);
    ScrapeTarget trusting =
        new ScrapeTarget(
            "kubevirt",
            "n",
            URI.create(address().replace("127.0.0.1", "localhost")),
            Map.of(),
            Duration.ofSeconds(15),
            Duration.ofSeconds(10),
            null,
            "me:s",
            null,
            true);

    assertThat(text(scraper, trusting)).contains("Basic");
    assertThatThrownBy(() -> text(scraper, target(null, "me:s", null)))
        .hasMessageContaining("no trusted connection");
  }

  @Test
  void missingCredentialsAreSaidWithTheRemedy() {
    assertThatThrownBy(() -> text(new Scraper(1 << 20, THREADS), target(null, null, certificate)))
        .hasMessage(address() + ": it answered 401; check the target's credentials");
  }

  @Test
  void filesThatAreNotThereAreNamed() {
    Path none = folder.resolve("none");

    assertThatThrownBy(() -> text(new Scraper(1 << 20, THREADS), target(none, null, certificate)))
        .hasMessage(
            address() + ": bearer.token.file " + none + " can't be read; is the path right?");
    assertThatThrownBy(() -> text(new Scraper(1 << 20, THREADS), target(null, "me:s", none)))
        .hasMessageContaining(none + " can't be read as PEM certificates");
  }

  private static String text(Scraper scraper, ScrapeTarget target) throws ScrapeException {
    return new String(scraper.scrape(target), StandardCharsets.UTF_8);
  }

  private static ScrapeTarget target(Path token, String basicAuth, Path ca) {
    return new ScrapeTarget(
        "node",
        "n",
        URI.create(address()),
        Map.of(),
        Duration.ofSeconds(15),
        Duration.ofSeconds(10),
        token,
        basicAuth,
        ca,
        false);
  }

  private static String address() {
    return "https://127.0.0.1:" + server.getAddress().getPort() + "/metrics";
  }

  private static void keytool(String what, String options, Path store)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                (Path.of(System.getProperty("java.home"), "bin", "keytool")
                        + " "
                        + what
                        + " "
                        + options
                        + " -storetype PKCS12 -storepass "
                        + PASSWORD
                        + " -keystore "
                        + store)
                    .split(" "))
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
  }
}
