package dev.plumbline.connectors.webhook;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Signs a body as Standard Webhooks 1.0.0 says, with every secret it is given, so that a receiver
 * that knows only the old or only the new one can check it while they are exchanged.
 *
 * <pre>
 *   webhook-signature = "v1," base64(HMAC-SHA256(secret, id "." seconds "." body)) [" " the next]
 * </pre>
 */
final class Signature {
  private static final String PREFIX = "whsec_";

  private final List<String> secrets;

  /**
   * @param secrets {@code whsec_} and base64 of 24 to 64 random bytes each; the current one first
   * @throws IllegalArgumentException when a secret is not of that form
   */
  Signature(List<String> secrets) {
    secrets.forEach(Signature::key);
    this.secrets = List.copyOf(secrets);
  }

  /** The value of {@code webhook-signature}. */
  String of(String id, long seconds, byte[] body) {
    byte[] head = (id + "." + seconds + ".").getBytes(StandardCharsets.UTF_8);
    return secrets.stream()
        .map(it -> "v1," + Base64.getEncoder().encodeToString(hmac(key(it), head, body)))
        .collect(Collectors.joining(" "));
  }

  /**
   * Over the body alone, for receivers that know no Standard Webhooks (GitHub's scheme;
   * Event-Driven Ansible's webhook source): {@code sha256=} and hex, keyed with the current
   * secret's text as it is written in the configuration.
   */
  String ofBody(byte[] body) {
    byte[] key = secrets.get(0).getBytes(StandardCharsets.UTF_8);
    return "sha256=" + HexFormat.of().formatHex(hmac(key, new byte[0], body));
  }

  static byte[] key(String secret) {
    String text = secret.startsWith(PREFIX) ? secret.substring(PREFIX.length()) : secret;
    byte[] key;
    try {
      key = Base64.getDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("must be whsec_ and base64", e);
    }
    if (key.length < 24 || key.length > 64) {
      throw new IllegalArgumentException("must hold 24 to 64 bytes, holds " + key.length);
    }
    return key;
  }

  private static byte[] hmac(byte[] key, byte[] head, byte[] body) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      mac.update(head);
      return mac.doFinal(body);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java runtime has HmacSHA256", e);
    }
  }
}
