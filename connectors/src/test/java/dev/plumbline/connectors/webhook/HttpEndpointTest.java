package dev.plumbline.connectors.webhook;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.plumbline.connectors.Given;
import io.cloudevents.CloudEvent;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.apache.kafka.connect.errors.ConnectException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class HttpEndpointTest {
  private static final String NEW = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  private static final String OLD = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

  private Receiver receiver;

  @BeforeEach
  void start() throws IOException {
    receiver = new Receiver();
  }

  @AfterEach
  void stop() {
    receiver.close();
  }

  @Test
  void inBinaryModeTheAttributesAreHeadersAndTheBodyIsTheEventAlone() throws Exception {
    assertThat(endpoint().post(event()).delivery()).isEqualTo(Delivery.DELIVERED);

    Receiver.Request request = receiver.requests().get(0);
    assertThat(request.header("Content-Type")).isEqualTo("application/json");
    assertThat(request.header("ce-specversion")).isEqualTo("1.0");
    assertThat(request.header("ce-type")).isEqualTo("dev.plumbline.finding.opened.v1");
    assertThat(request.header("Authorization")).isNull();
    assertThat(request.header("webhook-id")).isNull();
    assertThat(request.body()).asString(UTF_8).isEqualTo("{\"id\":\"4f1c\"}");
  }

  @Test
  void inStructuredModeBothAreInTheBody() throws Exception {
    endpoint("webhook.mode", "structured").post(event());

    Receiver.Request request = receiver.requests().get(0);
    JsonNode body = new ObjectMapper().readTree(request.body());
    assertThat(request.header("Content-Type")).isEqualTo("application/cloudevents+json");
    assertThat(request.header("ce-id")).isNull();
    assertThat(body.path("id").textValue()).isEqualTo("4f1c-0");
    assertThat(body.path("time").textValue()).isEqualTo("2026-01-05T10:00:00Z");
    assertThat(body.at("/data/id").textValue()).isEqualTo("4f1c");
  }

  @Test
  void bothSecretsSignTheAttemptsIdTimeAndBody() throws Exception {
    endpoint("signing.secret", NEW, "signing.secret.previous", OLD, "bearer.token", "t0ken")
        .post(event());

    Receiver.Request request = receiver.requests().get(0);
    String head = request.header("webhook-id") + "." + request.header("webhook-timestamp") + ".";
    assertThat(request.header("webhook-id")).isEqualTo("4f1c-0");
    assertThat(request.header("webhook-timestamp"))
        .isEqualTo(Long.toString(Given.TEN.getEpochSecond()));
    assertThat(request.header("webhook-signature").split(" "))
        .containsExactly(
            "v1," + hmac(NEW, head, request.body()), "v1," + hmac(OLD, head, request.body()));
    assertThat(request.header("Authorization")).isEqualTo("Bearer t0ken");
  }

  @Test
  void theBodyIsSignedAloneToo() throws Exception {
    endpoint("signing.secret", NEW, "signing.body.header", "X-Hub-Signature-256").post(event());

    assertThat(receiver.requests().get(0).header("X-Hub-Signature-256"))
        .matches("sha256=[0-9a-f]{64}");
  }

  @Test
  void aRedirectIsNotFollowed() throws Exception {
    receiver.answers(request -> 302);

    Answer answer = endpoint().post(event());

    assertThat(answer.status()).isEqualTo(302);
    assertThat(answer.delivery()).isEqualTo(Delivery.REFUSED);
    assertThat(receiver.requests()).hasSize(1);
  }

  @Test
  void retryAfterIsHeard() throws Exception {
    receiver.answers(request -> 429);

    assertThat(endpoint().post(event()).retryAfter()).contains(Duration.ofSeconds(7));
  }

  @Test
  @Timeout(20)
  void aReceiverThatSpeaksForEverIsLeftInTime() throws Exception {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread drip = new Thread(() -> drip(socket));
      drip.start();
      HttpEndpoint endpoint =
          endpoint(
              "webhook.url",
              "http://127.0.0.1:" + socket.getLocalPort(),
              "webhook.timeout.ms",
              "500");

      assertThatThrownBy(() -> endpoint.post(event()))
          .isInstanceOf(HttpTimeoutException.class)
          .hasMessage("no whole answer within 500 ms");
      drip.interrupt();
      drip.join();
    }
  }

  @Test
  void anAnswersFirstBytesAreKeptOnOneLine() throws Exception {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread once =
          new Thread(
              () ->
                  answer(
                      socket,
                      "HTTP/1.1 400 No\r\nContent-Length: 100000\r\n\r\na\r\nb\t"
                          + "c".repeat(99_995)));
      once.start();

      Answer answer =
          endpoint("webhook.url", "http://127.0.0.1:" + socket.getLocalPort()).post(event());

      assertThat(answer).hasToString("answered 400: a b " + "c".repeat(195));
      once.join();
    }
  }

  @Test
  void aNameThatLeadsInsideIsNotAsked() {
    HttpEndpoint endpoint =
        endpoint(
            "webhook.url",
            receiver.url().replace("127.0.0.1", "localhost"),
            "allow.private.addresses",
            "false");

    assertThatThrownBy(() -> endpoint.post(event()))
        .isInstanceOf(ConnectException.class)
        .hasMessage(
            "webhook.url: localhost leads to 127.0.0.1, which is not a public address; set"
                + " allow.private.addresses=true to allow it");
    assertThat(receiver.requests()).isEmpty();
  }

  @Test
  void aNameThatLeadsNowhereIsNoAnswer() {
    HttpEndpoint endpoint =
        endpoint("webhook.url", "http://receiver.invalid/", "allow.private.addresses", "false");

    assertThatThrownBy(() -> endpoint.post(event())).isInstanceOf(UnknownHostException.class);
  }

  private HttpEndpoint endpoint(String... settings) {
    Map<String, String> all = new HashMap<>();
    all.put("webhook.url", receiver.url() + "/hook");
    all.put("allow.private.addresses", "true");
    for (int i = 0; i < settings.length; i += 2) {
      all.put(settings[i], settings[i + 1]);
    }
    return new HttpEndpoint(new WebhookConfig(all), new Time(Given.TEN));
  }

  private static CloudEvent event() {
    return new Envelope("/plumbline")
        .of(
            Event.of(Given.struct(Given.finding().build()).value()),
            "{\"id\":\"4f1c\"}".getBytes(UTF_8));
  }

  private static String hmac(String secret, String head, byte[] body) throws Exception {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(Base64.getDecoder().decode(secret.substring(6)), "HmacSHA256"));
    mac.update(head.getBytes(UTF_8));
    return Base64.getEncoder().encodeToString(mac.doFinal(body));
  }

  private static void answer(ServerSocket socket, String text) {
    try (Socket client = socket.accept()) {
      client.getInputStream().read(new byte[4096]);
      client.getOutputStream().write(text.getBytes(UTF_8));
    } catch (IOException closed) {
      // the client may leave before the end
    }
  }

  /** A header, then a byte now and then. */
  private static void drip(ServerSocket socket) {
    try (Socket client = socket.accept()) {
      client
          .getOutputStream()
          .write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n".getBytes(UTF_8));
      Object never = new Object();
      synchronized (never) {
        while (!Thread.interrupted()) {
          client.getOutputStream().write('x');
          never.wait(50);
        }
      }
    } catch (IOException | InterruptedException over) {
      // the test has what it wants
    }
  }
}
