package dev.plumbline.detectors.cohort;

/**
 * How much a natural experiment says for or against a suspected cause: the members of a cohort that
 * have it and that lack it, and how many of either suffer.
 *
 * <p>Two explanations are weighed. It is the cause: those that have it suffer with a rate that is
 * Beta({@value #HIT}, 1), those that lack it with one that is Beta(1, {@value #STRAY}). Or it is a
 * coincidence: all suffer with one rate of which nothing is known, Beta(1, 1). Each gives the
 * counts a chance, by the beta-binomial law:
 *
 * <pre>
 *   cause        B(hit + hs, 1 + hw) / B(hit, 1)  *  B(1 + ls, stray + lw) / B(1, stray)
 *   coincidence  B(1 + hs + ls, 1 + hw + lw)          h having, l lacking, s suffering, w well
 * </pre>
 *
 * The weight is the logarithm of the one over the other (a Bayes factor for two proportions: Gunel,
 * Dickey, "Bayes factors for independence in contingency tables", Biometrika 61 (1974) 545-557),
 * less what the sufferer alone gives, which is why anybody asks. It is added to the log odds of the
 * score.
 *
 * <ul>
 *   <li>No other member: 0. All others well that lack it: above 0. Others that have it and are
 *       well, or lack it and suffer: below 0.
 *   <li>Bounded by {@value #MOST}, so that neither time and distance nor the contrast decides
 *       alone: members of a cohort are never alike in everything.
 *   <li>Cost: O(members), nothing kept.
 * </ul>
 */
public final class Contrast {
  /** A cause is felt, and found, in three of four members: the mean of Beta(3, 1). */
  private static final int HIT = 3;

  /** One in twenty suffers at any time from something else: the mean of Beta(1, 19). */
  private static final int STRAY = 19;

  /** 3 is odds of 20 to 1. */
  private static final double MOST = 3;

  private static final double ALONE = Math.log(HIT / (HIT + 1.0) / 0.5);

  private Contrast() {}

  /**
   * Weight of the counts, -{@value #MOST} to {@value #MOST}.
   *
   * @param having members that have the suspected cause; the others lack it
   * @throws IllegalArgumentException when more suffer than there are, or a count is below 0
   */
  public static double weight(int having, int havingSuffer, int lacking, int lackingSuffer) {
    if (havingSuffer < 0 || lackingSuffer < 0 || havingSuffer > having || lackingSuffer > lacking) {
      throw new IllegalArgumentException(
          "%d of %d and %d of %d are no counts of a cohort"
              .formatted(havingSuffer, having, lackingSuffer, lacking));
    }
    int havingWell = having - havingSuffer;
    int lackingWell = lacking - lackingSuffer;
    double cause =
        logBeta(HIT + havingSuffer, 1 + havingWell)
            - logBeta(HIT, 1)
            + logBeta(1 + lackingSuffer, STRAY + lackingWell)
            - logBeta(1, STRAY);
    double coincidence = logBeta(1 + havingSuffer + lackingSuffer, 1 + havingWell + lackingWell);
    return Math.max(-MOST, Math.min(MOST, cause - coincidence - ALONE));
  }

  /**
   * A score after the weight was added to its log odds.
   *
   * @param score above 0 and below 1; taken as within 0.01 and 0.99
   */
  public static double weighed(double score, double weight) {
    double kept = Math.max(0.01, Math.min(0.99, score));
    double odds = Math.log(kept / (1 - kept)) + weight;
    return Math.min(0.99, 1 / (1 + Math.exp(-odds)));
  }

  /** Logarithm of B(a, b) = (a - 1)! (b - 1)! / (a + b - 1)! */
  private static double logBeta(int a, int b) {
    double log = -Math.log(Math.max(a, b));
    for (int i = 1; i < Math.min(a, b); i++) {
      log += Math.log(i) - Math.log(Math.max(a, b) + i);
    }
    return log;
  }
}
