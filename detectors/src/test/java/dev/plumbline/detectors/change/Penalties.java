package dev.plumbline.detectors.change;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Prints {@code penalty,series,row} for each change that is found in the series of a folder (CSV of
 * timestamp,value) with penalties around the one in production, to show how much hangs on it.
 */
public final class Penalties {
  private static final double[] PENALTIES = {2, 3, 4, 5, 6, 8, 10};

  private Penalties() {}

  public static void main(String[] folder) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.list(Path.of(folder[0]))) {
      files = all.sorted().toList();
    }
    for (double penalty : PENALTIES) {
      for (Path file : files) {
        String series = file.getFileName().toString().replace(".csv", "");
        ChangePoint detector = new ChangePoint(penalty);
        List<String> lines = Files.readAllLines(file);
        for (int row = 0; row < lines.size() - 1; row++) {
          detector.update(Double.parseDouble(lines.get(row + 1).split(",")[1]));
          if (detector.since() > 0) {
            System.out.println(penalty + "," + series + "," + (row + 1 - detector.since()));
          }
        }
      }
    }
  }
}
