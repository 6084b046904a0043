package dev.plumbline.bench.fleet;

import java.util.Map;
import java.util.function.Supplier;

/** A scrape target: read at its own phase of the interval, now and then missed or failing. */
final class Target {
  private static final double MISSING = .003;
  private static final double FAILING = .0015;
  private static final double LATE = .003;

  private final Site site;
  final String source;
  final String name;
  private final Map<String, String> labels;
  private final double interval;
  private final Supplier<String> body;
  private final Supplier<String> failure;
  private final long noise;
  private final double phase;
  private boolean active = true;
  private String forcedError;

  /**
   * @param failure an error text while the target cannot answer, else null
   */
  Target(
      Site site,
      String source,
      String name,
      Map<String, String> labels,
      double interval,
      Supplier<String> body,
      Supplier<String> failure) {
    this.site = site;
    this.source = source;
    this.name = name;
    this.labels = labels;
    this.interval = interval;
    this.body = body;
    this.failure = failure;
    noise = Draw.hash(site.fleet.seed, "target/" + site.name + "/" + source + "/" + name);
    phase = Draw.at(noise, -1) * interval * .92;
    double now = site.fleet.loop.now();
    long first = (long) Math.ceil((Math.max(0, now) - phase) / interval);
    schedule(first);
  }

  private void schedule(long n) {
    double jitter = Math.abs(Draw.normalAt(noise, 4 * n)) * .015;
    site.fleet.loop.at(
        phase + n * interval + jitter,
        () -> {
          if (!active) {
            return;
          }
          scrape(n);
          schedule(n + 1);
        });
  }

  /** From now on every scrape fails with this text; null ends it. */
  void fail(String error) {
    forcedError = error;
  }

  private void scrape(long n) {
    if (!site.agentHears() || Draw.at(noise, 4 * n + 1) < MISSING) {
      return;
    }
    double late = Draw.at(noise, 4 * n + 2) < LATE ? 2 + 18 * Draw.at(noise, 4 * n + 3) : 0;
    String error = forcedError != null ? forcedError : failure.get();
    if (error == null && Draw.at(noise, 4 * n + 1) > 1 - FAILING) {
      error = "context deadline exceeded";
    }
    if (site.fleet.tape == null) {
      return;
    }
    site.fleet.tape.line(
        site.agentTime(),
        late,
        site.fleet.loop.now(),
        site.uid,
        "prometheus",
        source,
        name,
        labels,
        error == null ? body.get() : null,
        error);
  }

  /** A number for the quirks of one scrape, the same in both twins. */
  double quirk(int which) {
    return Draw.at(noise, (long) (site.fleet.loop.now() / interval) * 8 + 1_000_003 + which);
  }

  void gone() {
    if (!active) {
      return;
    }
    active = false;
    site.say("gone", source, name, labels, null);
  }
}
