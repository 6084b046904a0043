package dev.plumbline.streams.latency;

/** What a judged scrape of one replica says of one latency, for those that are told together. */
final class Sight {
  /** False when nothing was judged: all else is of a scrape before. */
  boolean judged;

  /** When the scrape began, milliseconds. */
  long from;

  double requests;
  double seconds;
  double usualSeconds;

  /** Relative deviation to expect of {@link #seconds}. */
  double deviation;

  /** False when its tail was not judged. */
  boolean counted;

  double slow;
  double usualSlow;
  double dispersion;
  double all;
  double slowSeconds;
}
