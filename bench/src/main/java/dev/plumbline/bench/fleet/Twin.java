package dev.plumbline.bench.fleet;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Compares a run with its twin: the same fleet, the same requests, no fault. What differs is what
 * the fault did; a fault that made no difference is no event.
 */
final class Twin {
  /** Below this ratio of geometric means a replica counts as untouched. */
  private static final double TOUCHED = 1.08;

  /** From this ratio on a swing must be found; below, it may be. */
  private static final double MUST = 1.18;

  private static final int SPAN = 3;

  private record Effect(double ratio, double first, double last, int minutes) {}

  private final Fleet run;
  private final Fleet twin;

  Twin(Fleet run, Fleet twin) {
    this.run = run;
    this.twin = twin;
  }

  void complete(Truth truth) {
    for (Truth.Episode episode : truth.episodes) {
      complete(truth, episode);
    }
    for (Truth.Episode episode : truth.episodes) {
      if (episode.main() != null && episode.main().detectableFrom == Double.POSITIVE_INFINITY) {
        truth.events.remove(episode.main());
      }
    }
    starvation(truth);
    throttling(truth);
    truth.events.removeIf(e -> e.from >= run.end - 1 || e.to <= e.from);
  }

  private void complete(Truth truth, Truth.Episode episode) {
    Effect worst = null;
    Effect earliest = null;
    if (episode.latency() != null) {
      for (Deployment d : deployments(episode)) {
        String workload = d.site.name + "/" + d.spec.name();
        Effect effect = effect(run.recorder.workload(workload), null, episode);
        if (effect != null) {
          worst = effect;
          Truth.Event latency = episode.latency();
          latency.detectableFrom = Math.max(episode.from(), effect.first());
          latency.to = Math.min(run.end, Math.max(effect.last(), episode.to()));
          finish(latency, effect);
          truth.add(latency);
        }
      }
    }
    for (Recorder.Series series : run.recorder.all()) {
      if (!episode.scope().test(series.server)) {
        continue;
      }
      Effect effect = effect(series, series.workload(), episode);
      if (effect == null) {
        continue;
      }
      if (!named(episode.main(), series.server)) {
        symptom(truth, episode, series, effect);
        continue;
      }
      worst = worst == null || effect.ratio() > worst.ratio() ? effect : worst;
      earliest = earliest == null || effect.first() < earliest.first() ? effect : earliest;
      symptom(truth, episode, series, effect);
    }
    Truth.Event main = episode.main();
    if (main != null && main.kind.equals("gpu.contention")) {
      if (worst == null) {
        main.optional = true;
        main.size = "none";
      } else {
        main.detectableFrom = Math.max(main.from, (earliest == null ? worst : earliest).first());
        finish(main, worst);
      }
    }
  }

  /** A victim that the event names, or any replica if it names none. */
  private static boolean named(Truth.Event main, Server server) {
    if (main == null || main.entity.get("pod") == null) {
      return true;
    }
    return server.pod.equals(main.entity.get("pod"))
        || main.also.stream().anyMatch(e -> server.pod.equals(e.get("pod")));
  }

  private void symptom(Truth truth, Truth.Episode episode, Recorder.Series series, Effect effect) {
    if (episode.latency() != null) {
      return;
    }
    Truth.Event symptom =
        new Truth.Event(
                "latency.swing",
                Truth.entity(series.server),
                episode.from(),
                Math.min(run.end, effect.last()),
                "symptom found by counterfactual: up to "
                    + Texts.go(Math.rint(effect.ratio() * 100) / 100)
                    + "x of the same requests without the fault")
            .optional();
    symptom.detectableFrom = Math.max(episode.from(), effect.first());
    symptom.size = size(effect.ratio());
    if (!episode.causes().isEmpty()) {
      symptom.cause = episode.causes().get(0);
      symptom.causeAlso.addAll(episode.causes().subList(1, episode.causes().size()));
    }
    truth.add(symptom);
  }

  private static void finish(Truth.Event event, Effect effect) {
    event.size = size(effect.ratio());
    if (effect.ratio() < MUST || effect.minutes() < 5) {
      event.optional = true;
    }
    event.note += "; " + Texts.go(Math.rint(effect.ratio() * 100) / 100) + "x";
  }

  private static String size(double ratio) {
    return ratio < 1.15 ? "subtle" : ratio < 1.4 ? "medium" : "gross";
  }

  private Set<Deployment> deployments(Truth.Episode episode) {
    Set<Deployment> out = new LinkedHashSet<>();
    for (Recorder.Series s : run.recorder.all()) {
      if (episode.scope().test(s.server)) {
        out.add(s.server.deployment);
      }
    }
    return out;
  }

  /** The difference inside the episode and ten minutes after it; null where there is none. */
  private Effect effect(Recorder.Series mine, String workload, Truth.Episode episode) {
    Recorder.Series other =
        workload == null
            ? twin.recorder.workload(mine.workload())
            : twin.recorder.get(mine.server.node.site.name + "/" + mine.server.pod);
    Recorder.Series fallback = workload == null ? null : twin.recorder.workload(workload);
    int from = (int) (episode.from() / 60);
    int to = Math.min(run.recorder.minutes() - SPAN, (int) ((episode.to() + 600) / 60));
    double worst = 1;
    int first = -1;
    int last = -1;
    int touched = 0;
    List<Integer> hits = new ArrayList<>();
    for (int m = from; m < to; m++) {
      double ratio =
          Math.max(
              ratio(
                  mine.interTokenLog,
                  mine.interTokenCount,
                  interLog(other, fallback, m),
                  interCount(other, fallback, m),
                  m,
                  200),
              ratio(
                      mine.firstTokenLog,
                      mine.firstTokenCount,
                      firstLog(other, fallback, m),
                      firstCount(other, fallback, m),
                      m,
                      8)
                  / 1.06);
      if (ratio > TOUCHED) {
        hits.add(m);
        touched++;
      }
    }
    if (touched < 3) {
      return null;
    }
    // single windows that differ by chance do not set the start: two of three must be touched
    for (int i = 0; i + 1 < hits.size(); i++) {
      if (hits.get(i + 1) - hits.get(i) <= 2) {
        first = first < 0 ? hits.get(i) : first;
        last = hits.get(i + 1);
      }
    }
    if (first < 0) {
      return null;
    }
    // the typical effect, not the one minute of the worst queue
    List<Double> ratios = new ArrayList<>();
    for (int m : hits) {
      ratios.add(
          Math.max(
              ratio(
                  mine.interTokenLog,
                  mine.interTokenCount,
                  interLog(other, fallback, m),
                  interCount(other, fallback, m),
                  m,
                  200),
              ratio(
                      mine.firstTokenLog,
                      mine.firstTokenCount,
                      firstLog(other, fallback, m),
                      firstCount(other, fallback, m),
                      m,
                      8)
                  / 1.06));
    }
    ratios.sort(null);
    worst = ratios.get(ratios.size() / 2);
    return new Effect(worst, first * 60.0, (last + SPAN) * 60.0, touched);
  }

  private static boolean has(Recorder.Series s, int m) {
    double n = 0;
    for (int i = m; i < Math.min(m + SPAN, s.firstTokenCount.length); i++) {
      n += s.firstTokenCount[i];
    }
    return n > 0;
  }

  private static Recorder.Series choose(Recorder.Series own, Recorder.Series fallback, int m) {
    return own != null && (fallback == null || has(own, m)) ? own : fallback;
  }

  private static double[] interLog(Recorder.Series a, Recorder.Series b, int m) {
    Recorder.Series s = choose(a, b, m);
    return s == null ? null : s.interTokenLog;
  }

  private static double[] interCount(Recorder.Series a, Recorder.Series b, int m) {
    Recorder.Series s = choose(a, b, m);
    return s == null ? null : s.interTokenCount;
  }

  private static double[] firstLog(Recorder.Series a, Recorder.Series b, int m) {
    Recorder.Series s = choose(a, b, m);
    return s == null ? null : s.firstTokenLog;
  }

  private static double[] firstCount(Recorder.Series a, Recorder.Series b, int m) {
    Recorder.Series s = choose(a, b, m);
    return s == null ? null : s.firstTokenCount;
  }

  private static double ratio(
      double[] log, double[] count, double[] otherLog, double[] otherCount, int m, double least) {
    if (otherLog == null) {
      return 1;
    }
    double a = 0;
    double na = 0;
    double b = 0;
    double nb = 0;
    for (int i = m; i < Math.min(m + SPAN, log.length); i++) {
      a += log[i];
      na += count[i];
      b += otherLog[i];
      nb += otherCount[i];
    }
    return na < least || nb < least ? 1 : Math.exp(a / na - b / nb);
  }

  /** Requests that wait for KV blocks are worth saying, whatever brought them. */
  private void starvation(Truth truth) {
    for (Recorder.Series s : run.recorder.all()) {
      int first = -1;
      for (int m = 0; m <= s.starved.length; m++) {
        boolean starved = m < s.starved.length && s.starved[m] > 0;
        if (starved && first < 0) {
          first = m;
        }
        boolean over = first >= 0 && (m == s.starved.length || quiet(s, m, 10));
        if (over) {
          double from = first * 60.0;
          double to = Math.min(run.end, m * 60.0);
          boolean known = false;
          for (Truth.Event e : truth.events) {
            if (e.kind.equals("gpu.exhaustion")
                && s.server.pod.equals(e.entity.get("pod"))
                && e.from < to
                && from < e.to) {
              known = true;
              if (e.detectableFrom == Double.POSITIVE_INFINITY) {
                e.detectableFrom = Math.max(e.from, from);
                e.to = Math.max(e.to, to);
              }
            }
          }
          if (!known) {
            truth.add(
                new Truth.Event(
                        "gpu.exhaustion",
                        Truth.entity(s.server),
                        from,
                        to,
                        "requests waited for KV blocks")
                    .optional());
          }
          first = -1;
        }
      }
    }
    truth.events.removeIf(
        e -> e.kind.equals("gpu.exhaustion") && e.detectableFrom == Double.POSITIVE_INFINITY);
  }

  private static boolean quiet(Recorder.Series s, int m, int minutes) {
    for (int i = m; i < Math.min(s.starved.length, m + minutes); i++) {
      if (s.starved[i] > 0) {
        return false;
      }
    }
    return true;
  }

  /**
   * A throttling fault is visible from the moment a clock is held down, and no event if none ever
   * is.
   */
  private void throttling(Truth truth) {
    List<Truth.Event> blunt = new ArrayList<>();
    for (Truth.Event e : truth.events) {
      if (!e.kind.equals("gpu.throttle") || !e.entity.containsKey("gpu")) {
        continue;
      }
      double first = Double.POSITIVE_INFINITY;
      double sum = 0;
      for (Map.Entry<Board, List<double[]>> entry : run.recorder.throttles().entrySet()) {
        if (entry.getKey().uuid.equals(e.entity.get("gpu"))) {
          for (double[] span : entry.getValue()) {
            if (span[1] >= e.from) {
              first = Math.min(first, Math.max(span[0], e.from));
              sum += span[1] - span[0];
            }
          }
        }
      }
      if (first == Double.POSITIVE_INFINITY) {
        blunt.add(e);
      } else {
        e.detectableFrom = first;
        e.optional |= sum < 180;
      }
    }
    truth.events.removeAll(blunt);
  }
}
