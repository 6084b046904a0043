package dev.plumbline.connectors.webhook;

import dev.plumbline.schemas.event.FindingStatus;
import dev.plumbline.schemas.event.RemediationStatus;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.types.Password;

/** Checks of single settings; each names the setting, the value and what would be right. */
final class Check {
  private static final List<String> STATUSES =
      Stream.<Enum<?>>concat(
              Arrays.stream(FindingStatus.values()), Arrays.stream(RemediationStatus.values()))
          .map(Enum::name)
          .sorted()
          .toList();

  private Check() {}

  static void url(String name, Object value) {
    if (value == null) {
      return; // said already: it is missing
    }
    URI uri = uri(name, value);
    boolean web =
        "http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
    if (!web || uri.getHost() == null) {
      throw new ConfigException(name, value, "must be http://host/... or https://host/...");
    }
    if (uri.getRawUserInfo() != null) {
      throw new ConfigException(name, null, "must not hold a user or password; use bearer.token");
    }
    if (uri.getRawFragment() != null) {
      throw new ConfigException(name, value, "must not end in a fragment (#...)");
    }
  }

  static void source(String name, Object value) {
    uri(name, value);
    if (((String) value).isBlank()) {
      throw new ConfigException(name, value, "must not be empty");
    }
  }

  static void secret(String name, Object value) {
    if (value != null) {
      try {
        Signature.key(((Password) value).value());
      } catch (IllegalArgumentException e) {
        throw new ConfigException(name + ": " + e.getMessage());
      }
    }
  }

  static void header(String name, Object value) {
    if (!((String) value).matches("[A-Za-z0-9-]*")) {
      throw new ConfigException(name, value, "must be a header's name: letters, digits and -");
    }
  }

  static void statuses(String name, Object value) {
    for (Object each : (List<?>) value) {
      if (!STATUSES.contains(each)) {
        throw new ConfigException(name, each, "no such status, there are " + STATUSES);
      }
    }
  }

  /** What is wrong with the host, as far as it can be told without a name service. */
  static Optional<String> publicHost(String url) {
    String host = URI.create(url).getHost();
    boolean inside =
        host.equalsIgnoreCase("localhost")
            || AddressGuard.isLiteral(host) && AddressGuard.inside(AddressGuard.literal(host));
    return inside
        ? Optional.of(
            host + " is not a public address; set " + WebhookConfig.PRIVATE + "=true to allow it")
        : Optional.empty();
  }

  private static URI uri(String name, Object value) {
    try {
      return new URI((String) value);
    } catch (URISyntaxException e) {
      throw new ConfigException(name, value, "is no URI: " + e.getReason());
    }
  }
}
