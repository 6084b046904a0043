package dev.plumbline.bench.fleet;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** Turns seconds since the tape began into moments of the calendar. */
record Moments(long startEpochSeconds) {
  private static final DateTimeFormatter MILLIS =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);
  private static final DateTimeFormatter SECONDS =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss'Z'").withZone(ZoneOffset.UTC);

  /** With milliseconds, as tapes have it. */
  String rfc(double seconds) {
    return MILLIS.format(Instant.ofEpochMilli(millis(seconds)));
  }

  /** With seconds, as Kubernetes has it. */
  String kube(double seconds) {
    return SECONDS.format(Instant.ofEpochMilli(millis(seconds)));
  }

  long millis(double seconds) {
    return startEpochSeconds * 1000 + Math.round(seconds * 1000);
  }

  double epoch(double seconds) {
    return startEpochSeconds + seconds;
  }

  /** Saturday or Sunday. */
  boolean isWeekend(double seconds) {
    // 1 January 1970 was a Thursday
    double day = Math.floor(epoch(seconds) / 86400) % 7;
    return day == 2 || day == 3;
  }

  /** Hour of the day, 0 to 24. */
  double hour(double seconds) {
    double day = epoch(seconds) % 86400;
    return day / 3600;
  }
}
