package dev.plumbline.schemas.registry;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Ids of which the registry has just said that it has no schema, so that a run of garbage does not
 * ask for each record. An id may be registered at any time and its records must then be read: an
 * answer is held for {@value #MILLIS} ms and not longer.
 */
final class UnknownIds {
  static final int MILLIS = 500;

  /** So many are held; the oldest goes first. */
  static final int MOST = 1_000;

  private record Answer(RegistryException refusal, long until) {}

  private final LongSupplier nanos;
  private final Map<Integer, Answer> answers =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Integer, Answer> eldest) {
          return size() > MOST;
        }
      };

  /**
   * @param nanos a clock for waiting; any origin
   */
  UnknownIds(LongSupplier nanos) {
    this.nanos = nanos;
  }

  /** What the registry answered a moment ago; null when it has to be asked. */
  synchronized RegistryException get(int id) {
    Answer answer = answers.get(id);
    if (answer == null) {
      return null;
    }
    if (answer.until() - nanos.getAsLong() <= 0) {
      answers.remove(id);
      return null;
    }
    return answer.refusal();
  }

  synchronized void add(int id, RegistryException refusal) {
    answers.remove(id);
    answers.put(id, new Answer(refusal, nanos.getAsLong() + TimeUnit.MILLISECONDS.toNanos(MILLIS)));
  }
}
