package dev.plumbline.bench.load;

import dev.plumbline.schemas.event.Histogram;
import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.schemas.event.ModelServerSample;
import java.util.List;
import java.util.SplittableRandom;

/** A batching model server: the more it has to do, the longer each step takes. */
final class ServerModel implements Load.Model {
  private static final double PROMPT_TOKENS = 900;
  private static final double OUTPUT_TOKENS = 220;

  private final LatencySnapshot snapshot;
  private final SplittableRandom random;
  private final boolean sick;
  private final int from;

  /**
   * @param sick whether its steps take half as long again in the last third
   * @param ticks scrapes of the whole load
   */
  ServerModel(LatencySnapshot snapshot, SplittableRandom random, boolean sick, int ticks) {
    this.snapshot = snapshot;
    this.random = random;
    this.sick = sick;
    from = ticks * 2 / 3;
    for (ModelServerSample server : snapshot.getServers()) {
      // the fixture is a server in trouble; this one starts well
      server.setRequestsWaiting(0);
      server.setRequestsWaitingForCapacity(0);
      server.setKvCacheUsageRatio(0.3);
    }
  }

  @Override
  public void advance(int tick, long at, double seconds, double demand) {
    for (ModelServerSample server : snapshot.getServers()) {
      double requests = Math.max(0, Math.rint(6 * demand * seconds * (1 + 0.15 * noise())));
      double tokens = Math.rint(requests * OUTPUT_TOKENS * (1 + 0.05 * noise()));
      double prompts = Math.rint(requests * PROMPT_TOKENS * (1 + 0.1 * noise()));
      double step =
          (0.012 + 4e-6 * tokens / seconds + 4e-7 * prompts / seconds) * (1 + 0.02 * noise());
      if (sick && tick >= from) {
        step *= 1.5;
      }
      server.setRequestsRunning(Math.rint(requests / seconds * OUTPUT_TOKENS * step));
      server.setKvCacheUsageRatio(Math.rint(1e6 * (0.2 + 0.5 * demand + 0.05 * noise())) / 1e6);
      server.setPromptTokens(server.getPromptTokens() + prompts);
      server.setGenerationTokens(server.getGenerationTokens() + tokens);
      server.setCachedPromptTokens(server.getCachedPromptTokens() + Math.rint(prompts / 3));
      server.setPrefixCacheQueries(server.getPrefixCacheQueries() + prompts);
      server.setPrefixCacheHits(server.getPrefixCacheHits() + Math.rint(prompts / 3));
      server.getFinished().computeIfPresent("stop", (reason, count) -> count + requests);
      for (Histogram histogram : server.getHistograms()) {
        switch (histogram.getSignal()) {
          case "inter_token" -> add(histogram, tokens, step, 0.25);
          case "ttft" -> add(histogram, requests, 0.05 + 6 * step, 0.5);
          case "queue" -> add(histogram, requests, 0.02 * (1 + demand), 0.8);
          case "prefill" -> add(histogram, requests, 0.04 + 2 * step, 0.5);
          default -> {
            boolean sizes = histogram.getSignal().endsWith("_tokens");
            add(histogram, requests, sizes ? OUTPUT_TOKENS : OUTPUT_TOKENS * step, 0.6);
          }
        }
      }
    }
  }

  /** Observations of a lognormal around a median, put into the buckets. */
  private static void add(Histogram histogram, double count, double median, double sigma) {
    List<Double> counts = histogram.getCounts();
    List<Double> bounds = histogram.getBounds();
    for (int i = 0; i < bounds.size(); i++) {
      double z = bounds.get(i) <= 0 ? -9 : Math.log(bounds.get(i) / median) / sigma;
      counts.set(i, counts.get(i) + Math.rint(count / (1 + Math.exp(-1.702 * z))));
    }
    counts.set(bounds.size(), counts.get(bounds.size()) + count);
    histogram.setSum(histogram.getSum() + count * median * Math.exp(sigma * sigma / 2));
  }

  private double noise() {
    return random.nextDouble() + random.nextDouble() - 1;
  }
}
