package dev.plumbline.streams.findings;

import java.time.Duration;

/**
 * How long a condition must be seen before it is a finding, how long it must be gone before it is
 * resolved, and after how long without any sight it is stale. Event time.
 *
 * @param kind finding kind of the contract
 * @param aspect tells apart two conditions of one kind on one entity; empty when there is only one
 * @param raiseAfter how long it must be bad without a healthy sight between
 * @param raiseSights how many bad sights it takes at least
 * @param clearAfter how long it must be healthy without a bad sight between
 * @param staleAfter without a sight for so long the open finding is marked stale; zero for
 *     conditions that are seen only when something changes
 */
public record Rule(
    String kind,
    String aspect,
    Duration raiseAfter,
    int raiseSights,
    Duration clearAfter,
    Duration staleAfter) {

  /** On a measured signal: opens and clears at once, stale after five minutes without a sight. */
  public static Rule measured(String kind) {
    return new Rule(kind, "", Duration.ZERO, 1, Duration.ZERO, Duration.ofMinutes(5));
  }

  /** On a change that is told once: opens and clears at once, never stale. */
  public static Rule told(String kind) {
    return new Rule(kind, "", Duration.ZERO, 1, Duration.ZERO, Duration.ZERO);
  }

  public Rule aspect(String aspect) {
    return new Rule(kind, aspect, raiseAfter, raiseSights, clearAfter, staleAfter);
  }

  public Rule raise(Duration after, int sights) {
    return new Rule(kind, aspect, after, sights, clearAfter, staleAfter);
  }

  public Rule clear(Duration after) {
    return new Rule(kind, aspect, raiseAfter, raiseSights, after, staleAfter);
  }
}
