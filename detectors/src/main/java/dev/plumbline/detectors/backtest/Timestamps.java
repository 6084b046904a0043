package dev.plumbline.detectors.backtest;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;

/** Reads the ways in which people write an instant; without a zone it is UTC. */
final class Timestamps {
  /**
   * Epoch numbers from here on are milliseconds: as seconds they would lie beyond the year 5138.
   */
  private static final double MILLIS_FROM = 1e11;

  private Timestamps() {}

  /**
   * Epoch milliseconds.
   *
   * @throws DateTimeParseException when it is none of: ISO 8601 with or without zone, date only,
   *     {@code yyyy-MM-dd HH:mm:ss}, epoch seconds or milliseconds
   */
  static long millis(String text) {
    String iso = text.length() > 10 && text.charAt(10) == ' ' ? text.replaceFirst(" ", "T") : text;
    if (iso.length() == 10 && iso.charAt(4) == '-') {
      return LocalDate.parse(iso).atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli();
    }
    if (iso.length() > 10 && iso.charAt(10) == 'T') {
      boolean zoned = iso.endsWith("Z") || iso.lastIndexOf('+') > 10 || iso.lastIndexOf('-') > 10;
      Instant at =
          zoned
              ? OffsetDateTime.parse(iso).toInstant()
              : LocalDateTime.parse(iso).toInstant(ZoneOffset.UTC);
      return at.toEpochMilli();
    }
    try {
      double number = Double.parseDouble(text);
      if (Double.isFinite(number)) {
        return Math.round(Math.abs(number) >= MILLIS_FROM ? number : number * 1000);
      }
    } catch (NumberFormatException e) {
      throw new DateTimeParseException("no instant", text, 0, e);
    }
    throw new DateTimeParseException("no instant", text, 0);
  }
}
