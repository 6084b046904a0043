package dev.plumbline.bench.fleet;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedWriter;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.zip.GZIPOutputStream;

/** Writes the lines of a tape in the order of their time, a few of them late. */
final class Tape implements Closeable {
  static final ObjectMapper JSON = new ObjectMapper();
  private static final double WINDOW = 130;

  private record Line(double place, long order, String text) implements Comparable<Line> {
    @Override
    public int compareTo(Line other) {
      int byPlace = Double.compare(place, other.place);
      return byPlace != 0 ? byPlace : Long.compare(order, other.order);
    }
  }

  private final Writer out;
  private final Moments moments;
  private final PriorityQueue<Line> pending = new PriorityQueue<>();
  private long written;

  Tape(Path file, Moments moments) throws IOException {
    this.moments = moments;
    out =
        new BufferedWriter(
            new OutputStreamWriter(
                new GZIPOutputStream(Files.newOutputStream(file), 1 << 16), StandardCharsets.UTF_8),
            1 << 16);
  }

  /**
   * @param at what the agent's clock says, seconds since the tape began
   * @param late seconds by which the line comes too late in the file
   * @param now what the true clock says: lines more than two minutes older are final
   */
  void line(
      double at,
      double late,
      double now,
      String cluster,
      String format,
      String source,
      String target,
      Map<String, String> labels,
      Object body,
      String error) {
    StringWriter text = new StringWriter(body instanceof String s ? s.length() + 512 : 1024);
    try (JsonGenerator json = JSON.createGenerator(text)) {
      json.writeStartObject();
      json.writeStringField("at", moments.rfc(at));
      json.writeStringField("cluster", cluster);
      json.writeStringField("format", format);
      json.writeStringField("source", source);
      json.writeStringField("target", target);
      if (labels != null && !labels.isEmpty()) {
        json.writeObjectField("labels", labels);
      }
      if (error != null) {
        json.writeNullField("body");
        json.writeStringField("error", error);
      } else if (body != null) {
        json.writeObjectField("body", body);
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    pending.add(new Line(at + late, written++, text.toString()));
    while (!pending.isEmpty() && pending.peek().place() < now - WINDOW) {
      write(pending.poll());
    }
  }

  private void write(Line line) {
    try {
      out.write(line.text());
      out.write('\n');
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  long lines() {
    return written;
  }

  @Override
  public void close() throws IOException {
    while (!pending.isEmpty()) {
      write(pending.poll());
    }
    out.close();
  }
}
