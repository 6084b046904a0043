package dev.plumbline.detectors.record.reference;

import dev.plumbline.detectors.record.RecordRatio;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Scores the series of a folder, as the Python reference wrote them, with the reference as it was
 * changed step by step: {@code Steps IN OUT} writes for each variant {@code
 * OUT/VARIANT/<kind>/VARIANT_<file>} and prints a line of variant and meaning. The last of those
 * taken must say what {@link RecordRatio} says.
 */
public final class Steps {
  private Steps() {}

  public static void main(String[] folders) throws IOException {
    Path in = Path.of(folders[0]);
    Path out = Path.of(folders[1]);
    List<Path> files;
    try (Stream<Path> all = Files.walk(in)) {
      files = all.filter(each -> each.toString().endsWith(".csv")).sorted().toList();
    }
    int number = 0;
    variant(files, out, "taken" + number++, Set.of(), "the reference");
    Set<Step> taken = EnumSet.noneOf(Step.class);
    for (Step step : Step.TAKEN) {
      taken.add(step);
      variant(files, out, "taken" + number++, taken, "+ " + step.meaning);
    }
    for (Step step : Step.TAKEN) {
      Set<Step> steps = EnumSet.copyOf(taken);
      steps.remove(step);
      variant(files, out, "without-" + step.ordinal(), steps, "all, but not: " + step.meaning);
    }
    for (Step step : EnumSet.complementOf(EnumSet.copyOf(Step.TAKEN))) {
      Set<Step> steps = EnumSet.copyOf(taken);
      steps.add(step);
      variant(files, out, "tried-" + step.ordinal(), steps, "all, and tried: " + step.meaning);
    }
  }

  private static void variant(
      List<Path> files, Path out, String name, Set<Step> steps, String meaning) throws IOException {
    for (Path file : files) {
      Path folder = out.resolve(name).resolve(file.getParent().getFileName());
      String series = file.getFileName().toString().replaceFirst("^[^_]*_", "");
      Files.createDirectories(folder);
      List<String> lines = Files.readAllLines(file);
      try (PrintWriter writer =
          new PrintWriter(Files.newBufferedWriter(folder.resolve(name + "_" + series)))) {
        score(lines, new ReferenceRecordRatio(steps), writer);
      }
    }
    System.out.println(name + "\t" + meaning);
  }

  private static void score(List<String> lines, ReferenceRecordRatio detector, PrintWriter out) {
    out.println("timestamp,value,anomaly_score");
    for (String line : lines.subList(1, lines.size())) {
      String[] fields = line.split(",");
      double surprise = detector.update(PortCheck.millis(fields[0]), Double.parseDouble(fields[1]));
      out.println(fields[0] + "," + fields[1] + "," + ReferenceRecordRatio.score(surprise));
    }
  }
}
