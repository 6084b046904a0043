package dev.plumbline.agent.mapping;

/** A mapping file that can't be used; the message names file, place and remedy. */
public final class MappingException extends RuntimeException {
  private static final long serialVersionUID = 1;

  MappingException(String message) {
    super(message);
  }

  MappingException(String message, Throwable cause) {
    super(message, cause);
  }
}
