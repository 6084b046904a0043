package dev.plumbline.agent.exposition;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
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

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private static final long ONES = 0x0101010101010101L;
  private static final long HIGHS = 0x8080808080808080L;
  private static final long NEWLINES = '\n' * ONES;

  /** A text longer than this is shown up to here in messages. */
  private static final int SHOWN = 60;

  private final Names names = new Names();
  private final Labels labels = new Labels();
  private byte[] body;
  private int at;
  private int end;
  private int line;
  private int begin;

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
      begin = at;
      end = endOfLine(body, at, length);
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

  /** Eight bytes at a time (H. S. Warren, Hacker's Delight, 2nd ed., 6-1: find the first 0). */
  private static int endOfLine(byte[] body, int from, int length) {
    int i = from;
    for (; i + Long.BYTES <= length; i += Long.BYTES) {
      long word = (long) LONGS.get(body, i) ^ NEWLINES;
      long found = (word - ONES) & ~word & HIGHS;
      if (found != 0) {
        return i + (Long.numberOfTrailingZeros(found) >>> 3);
      }
    }
    while (i < length && body[i] != '\n') {
      i++;
    }
    return i;
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
      throw broken("metric " + shown(name) + " has no value");
    }
    double value = number(from, at);
    blanks();
    if (at < end && body[at] != '#') {
      timestamp();
    }
    sink.sample(name, labels, value);
  }

  /** Passed over: the agent's own time of observation counts. */
  private void timestamp() throws ExpositionException {
    int from = at;
    while (at < end && body[at] != ' ' && body[at] != '\t') {
      byte b = body[at];
      if ((b < '0' || b > '9') && b != '-' && b != '.' && b != '+' && b != 'e' && b != 'E') {
        at = from;
        throw broken("the timestamp is not a number");
      }
      at++;
    }
    blanks();
    if (at < end && body[at] != '#') {
      throw broken("more than a value and a timestamp");
    }
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
        throw broken("the value of label " + shown(name) + " is not quoted");
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
    try {
      return Decimal.read(body, from, to);
    } catch (NumberFormatException e) {
      at = from;
      throw broken("value " + shown(from, to) + " is not a number");
    }
  }

  private String shown(int from, int to) {
    return shown(new String(body, from, to - from, StandardCharsets.UTF_8));
  }

  private static String shown(String text) {
    return text.length() > SHOWN ? text.substring(0, SHOWN) + "..." : text;
  }

  private void blanks() {
    while (at < end && (body[at] == ' ' || body[at] == '\t')) {
      at++;
    }
  }

  private ExpositionException broken(String reason) {
    return new ExpositionException(line, Math.min(at, end) - begin + 1, reason);
  }
}
