package dev.plumbline.streams.cause;

import dev.plumbline.schemas.event.Cause;
import dev.plumbline.schemas.event.Contrast;

/** What the members of a cohort say of a candidate, in numbers and in words. */
public final class Contrasts {
  private Contrasts() {}

  /** What members have in common, as evidence names it; empty values are left out. */
  public static String cohort(String model, String product, String load) {
    StringBuilder text = new StringBuilder("model=").append(model);
    if (!product.isEmpty()) {
      text.append(", product=").append(product);
    }
    if (!load.isEmpty()) {
      text.append(", load=").append(load);
    }
    return text.toString();
  }

  /** Counts of a cohort. */
  public static Contrast of(
      String cohort, int having, int havingSuffer, int lacking, int lackingSuffer) {
    return Contrast.newBuilder()
        .setCohort(cohort)
        .setHaving(having)
        .setHavingSuffer(havingSuffer)
        .setLacking(lacking)
        .setLackingSuffer(lackingSuffer)
        .build();
  }

  /** The candidate with its score moved by what the counts say, and with the counts in words. */
  public static Cause weighed(Cause candidate, Contrast counts) {
    return Cause.newBuilder(candidate)
        .setScore(
            dev.plumbline.detectors.cohort.Contrast.weighed(candidate.getScore(), weight(counts)))
        .setReason(candidate.getReason() + "; " + words(counts))
        .setContrast(counts)
        .build();
  }

  /** How much the counts say, in log odds. */
  public static double weight(Contrast counts) {
    return dev.plumbline.detectors.cohort.Contrast.weight(
        counts.getHaving(),
        counts.getHavingSuffer(),
        counts.getLacking(),
        counts.getLackingSuffer());
  }

  /** A candidate as it was before a cohort was asked. */
  public static Cause plain(Cause candidate) {
    Contrast counts = candidate.getContrast();
    if (counts == null) {
      return candidate;
    }
    String said = "; " + words(counts);
    String reason = candidate.getReason();
    return Cause.newBuilder(candidate)
        .setScore(
            dev.plumbline.detectors.cohort.Contrast.weighed(candidate.getScore(), -weight(counts)))
        .setReason(
            reason.endsWith(said) ? reason.substring(0, reason.length() - said.length()) : reason)
        .setContrast(null)
        .build();
  }

  /** The counts as a sentence has them. */
  public static String words(Contrast counts) {
    return "%d of %d replicas that have it suffer, and %d of %d that lack it"
        .formatted(
            counts.getHavingSuffer(),
            counts.getHaving(),
            counts.getLackingSuffer(),
            counts.getLacking());
  }
}
