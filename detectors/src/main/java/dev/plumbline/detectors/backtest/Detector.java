package dev.plumbline.detectors.backtest;

import dev.plumbline.detectors.change.ChangePoint;
import dev.plumbline.detectors.record.RecordRatio;
import java.util.Locale;

/** The detectors that a series can be scored with, by the names that the command knows. */
public enum Detector {
  /** Surprise of each value; suits itself to the interval of the rows. See {@link RecordRatio}. */
  RECORD {
    @Override
    Scorer scorer() {
      RecordRatio detector = new RecordRatio();
      return (at, value) -> RecordRatio.score(detector.update(at, value));
    }
  },

  /** Lasting changes of the level, dated. See {@link ChangePoint}. */
  CHANGE {
    @Override
    Scorer scorer() {
      ChangePoint detector = new ChangePoint();
      return new Scorer() {
        @Override
        public double score(long at, double value) {
          double evidence = detector.update(value);
          return evidence / (1 + evidence);
        }

        @Override
        public int changedSince() {
          return detector.since();
        }
      };
    }

    @Override
    boolean dates() {
      return true;
    }
  };

  /** Scores one series, row by row. */
  interface Scorer {
    /** Score in 0..1 of the next value; NaN when it is missing. */
    double score(long atMillis, double value);

    /** Rows, the last one included, since the change that it showed; 0 when it showed none. */
    default int changedSince() {
      return 0;
    }
  }

  abstract Scorer scorer();

  /** Whether it tells when a change began. */
  boolean dates() {
    return false;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
