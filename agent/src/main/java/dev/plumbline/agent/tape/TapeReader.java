package dev.plumbline.agent.tape;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;

/**
 * Reads a tape line by line, plain or gzipped; holds one line at a time. A line that is not as the
 * contract says is reported with file and line number, counted and passed over.
 */
public final class TapeReader implements Closeable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final String file;
  private final BufferedReader lines;
  private final Consumer<String> trouble;
  private long number;
  private long broken;

  /**
   * Opens a tape.
   *
   * @param trouble takes a sentence about each broken line
   */
  public TapeReader(Path file, Consumer<String> trouble) throws IOException {
    this(file.toString(), open(file), trouble);
  }

  /** Reads a tape that is already open, for example from the class path. */
  public TapeReader(String name, InputStream in, Consumer<String> trouble) {
    file = name;
    lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8), 1 << 16);
    this.trouble = trouble;
  }

  /** The next good line; empty at the end. */
  public Optional<TapeLine> next() throws IOException {
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      number++;
      if (line.isBlank()) {
        continue;
      }
      try {
        return Optional.of(parse(JSON.readTree(line)));
      } catch (JsonProcessingException e) {
        report("not valid JSON: " + e.getOriginalMessage());
      } catch (IllegalArgumentException e) {
        report(e.getMessage());
      }
    }
    return Optional.empty();
  }

  /** Number of the line read last, from 1. */
  public long number() {
    return number;
  }

  /** Number of lines passed over so far. */
  public long broken() {
    return broken;
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }

  private void report(String reason) {
    broken++;
    trouble.accept(file + ":" + number + ": " + reason);
  }

  private static InputStream open(Path file) throws IOException {
    InputStream in = Files.newInputStream(file);
    return file.toString().endsWith(".gz") ? new GZIPInputStream(in, 1 << 16) : in;
  }

  private static TapeLine parse(JsonNode line) {
    TapeLine.Format format = format(required(line, "format"));
    JsonNode body = line.get("body");
    boolean failed = body == null || body.isNull();
    boolean scrape = format == TapeLine.Format.PROMETHEUS;
    if (scrape && !failed && !body.isTextual()) {
      throw new IllegalArgumentException("field body must be text in a prometheus line");
    }
    if (scrape && failed && !line.path("error").isTextual()) {
      throw new IllegalArgumentException("a prometheus line without body must have field error");
    }
    boolean structured = format == TapeLine.Format.OBJECT || format == TapeLine.Format.IDENTITY;
    if (structured && (failed || !body.isObject())) {
      throw new IllegalArgumentException("field body must be an object");
    }
    return new TapeLine(
        instant(required(line, "at")),
        required(line, "cluster"),
        format,
        required(line, "source"),
        required(line, "target"),
        labels(line.get("labels")),
        scrape && !failed ? body.textValue().getBytes(StandardCharsets.UTF_8) : null,
        structured ? body : null,
        scrape && failed ? line.path("error").asText() : null);
  }

  private static String required(JsonNode line, String field) {
    JsonNode value = line.get(field);
    if (value == null || !value.isTextual() || value.textValue().isEmpty()) {
      throw new IllegalArgumentException("field " + field + " is missing or not text");
    }
    return value.textValue();
  }

  private static TapeLine.Format format(String name) {
    try {
      return TapeLine.Format.valueOf(name.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "field format is " + name + "; it must be identity, prometheus, object or gone", e);
    }
  }

  private static Instant instant(String text) {
    try {
      return Instant.parse(text);
    } catch (DateTimeParseException e) {
      throw new IllegalArgumentException("field at is " + text + "; it must be RFC 3339 UTC", e);
    }
  }

  private static Map<String, String> labels(JsonNode node) {
    Map<String, String> labels = new TreeMap<>();
    if (node != null) {
      node.properties().forEach(it -> labels.put(it.getKey(), it.getValue().asText()));
    }
    return labels;
  }
}
