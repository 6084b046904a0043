package dev.plumbline.agent.exposition;

import java.nio.charset.StandardCharsets;

/**
 * Reads Prometheus text 0.0.4 and OpenMetrics in place, sample by sample: comments, types and
 * exemplars are passed over, families may be split or repeated, labels come in any order, names may
 * be quoted. A line that breaks the format fails the whole exposition, as it does in Prometheus:
 * half a scrape would look like series that vanished.
 *
 * <p>For one thread. Allocates nothing for a sample whose names and values it has seen before.
 */
public final class ExpositionParser {
  /** A sample with more labels than this is refused. */
  static final int MOST_LABELS = 200;

  /** Takes the samples. */
  @FunctionalInterface
  public interface Sink {
    /**
     * One sample.
     *
     * @param name metric name
     * @param labels reused for the next sample
     * @param value may be NaN or infinite
     */
    void sample(String name, Labels labels, double value);
  }

  private final Names names = new Names();
  private final Labels labels = new Labels();
  private byte[] body;
  private int at;
  private int end;
  private int line;

  /**
   * Parses a whole exposition.
   *
   * @throws ExpositionException naming the first line that breaks the format
   */
  public void parse(byte[] body, Sink sink) throws ExpositionException {
    parse(body, body.length, sink);
  }

  /**
   * Parses the first bytes of an array.
   *
   * @throws ExpositionException naming the first line that breaks the format
   */
  public void parse(byte[] body, int length, Sink sink) throws ExpositionException {
    this.body = body;
    at = 0;
    line = 0;
    while (at < length) {
      line++;
      end = at;
      while (end < length && body[end] != '\n') {
        end++;
      }
      int next = end + 1;
      if (end > at && body[end - 1] == '\r') {
        end--;
      }
      blanks();
      if (at < end && body[at] != '#') {
        sample(sink);
      }
      at = next;
    }
    this.body = null;
  }

  private void sample(Sink sink) throws ExpositionException {
    labels.clear();
    String name = null;
    if (body[at] != '{') {
      int from = at;
      while (at < end && body[at] != '{' && body[at] != ' ' && body[at] != '\t') {
        at++;
      }
      name = names.of(body, from, at);
      blanks();
    }
    if (at < end && body[at] == '{') {
      String quoted = labels();
      name = name == null ? quoted : name;
    }
    if (name == null) {
      throw broken("a sample without a name");
    }
    blanks();
    int from = at;
    while (at < end && body[at] != ' ' && body[at] != '\t') {
      at++;
    }
    if (from == at) {
      throw broken("metric " + name + " has no value");
    }
    double value = number(from, at);
    sink.sample(name, labels, value);
  }

  /** Reads {...}; returns a quoted metric name when the braces begin with one. */
  private String labels() throws ExpositionException {
    String metric = null;
    at++;
    while (true) {
      blanks();
      if (at >= end) {
        throw broken("labels without a closing brace");
      }
      if (body[at] == '}') {
        at++;
        return metric;
      }
      String name;
      if (body[at] == '"') {
        name = quoted();
        blanks();
        if (at < end && body[at] != '=') {
          metric = name;
          comma();
          continue;
        }
      } else {
        int from = at;
        while (at < end
            && body[at] != '='
            && body[at] != ' '
            && body[at] != ','
            && body[at] != '}') {
          at++;
        }
        name = names.of(body, from, at);
        blanks();
      }
      if (at >= end || body[at] != '=' || name.isEmpty()) {
        throw broken("a label without a value");
      }
      at++;
      blanks();
      if (at >= end || body[at] != '"') {
        throw broken("the value of label " + name + " is not quoted");
      }
      if (labels.size() == MOST_LABELS) {
        throw broken("more than " + MOST_LABELS + " labels");
      }
      labels.add(name, quoted());
      comma();
    }
  }

  private void comma() throws ExpositionException {
    blanks();
    if (at < end && body[at] == ',') {
      at++;
    } else if (at >= end || body[at] != '}') {
      throw broken("labels without a closing brace");
    }
  }

  private String quoted() throws ExpositionException {
    int from = ++at;
    boolean escaped = false;
    while (at < end && body[at] != '"') {
      if (body[at] == '\\') {
        escaped = true;
        at++;
      }
      at++;
    }
    if (at >= end) {
      throw broken("a quoted text without its closing quote");
    }
    String text = escaped ? unescape(from, at) : names.of(body, from, at);
    at++;
    return text;
  }

  private String unescape(int from, int to) {
    byte[] plain = new byte[to - from];
    int length = 0;
    for (int i = from; i < to; i++) {
      byte b = body[i];
      if (b == '\\' && i + 1 < to) {
        b = body[++i];
        if (b == 'n') {
          b = '\n';
        } else if (b != '\\' && b != '"') {
          plain[length++] = '\\';
        }
      }
      plain[length++] = b;
    }
    return names.of(plain, 0, length);
  }

  private double number(int from, int to) throws ExpositionException {
    // up to 15 digits and a point: exact as a long over a power of ten that a double holds
    long digits = 0;
    int i = from;
    boolean negative = body[i] == '-';
    if (negative) {
      i++;
    }
    int first = i;
    int point = -1;
    for (; i < to; i++) {
      byte b = body[i];
      if (b >= '0' && b <= '9' && i - first < 15) {
        digits = digits * 10 + (b - '0');
      } else if (b == '.' && point < 0) {
        point = i;
      } else {
        return slowNumber(from, to);
      }
    }
    if (i == first || (point >= 0 && i - first == 1)) {
      return slowNumber(from, to);
    }
    double value = point < 0 ? digits : digits / POWERS[to - point - 1];
    return negative ? -value : value;
  }

  private static final double[] POWERS = new double[20];

  static {
    for (int i = 0; i < POWERS.length; i++) {
      POWERS[i] = Math.pow(10, i);
    }
  }

  private double slowNumber(int from, int to) throws ExpositionException {
    String text = new String(body, from, to - from, StandardCharsets.ISO_8859_1);
    switch (text) {
      case "NaN", "nan":
        return Double.NaN;
      case "+Inf", "Inf", "+inf", "inf":
        return Double.POSITIVE_INFINITY;
      case "-Inf", "-inf":
        return Double.NEGATIVE_INFINITY;
      default:
        char last = text.charAt(text.length() - 1);
        if (Character.isLetter(last)) {
          throw broken("value " + text + " is not a number");
        }
        try {
          return Double.parseDouble(text);
        } catch (NumberFormatException e) {
          throw broken("value " + text + " is not a number");
        }
    }
  }

  private void blanks() {
    while (at < end && (body[at] == ' ' || body[at] == '\t')) {
      at++;
    }
  }

  private ExpositionException broken(String reason) {
    return new ExpositionException(line, reason);
  }
}
