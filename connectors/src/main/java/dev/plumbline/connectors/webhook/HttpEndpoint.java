package dev.plumbline.connectors.webhook;

import io.cloudevents.CloudEvent;
import io.cloudevents.jackson.JsonFormat;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Clock;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.connect.errors.ConnectException;

/**
 * Posts CloudEvents over HTTP/1.1, in binary or structured mode, signed where there is a secret.
 *
 * <p>No redirect is followed, and the whole exchange ends within the timeout, however slowly the
 * receiver speaks. Unless private addresses are allowed, every address the host's name resolves to
 * must be public just before each request; the runtime's name cache (30 s by default) makes the
 * connection use the same answer.
 */
final class HttpEndpoint implements Endpoint {
  private final WebhookConfig config;
  private final Clock clock;
  private final URI url;
  private final JsonFormat json = new JsonFormat();
  private final HttpClient client;

  HttpEndpoint(WebhookConfig config, Clock clock) {
    this.config = config;
    this.clock = clock;
    this.url = config.url();
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(config.timeout())
            .build();
  }

  @Override
  public Answer post(CloudEvent event) throws IOException, InterruptedException {
    guard();
    HttpResponse<String> answer = send(request(event));
    return new Answer(
        answer.statusCode(),
        answer
            .headers()
            .firstValue("retry-after")
            .flatMap(it -> RetryAfter.parse(it, clock.instant())),
        answer.body());
  }

  private HttpRequest request(CloudEvent event) {
    byte[] body = config.structured() ? json.serialize(event) : event.getData().toBytes();
    HttpRequest.Builder request =
        HttpRequest.newBuilder(url)
            .timeout(config.timeout())
            .header("User-Agent", "plumbline-webhook")
            .POST(HttpRequest.BodyPublishers.ofByteArray(body));
    if (config.structured()) {
      request.header("Content-Type", "application/cloudevents+json");
    } else {
      request.header("Content-Type", event.getDataContentType());
      Headers.of(event).forEach(request::header);
    }
    config.token().ifPresent(it -> request.header("Authorization", "Bearer " + it));
    config.signature().ifPresent(it -> sign(request, it, event.getId(), body));
    return request.build();
  }

  private void sign(HttpRequest.Builder request, Signature signature, String id, byte[] body) {
    String message = id.replace('.', '_');
    long seconds = clock.instant().getEpochSecond();
    request
        .header("webhook-id", message)
        .header("webhook-timestamp", Long.toString(seconds))
        .header("webhook-signature", signature.of(message, seconds, body));
    config.bodySignatureHeader().ifPresent(it -> request.header(it, signature.ofBody(body)));
  }

  private HttpResponse<String> send(HttpRequest request) throws IOException, InterruptedException {
    CompletableFuture<HttpResponse<String>> exchange =
        client.sendAsync(request, info -> new FirstLine());
    try {
      return exchange.get(config.timeout().toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      exchange.cancel(true);
      throw new HttpTimeoutException(
          "no whole answer within " + config.timeout().toMillis() + " ms");
    } catch (ExecutionException e) {
      throw new IOException(reason(e.getCause()), e.getCause());
    }
  }

  private static String reason(Throwable cause) {
    String message = cause.getMessage();
    return message == null ? cause.getClass().getSimpleName() : message;
  }

  private void guard() throws IOException {
    if (config.allowsPrivateAddresses()) {
      return;
    }
    for (InetAddress address : InetAddress.getAllByName(url.getHost())) {
      if (AddressGuard.inside(address)) {
        throw new ConnectException(
            WebhookConfig.URL
                + ": "
                + url.getHost()
                + " leads to "
                + address.getHostAddress()
                + ", which is not a public address; set "
                + WebhookConfig.PRIVATE
                + "=true to allow it");
      }
    }
  }
}
