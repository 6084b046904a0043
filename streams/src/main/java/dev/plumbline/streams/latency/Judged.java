package dev.plumbline.streams.latency;

import dev.plumbline.detectors.load.Shift;

/** What is judged, and what is asked of it before anybody is told. */
enum Judged {
  /** Users see a stream that is a fifth slower; less is the noise of batching. */
  STEP("inter_token", "a token", "tokens", 0.2, 0.0012, 0.02, 0.1) {
    @Override
    Shift shift() {
      // steps of one scrape hardly depend on those of the one before
      return new Shift(0.6, 12);
    }
  },
  /** A wait for the first token varies more, and is felt from some tens of milliseconds on. */
  FIRST("ttft", "the first token", "first tokens", 0.3, 0.02, 0.1, 0.3) {
    @Override
    Shift shift() {
      // a queue outlasts a scrape: first tokens wait in bursts, and more evidence is asked for
      return new Shift(1, 20);
    }
  };

  final String signal;
  final String one;
  final String many;

  /** Least relative shift of the level. */
  final double leastExcess;

  /** Least shift of the level. */
  final double leastSeconds;

  /** How much longer than usual the slow ones of a tail take at least. */
  final double leastExtraSeconds;

  /** Of the deviations of two replicas at one time: behind one balancer they share its bursts. */
  final double correlation;

  Judged(
      String signal,
      String one,
      String many,
      double leastExcess,
      double leastSeconds,
      double leastExtraSeconds,
      double correlation) {
    this.signal = signal;
    this.one = one;
    this.many = many;
    this.leastExcess = leastExcess;
    this.leastSeconds = leastSeconds;
    this.leastExtraSeconds = leastExtraSeconds;
    this.correlation = correlation;
  }

  /** A new sum of evidence. */
  abstract Shift shift();
}
