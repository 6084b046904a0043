package dev.plumbline.schemas.serde;

import org.apache.kafka.common.errors.SerializationException;

/**
 * Bytes that can never become an event, however often they are read: they belong in the dead
 * letters. A registry that doesn't answer is another matter and throws something else.
 */
public final class BadRecordException extends SerializationException {
  private static final long serialVersionUID = 1;

  /** Why the bytes are no event. */
  public enum Cause {
    /** No bytes at all. */
    EMPTY,
    /** Doesn't begin with a zero and a schema id. */
    NOT_WIRE_FORMAT,
    /** The registry knows no schema of this id. */
    UNKNOWN_SCHEMA_ID,
    /** The record ends before its schema says. */
    TRUNCATED,
    /** Not the data that the schema says, or a schema that can't be read as this event. */
    INCOMPATIBLE
  }

  private final Cause cause;

  public BadRecordException(Cause cause, String message) {
    super(message);
    this.cause = cause;
  }

  public BadRecordException(Cause cause, String message, Throwable reason) {
    super(message, reason);
    this.cause = cause;
  }

  public Cause cause() {
    return cause;
  }
}
