package dev.plumbline.detectors.record.reference;

import java.util.EnumSet;
import java.util.Set;

/** What was changed, or tried, between the reference and the detector in production. */
public enum Step {
  NO_TRANSITIONS("no channel for transitions between ranges of values"),
  NO_STEP("no channel for the step from the last value"),
  ANY_ROW_ERROR("the forecast's error weighs the same at any interval"),
  RAW_RECORDS("records are those of the value, not of its ratio to the mean"),
  NO_HOLD("no peak hold"),
  WEEK("the hour profile remembers a week"),
  LONG_ROWS("a term for the row by itself, for rows of an hour"),

  SHORT_ROWS_TOO("that term at any interval"),
  ROW_RECORD("that term over its own record"),
  WIDE_MARGIN("a record must be 5 % higher"),
  WIDER_MARGIN("a record must be 10 % higher"),
  MONTH("the hour profile remembers four weeks");

  /** What production has. */
  public static final Set<Step> TAKEN = EnumSet.range(NO_TRANSITIONS, LONG_ROWS);

  final String meaning;

  Step(String meaning) {
    this.meaning = meaning;
  }
}
