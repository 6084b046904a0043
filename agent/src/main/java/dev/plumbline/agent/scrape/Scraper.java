package dev.plumbline.agent.scrape;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Arrays;
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
import java.util.zip.ZipException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
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

  /** In place of a file of certificates; no file has such a name. */
  private static final String ANY = "\0any";

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
    Open open = new Open();
    java.util.concurrent.Future<?> reading =
        threads.submit(
            () -> {
              try {
                body.complete(read(target, open));
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
      open.close();
      throw new ScrapeException(
          "no complete answer from " + target.url() + " within " + seconds(target.timeout()), e);
    } catch (ExecutionException e) {
      throw new ScrapeException(reason(target, e.getCause()), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      reading.cancel(true);
      open.close();
      throw new ScrapeException("interrupted", e);
    }
  }

  /** The body being read: a read of the JDK's client is deaf to interrupts and ends by closing. */
  private static final class Open {
    private InputStream body;
    private boolean closed;

    synchronized InputStream body(InputStream in) throws IOException {
      body = in;
      if (closed) {
        in.close();
      }
      return in;
    }

    synchronized void close() {
      closed = true;
      try {
        if (body != null) {
          body.close();
        }
      } catch (IOException e) {
        // it is given up anyway
      }
    }
  }

  private byte[] read(ScrapeTarget target, Open open) throws IOException, InterruptedException {
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
      request.header("Authorization", "Bearer " + token(target));
    } else if (target.basicAuth() != null) {
      byte[] pair = target.basicAuth().getBytes(StandardCharsets.UTF_8);
      request.header("Authorization", "Basic " + Base64.getEncoder().encodeToString(pair));
    }
    HttpResponse<InputStream> answer =
        client(target).send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    try (InputStream raw = open.body(answer.body())) {
      if (answer.statusCode() != 200) {
        throw new IOException("it answered " + answer.statusCode() + hint(answer));
      }
      if (answer.headers().firstValue("Content-Encoding").orElse("").equalsIgnoreCase("gzip")) {
        return bounded(new GZIPInputStream(raw, 1 << 14), 0);
      }
      return bounded(raw, answer.headers().firstValueAsLong("Content-Length").orElse(0));
    }
  }

  private static String token(ScrapeTarget target) throws IOException {
    try {
      return Files.readString(target.bearerTokenFile()).strip();
    } catch (IOException e) {
      throw new IOException(
          "bearer.token.file " + target.bearerTokenFile() + " can't be read; is the path right?",
          e);
    }
  }

  /** Reads one byte more than is allowed at most, into an array that grows with what came. */
  private byte[] bounded(InputStream in, long announced) throws IOException {
    byte[] body = new byte[(int) Math.min(largest + 1L, Math.max(announced + 1, 1 << 14))];
    int length = 0;
    for (int n = 0; n >= 0; n = in.read(body, length, body.length - length)) {
      length += n;
      if (length > largest || announced > largest) {
        throw new IOException(
            "the exposition is larger than "
                + largest
                + " bytes; scrape less of it, or raise agent.scrape.max.bytes");
      }
      if (length == body.length) {
        body = Arrays.copyOf(body, (int) Math.min(largest + 1L, 2L * length));
      }
    }
    return Arrays.copyOf(body, length);
  }

  private HttpClient client(ScrapeTarget target) {
    String ca = target.insecure() ? ANY : target.caFile() == null ? "" : target.caFile().toString();
    return clients.computeIfAbsent(
        ca,
        file -> {
          HttpClient.Builder builder =
              HttpClient.newBuilder()
                  .version(HttpClient.Version.HTTP_1_1)
                  .connectTimeout(Duration.ofSeconds(5))
                  .followRedirects(HttpClient.Redirect.NEVER);
          if (!file.isEmpty()) {
            builder.sslContext(
                file.equals(ANY) ? AnyCertificate.context() : trusting(Path.of(file)));
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

  /** Why there is no body, with the target's address and what could be done. */
  private static String reason(ScrapeTarget target, Throwable cause) {
    if (cause instanceof HttpTimeoutException) {
      return "no answer from " + target.url() + " within " + seconds(target.timeout());
    }
    if (cause instanceof ConnectException || cause instanceof UnresolvedAddressException) {
      return target.url() + " can't be reached: is the address right, does it listen?";
    }
    if (cause instanceof SSLException) {
      return target.url()
          + ": no trusted connection ("
          + cause.getMessage()
          + "); name the certificate of its authority in ca.file";
    }
    if (cause instanceof ZipException || cause instanceof EOFException) {
      return target.url() + ": the packed body is damaged: " + cause.getMessage();
    }
    String message = cause.getMessage();
    return target.url()
        + ": "
        + (message == null || message.isEmpty() ? cause.getClass().getSimpleName() : message);
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
