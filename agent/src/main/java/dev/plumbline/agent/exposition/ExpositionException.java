package dev.plumbline.agent.exposition;

/** An exposition that breaks the format; the message names the line and what is wrong with it. */
public final class ExpositionException extends Exception {
  private static final long serialVersionUID = 1;

  private final int line;

  ExpositionException(int line, String message) {
    super("line " + line + ": " + message);
    this.line = line;
  }

  /** Number of the line, from 1. */
  public int line() {
    return line;
  }
}
