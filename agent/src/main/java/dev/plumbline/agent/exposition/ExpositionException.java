package dev.plumbline.agent.exposition;

/** An exposition that breaks the format; the message names the place and what is wrong there. */
public final class ExpositionException extends Exception {
  private static final long serialVersionUID = 1;

  private final int line;
  private final int column;

  ExpositionException(int line, int column, String message) {
    super("line " + line + ", column " + column + ": " + message);
    this.line = line;
    this.column = column;
  }

  /** Number of the line, from 1. */
  public int line() {
    return line;
  }

  /** Number of the byte in its line, from 1. */
  public int column() {
    return column;
  }
}
