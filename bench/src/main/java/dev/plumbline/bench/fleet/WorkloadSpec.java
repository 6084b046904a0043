package dev.plumbline.bench.fleet;

/**
 * A model server as its owner describes it.
 *
 * @param sharing how it gets its board
 * @param boards tensor-parallel degree, 1 unless {@code WHOLE}
 * @param concurrency requests in flight in a replica at the mean load; sets the arrival rate
 * @param cv coefficient of variation of the gaps between arrivals
 * @param rhythm part of the load that follows the day, 0 to 1
 * @param promptMedian tokens; lengths are log-normal with {@code promptSigma}
 */
record WorkloadSpec(
    String name,
    String namespace,
    String tenant,
    Model model,
    Sharing sharing,
    int boards,
    int replicas,
    double concurrency,
    double cv,
    double rhythm,
    double promptMedian,
    double promptSigma,
    double outputMedian,
    double outputSigma,
    int maxSequences,
    int tokenBudget,
    int maxModelLength,
    boolean autoscaled) {
  enum Sharing {
    WHOLE,
    TIME_SLICED,
    MIG
  }

  double meanPrompt() {
    return Math.min(maxModelLength * .8, promptMedian * Math.exp(promptSigma * promptSigma / 2));
  }

  double meanOutput() {
    return outputMedian * Math.exp(outputSigma * outputSigma / 2);
  }
}
