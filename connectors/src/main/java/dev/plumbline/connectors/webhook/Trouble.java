package dev.plumbline.connectors.webhook;

import java.time.Duration;
import java.time.Instant;

/**
 * How the first record that is not settled has fared.
 *
 * @param failures how often it failed in a row
 * @param since when it first failed; means nothing while there are no failures
 * @param until the receiver is left alone until then
 */
record Trouble(int failures, Instant since, Instant until) {
  static final Trouble NONE = new Trouble(0, Instant.EPOCH, Instant.EPOCH);

  Trouble failedAt(Instant now) {
    return new Trouble(failures + 1, failures == 0 ? now : since, until);
  }

  Trouble restUntil(Instant then) {
    return new Trouble(failures, since, then);
  }

  /** The record has gone elsewhere; the receiver keeps its rest. */
  Trouble ofNoRecord() {
    return new Trouble(0, Instant.EPOCH, until);
  }

  /** What is left of the rest; zero when there is none. */
  Duration restAt(Instant now) {
    return now.isBefore(until) ? Duration.between(now, until) : Duration.ZERO;
  }
}
