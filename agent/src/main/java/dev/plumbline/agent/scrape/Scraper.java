package dev.plumbline.agent.scrape;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Base64;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.zip.GZIPInputStream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * Reads one target over HTTP or HTTPS, within a time and a size: a target that never answers,
 * drips, or sends without end costs its own scrape and nothing else.
 */
public final class Scraper {
  /** Larger expositions are refused unless more is allowed; 5,000 nodes' dcgm would have 60 MiB. */
  public static final int LARGEST = 16 << 20;

  private static final String ACCEPT =
      "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.9,*/*;q=0.1";

  /** A target that was not scraped for so long has left. */
  private static final long FORGET_MILLIS = Duration.ofMinutes(30).toMillis();

  /**
   * What became of a target's last scrape.
   *
   * @param nanos how long it took
   * @param bytes size of the last body
   * @param atMillis when, since 1970
   * @param successMillis when it last succeeded, since 1970; 0: never
   */
  public record Last(
      String source, String name, long nanos, long bytes, long atMillis, long successMillis) {}

  private final int largest;
  private final ExecutorService threads;
  private final Map<String, Last> last = new ConcurrentHashMap<>();
  private final Map<String, HttpClient> clients = new ConcurrentHashMap<>();

  /**
   * @param largest bytes of a body, unpacked
   * @param threads where bodies are read
   */
  public Scraper(int largest, ExecutorService threads) {
    this.largest = largest;
    this.threads = threads;
  }

  /** What became of the last scrape of each target that is still scraped. */
  public Collection<Last> last() {
    long now = System.currentTimeMillis();
    last.values().removeIf(it -> now - it.atMillis() > FORGET_MILLIS);
    return last.values();
  }

  /**
   * The body of a target's exposition.
   *
   * @throws ScrapeException saying in a sentence why there is none
   */
  public byte[] scrape(ScrapeTarget target) throws ScrapeException {
    long began = System.nanoTime();
    byte[] body = null;
    try {
      body = fetch(target);
      return body;
    } finally {
      note(target, System.nanoTime() - began, body);
    }
  }

  private void note(ScrapeTarget target, long nanos, byte[] body) {
    long now = System.currentTimeMillis();
    last.compute(
        target.source() + ' ' + target.name(),
        (key, before) ->
            new Last(
                target.source(),
                target.name(),
                nanos,
                body != null ? body.length : before == null ? 0 : before.bytes(),
                now,
                body != null ? now : before == null ? 0 : before.successMillis()));
  }

  private byte[] fetch(ScrapeTarget target) throws ScrapeException {
    CompletableFuture<byte[]> body = new CompletableFuture<>();
    java.util.concurrent.Future<?> reading =
        threads.submit(
            () -> {
              try {
                body.complete(read(target));
              } catch (IOException | RuntimeException e) {
                body.completeExceptionally(e);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                body.completeExceptionally(e);
              }
            });
    long millis = target.timeout().toMillis();
    try {
      return body.get(millis, TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      reading.cancel(true);
      throw new ScrapeException(
          "no complete answer from " + target.url() + " within " + seconds(target.timeout()), e);
    } catch (ExecutionException e) {
      throw new ScrapeException(reason(target, e.getCause()), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      reading.cancel(true);
      throw new ScrapeException("interrupted", e);
    }
  }

  private byte[] read(ScrapeTarget target) throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(target.url())
            .timeout(target.timeout())
            .header("Accept", ACCEPT)
            .header("Accept-Encoding", "gzip")
            .header(
                "X-Prometheus-Scrape-Timeout-Seconds",
                Double.toString(target.timeout().toMillis() / 1000.0));
    if (target.bearerTokenFile() != null) {
      // read each time: tokens of service accounts are replaced while the agent runs
      String token = Files.readString(target.bearerTokenFile()).strip();
      request.header("Authorization", "Bearer " + token);
    } else if (target.basicAuth() != null) {
      byte[] pair = target.basicAuth().getBytes(StandardCharsets.UTF_8);
      request.header("Authorization", "Basic " + Base64.getEncoder().encodeToString(pair));
    }
    HttpResponse<InputStream> answer =
        client(target).send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    try (InputStream raw = answer.body()) {
      if (answer.statusCode() != 200) {
        throw new IOException(target.url() + " answered " + answer.statusCode() + hint(answer));
      }
      boolean gzip =
          answer.headers().firstValue("Content-Encoding").orElse("").equalsIgnoreCase("gzip");
      return bounded(gzip ? new GZIPInputStream(raw) : raw);
    }
  }

  private byte[] bounded(InputStream in) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream(1 << 16);
    byte[] buffer = new byte[1 << 16];
    for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
      if (body.size() + n > largest) {
        throw new IOException(
            "the exposition is larger than "
                + (largest >> 20)
                + " MiB; raise agent.scrape.max.bytes or scrape less");
      }
      body.write(buffer, 0, n);
    }
    return body.toByteArray();
  }

  private HttpClient client(ScrapeTarget target) {
    String ca = target.caFile() == null ? "" : target.caFile().toString();
    return clients.computeIfAbsent(
        ca,
        file -> {
          HttpClient.Builder builder =
              HttpClient.newBuilder()
                  .version(HttpClient.Version.HTTP_1_1)
                  .connectTimeout(Duration.ofSeconds(5))
                  .followRedirects(HttpClient.Redirect.NEVER);
          if (!file.isEmpty()) {
            builder.sslContext(trusting(Path.of(file)));
          }
          return builder.build();
        });
  }

  private static SSLContext trusting(Path pem) {
    try (InputStream in = Files.newInputStream(pem)) {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      int i = 0;
      for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        store.setCertificateEntry("ca-" + i++, each);
      }
      TrustManagerFactory trusted =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trusted.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trusted.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalArgumentException(
          pem + " can't be read as PEM certificates: " + e.getMessage(), e);
    }
  }

  private static String reason(ScrapeTarget target, Throwable cause) {
    if (cause instanceof HttpTimeoutException) {
      return "no answer from " + target.url() + " within " + seconds(target.timeout());
    }
    String message = cause.getMessage();
    return message == null || message.isEmpty()
        ? target.url() + " can't be reached: " + cause.getClass().getSimpleName()
        : message;
  }

  private static String hint(HttpResponse<?> answer) {
    return switch (answer.statusCode()) {
      case 401, 403 -> "; check the target's credentials";
      case 404 -> "; is the path right?";
      default -> "";
    };
  }

  private static String seconds(Duration time) {
    return time.toMillis() / 1000.0 + " s";
  }
}
