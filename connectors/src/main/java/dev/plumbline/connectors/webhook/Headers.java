package dev.plumbline.connectors.webhook;

import io.cloudevents.CloudEvent;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The attributes of an event as HTTP headers of the binary mode.
 *
 * <p>A space, a double quote, a percent sign and everything outside printable ASCII are
 * percent-encoded as UTF-8. Source: CloudEvents 1.0.2, HTTP protocol binding, section 3.1.3.2.
 */
final class Headers {
  private Headers() {}

  static Map<String, String> of(CloudEvent event) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("ce-specversion", event.getSpecVersion().toString());
    Stream.concat(event.getAttributeNames().stream(), event.getExtensionNames().stream())
        .filter(it -> !it.equals("datacontenttype") && !it.equals("specversion"))
        .sorted()
        .forEach(it -> headers.put("ce-" + it, encode(text(value(event, it)))));
    return headers;
  }

  private static Object value(CloudEvent event, String name) {
    Object extension = event.getExtension(name);
    return extension == null ? event.getAttribute(name) : extension;
  }

  private static String text(Object value) {
    // a time of day without seconds is no RFC 3339, so not OffsetDateTime's own text
    return value instanceof OffsetDateTime time ? time.toInstant().toString() : value.toString();
  }

  static String encode(String value) {
    StringBuilder text = new StringBuilder();
    for (byte b : value.getBytes(StandardCharsets.UTF_8)) {
      boolean plain = b > ' ' && b < 0x7f && b != '"' && b != '%';
      text.append(plain ? String.valueOf((char) b) : "%%%02X".formatted(b & 0xff));
    }
    return text.toString();
  }
}
