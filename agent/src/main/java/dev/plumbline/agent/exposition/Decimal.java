package dev.plumbline.agent.exposition;

import java.nio.charset.StandardCharsets;

/**
 * Reads a number from its bytes, as {@link Double#parseDouble} would: to the last bit.
 *
 * <p>Up to 15 significant digits with an exponent of ten within 22 are a whole number that a double
 * holds exactly, times or over a power of ten that it holds exactly too, so that one rounding gives
 * the nearest double (W. D. Clinger, "How to read floating point numbers accurately", PLDI 1990).
 * All else is left to the JDK.
 */
final class Decimal {
  private static final int EXACT_DIGITS = 15;
  private static final int EXACT_POWER = 22;
  private static final double[] POWERS = new double[EXACT_POWER + 1];

  static {
    for (int i = 0; i < POWERS.length; i++) {
      POWERS[i] = Double.parseDouble("1e" + i);
    }
  }

  private Decimal() {}

  /**
   * The number that stands from one place up to another.
   *
   * @throws NumberFormatException when there is none
   */
  static double read(byte[] body, int from, int to) {
    int i = from;
    boolean negative = false;
    if (i < to && (body[i] == '-' || body[i] == '+')) {
      negative = body[i++] == '-';
    }
    long digits = 0;
    int significant = 0;
    int seen = 0;
    int scale = 0;
    boolean fraction = false;
    for (; i < to; i++) {
      int b = body[i];
      if (b >= '0' && b <= '9') {
        digits = digits * 10 + (b - '0');
        seen++;
        if (digits != 0 && ++significant > EXACT_DIGITS) {
          return slow(body, from, to);
        }
        if (fraction) {
          scale--;
        }
      } else if (b == '.' && !fraction) {
        fraction = true;
      } else {
        break;
      }
    }
    if (seen == 0) {
      return slow(body, from, to);
    }
    if (i < to) {
      if (body[i] != 'e' && body[i] != 'E') {
        return slow(body, from, to);
      }
      int exponent = exponent(body, i + 1, to);
      if (exponent == Integer.MIN_VALUE) {
        return slow(body, from, to);
      }
      scale += exponent;
    }
    if (scale < -EXACT_POWER || scale > EXACT_POWER) {
      return digits == 0 ? negative ? -0.0 : 0.0 : slow(body, from, to);
    }
    double value = scale < 0 ? digits / POWERS[-scale] : digits * POWERS[scale];
    return negative ? -value : value;
  }

  /** Up to three digits with a sign; the smallest int when it is anything else. */
  private static int exponent(byte[] body, int from, int to) {
    int i = from;
    boolean negative = false;
    if (i < to && (body[i] == '-' || body[i] == '+')) {
      negative = body[i++] == '-';
    }
    if (i == to || to - i > 3) {
      return Integer.MIN_VALUE;
    }
    int exponent = 0;
    for (; i < to; i++) {
      int b = body[i];
      if (b < '0' || b > '9') {
        return Integer.MIN_VALUE;
      }
      exponent = exponent * 10 + (b - '0');
    }
    return negative ? -exponent : exponent;
  }

  private static double slow(byte[] body, int from, int to) {
    String text = new String(body, from, to - from, StandardCharsets.ISO_8859_1);
    switch (text) {
      case "NaN", "nan":
        return Double.NaN;
      case "+Inf", "Inf", "+inf", "inf":
        return Double.POSITIVE_INFINITY;
      case "-Inf", "-inf":
        return Double.NEGATIVE_INFINITY;
      default:
        // the JDK also takes "1d", "Infinity", hexadecimal and blanks around: exporters don't
        for (int i = from; i < to; i++) {
          byte b = body[i];
          boolean known = (b >= '0' && b <= '9') || ".-+eE".indexOf(b) >= 0;
          if (!known) {
            throw new NumberFormatException(text);
          }
        }
        return Double.parseDouble(text);
    }
  }
}
