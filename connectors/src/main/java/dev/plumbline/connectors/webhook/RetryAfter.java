package dev.plumbline.connectors.webhook;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;

/**
 * The Retry-After header: whole seconds, or an HTTP date (RFC 9110, section 10.2.3).
 *
 * <p>A wait is at most {@link #LIMIT}, so that a mistaken receiver can't silence a sink for years;
 * a value that is neither form, or lies in the past, asks for nothing.
 */
final class RetryAfter {
  static final Duration LIMIT = Duration.ofHours(1);

  private RetryAfter() {}

  static Optional<Duration> parse(String header, Instant now) {
    return wait(header.strip(), now)
        .filter(it -> !it.isNegative() && !it.isZero())
        .map(it -> it.compareTo(LIMIT) < 0 ? it : LIMIT);
  }

  private static Optional<Duration> wait(String value, Instant now) {
    if (!value.isEmpty() && value.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return Optional.of(value.length() > 9 ? LIMIT : Duration.ofSeconds(Long.parseLong(value)));
    }
    try {
      Instant until = ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
      return Optional.of(Duration.between(now, until));
    } catch (DateTimeException neither) {
      return Optional.empty();
    }
  }
}
