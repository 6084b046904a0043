package dev.plumbline.agent.scrape;

/** A scrape that gave nothing; the message is a sentence for an operator. */
public final class ScrapeException extends Exception {
  private static final long serialVersionUID = 1;

  ScrapeException(String message, Throwable cause) {
    super(message, cause);
  }
}
