package dev.plumbline.streams.gpu;

/** How well it is known who takes what a victim lacks; better ones come first. */
enum Attribution {
  /** The pod's own use was measured: its process, its containers, its instance, its board. */
  MEASURED("measured", 0.9),

  /** The whole was measured, and all but one of those who could have taken it are ruled out. */
  APPORTIONED("apportioned", 0.8),

  /** Only the whole was measured: nobody is accused. */
  DEVICE_WIDE("device-wide", 0.5);

  /** As it stands in evidence. */
  final String said;

  /** How sure it makes a cause, 0 to 1. */
  final double score;

  Attribution(String said, double score) {
    this.said = said;
    this.score = score;
  }
}
