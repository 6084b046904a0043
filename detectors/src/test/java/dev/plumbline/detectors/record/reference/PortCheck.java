package dev.plumbline.detectors.record.reference;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Compares the port with what the Python reference wrote: every CSV file under a folder, of the
 * columns timestamp, value, score. Prints one line and ends with 1 when a score differs by more
 * than 1e-9.
 */
public final class PortCheck {
  private static final double MOST = 1e-9;

  private PortCheck() {}

  public static void main(String[] folder) throws IOException {
    long rows = 0;
    double worst = 0;
    List<Path> files;
    try (Stream<Path> all = Files.walk(Path.of(folder[0]))) {
      files = all.filter(each -> each.toString().endsWith(".csv")).sorted().toList();
    }
    for (Path file : files) {
      List<String> lines = Files.readAllLines(file);
      rows += lines.size() - 1;
      worst = Math.max(worst, difference(lines.subList(1, lines.size())));
    }
    System.out.printf(
        "%d series, %d rows, greatest difference of a score %.1e%n", files.size(), rows, worst);
    System.exit(rows > 0 && worst <= MOST ? 0 : 1);
  }

  /** Greatest difference between the port's scores and those in the lines. */
  static double difference(List<String> lines) {
    ReferenceRecordRatio port = new ReferenceRecordRatio(Set.of());
    double worst = 0;
    for (String line : lines) {
      String[] fields = line.split(",");
      double surprise = port.update(millis(fields[0]), Double.parseDouble(fields[1]));
      double score = ReferenceRecordRatio.score(surprise);
      worst = Math.max(worst, Math.abs(score - Double.parseDouble(fields[2])));
    }
    return worst;
  }

  /** Reads {@code yyyy-MM-dd HH:mm:ss}, which is UTC. */
  static long millis(String time) {
    return LocalDateTime.parse(time.replace(' ', 'T')).toInstant(ZoneOffset.UTC).toEpochMilli();
  }
}
