package dev.plumbline.bench.fleet;

/**
 * A slow path beside the usual one: some requests wait on something before they are computed, or
 * some steps stall, while the others take what they always took. It knows how often it was taken,
 * because one that hardly anybody took can't be found.
 */
final class SlowPath {
  /** Times after which an observer can tell it from a few unlucky ones. */
  private static final int TELLING = 10;

  final boolean ofSteps;
  private final double share;
  private final double seconds;
  private final Truth.Event event;
  private int taken;

  /**
   * @param event becomes due once the path was taken often enough; optional until then
   */
  SlowPath(boolean ofSteps, double share, double seconds, Truth.Event event) {
    this.ofSteps = ofSteps;
    this.share = share;
    this.seconds = seconds;
    this.event = event.optional();
  }

  /** Seconds that whoever draws this number between 0 and 1 has to wait. */
  double wait(double drawn, double now) {
    if (drawn >= share) {
      return 0;
    }
    if (++taken == TELLING) {
      event.detectableFrom = now;
      event.optional = false;
    }
    return seconds * (.7 + .6 * drawn / share);
  }
}
