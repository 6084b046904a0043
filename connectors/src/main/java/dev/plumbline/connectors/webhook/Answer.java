package dev.plumbline.connectors.webhook;

import java.time.Duration;
import java.util.Optional;

/**
 * What the receiver said.
 *
 * @param status HTTP status
 * @param retryAfter how long the receiver asks to be left alone, where it does
 * @param text the start of its body, on one line
 */
record Answer(int status, Optional<Duration> retryAfter, String text) {

  Delivery delivery() {
    return Delivery.of(status);
  }

  @Override
  public String toString() {
    return text.isEmpty() ? "answered " + status : "answered " + status + ": " + text;
  }
}
