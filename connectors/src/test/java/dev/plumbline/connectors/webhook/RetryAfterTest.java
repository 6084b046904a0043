package dev.plumbline.connectors.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class RetryAfterTest {
  private static final Instant NOW = Instant.parse("2026-01-05T10:00:00Z");

  @Test
  void secondsAndDatesAreUnderstood() {
    assertThat(RetryAfter.parse(" 120 ", NOW)).contains(Duration.ofMinutes(2));
    assertThat(RetryAfter.parse("Mon, 05 Jan 2026 10:00:30 GMT", NOW))
        .contains(Duration.ofSeconds(30));
  }

  @Test
  void noWaitIsLongerThanAnHour() {
    assertThat(RetryAfter.parse("86400", NOW)).contains(Duration.ofHours(1));
    assertThat(RetryAfter.parse("99999999999999999999", NOW)).contains(Duration.ofHours(1));
    assertThat(RetryAfter.parse("Tue, 05 Jan 2027 10:00:00 GMT", NOW))
        .contains(Duration.ofHours(1));
  }

  @Test
  void whatIsNoWaitAsksForNothing() {
    assertThat(RetryAfter.parse("", NOW)).isEmpty();
    assertThat(RetryAfter.parse("0", NOW)).isEmpty();
    assertThat(RetryAfter.parse("-5", NOW)).isEmpty();
    assertThat(RetryAfter.parse("soon", NOW)).isEmpty();
    assertThat(RetryAfter.parse("Mon, 05 Jan 2026 09:00:00 GMT", NOW)).isEmpty();
  }
}
