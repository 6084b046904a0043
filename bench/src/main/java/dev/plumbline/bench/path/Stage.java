package dev.plumbline.bench.path;

import java.nio.file.Path;

/** One way to go over the topics, from reading alone to the whole of judging. */
interface Stage {
  /** Short name, the same in every report. */
  String name();

  /** What it does, for people. */
  String about();

  /**
   * Goes over the topics once.
   *
   * @param folder empty; for whatever state it keeps
   */
  Probe.Taken run(Fixture fixture, Path folder) throws Exception;
}
