package dev.plumbline.detectors.backtest;

import java.io.IOException;

/**
 * A series that can't be read; the message names the file, the line, the field and what is wanted.
 */
public final class BacktestException extends IOException {
  BacktestException(String message) {
    super(message);
  }

  BacktestException(String message, Throwable cause) {
    super(message, cause);
  }
}
