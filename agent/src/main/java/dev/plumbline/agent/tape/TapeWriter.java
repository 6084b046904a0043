package dev.plumbline.agent.tape;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.zip.GZIPOutputStream;

/** Records what an agent receives as a tape; gzipped when the file's name ends in .gz. */
public final class TapeWriter implements Closeable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final DateTimeFormatter AT =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

  private final OutputStream out;

  public TapeWriter(Path file) throws IOException {
    OutputStream plain = Files.newOutputStream(file);
    out = file.toString().endsWith(".gz") ? new GZIPOutputStream(plain, 1 << 16, true) : plain;
  }

  /** Appends a line. */
  public synchronized void write(TapeLine line) throws IOException {
    ObjectNode node = JSON.createObjectNode();
    node.put("at", AT.format(line.at()));
    node.put("cluster", line.cluster());
    node.put("format", line.format().name().toLowerCase(Locale.ROOT));
    node.put("source", line.source());
    node.put("target", line.target());
    if (!line.labels().isEmpty()) {
      ObjectNode labels = node.putObject("labels");
      line.labels().forEach(labels::put);
    }
    switch (line.format()) {
      case PROMETHEUS -> {
        node.put(
            "body", line.text() == null ? null : new String(line.text(), StandardCharsets.UTF_8));
        if (line.error() != null) {
          node.put("error", line.error());
        }
      }
      case OBJECT, IDENTITY -> node.set("body", line.object());
      case GONE -> {}
    }
    out.write((JSON.writeValueAsString(node) + "\n").getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public synchronized void close() throws IOException {
    out.close();
  }
}
