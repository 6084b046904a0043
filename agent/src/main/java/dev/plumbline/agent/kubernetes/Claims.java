package dev.plumbline.agent.kubernetes;

import dev.plumbline.agent.scrape.ScrapeTarget;
import dev.plumbline.agent.scrape.TargetKey;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * Who claims which target, and the life of each: of several claims the first is scraped; a target
 * without any is stopped, and told as gone, at once or, where its node stays, when it was waited
 * for in vain. Targets of an earlier life are remembered until it is known that they are not there.
 */
final class Claims {
  /** An exporter of a node that is replaced is back within this time: it never left. */
  static final Duration REPLACEMENT = Duration.ofSeconds(60);

  /** Name under which targets are remembered. */
  static final String REMEMBERED = "scrape/";

  private final Memory memory;
  private final Kubernetes.Targets targets;
  private final Predicate<String> isNode;
  private final LongSupplier millis;
  private final Once once;

  /** Who claims a target, by where it was found; the first is scraped. */
  private final Map<TargetKey, TreeMap<String, ScrapeTarget>> claims = new TreeMap<>();

  private final Map<String, Set<TargetKey>> found = new TreeMap<>();
  private final Map<TargetKey, ScrapeTarget> scraped = new TreeMap<>();

  /** Targets of nodes that may be back soon, and until when they are waited for. */
  private final Map<TargetKey, Long> leaving = new TreeMap<>();

  /**
   * @param isNode whether there is a node of this name
   * @param millis a clock for waiting; any origin
   */
  Claims(
      Memory memory,
      Kubernetes.Targets targets,
      Predicate<String> isNode,
      LongSupplier millis,
      Once once) {
    this.memory = memory;
    this.targets = targets;
    this.isNode = isNode;
    this.millis = millis;
    this.once = once;
  }

  /** Takes what is found in one place now, in place of what was found there before. */
  void found(String place, List<ScrapeTarget> now) {
    Set<TargetKey> keys = new TreeSet<>();
    for (ScrapeTarget target : now) {
      TargetKey key = new TargetKey(target.source(), target.name());
      if (keys.add(key)) {
        claims.computeIfAbsent(key, it -> new TreeMap<>()).put(place, target);
      }
    }
    Set<TargetKey> before = keys.isEmpty() ? found.remove(place) : found.put(place, keys);
    Set<TargetKey> touched = new TreeSet<>(keys);
    if (before != null) {
      for (TargetKey key : before) {
        if (!keys.contains(key)) {
          claims.get(key).remove(place);
          touched.add(key);
        }
      }
    }
    touched.forEach(this::settle);
  }

  /** True for what is scraped, or was in an earlier life. */
  boolean isKnown(TargetKey key) {
    return scraped.containsKey(key) || memory.has(REMEMBERED + key.source(), key.name());
  }

  /** A node is gone: its exporters won't be back. */
  void nodeGone(String name) {
    for (TargetKey each : List.copyOf(leaving.keySet())) {
      if (each.name().equals(name)) {
        left(each);
      }
    }
  }

  /** All that is there has been claimed: what is only remembered is gone. */
  void complete() {
    for (String each : memory.kinds()) {
      if (each.startsWith(REMEMBERED)) {
        String source = each.substring(REMEMBERED.length());
        for (String name : memory.of(each).keySet()) {
          TargetKey key = new TargetKey(source, name);
          if (!claims.containsKey(key) && !leaving.containsKey(key)) {
            left(key);
          }
        }
      }
    }
  }

  /** Tells those as gone that were waited for in vain. */
  void tick() {
    long now = millis.getAsLong();
    for (Map.Entry<TargetKey, Long> each : Map.copyOf(leaving).entrySet()) {
      if (now >= each.getValue()) {
        left(each.getKey());
      }
    }
  }

  private void settle(TargetKey key) {
    TreeMap<String, ScrapeTarget> claimed = claims.get(key);
    if (claimed == null || claimed.isEmpty()) {
      claims.remove(key);
      if (scraped.remove(key) != null) {
        targets.stop(key.source(), key.name());
        if (isNode.test(key.name())) {
          leaving.put(key, millis.getAsLong() + REPLACEMENT.toMillis());
        } else {
          left(key);
        }
      }
      return;
    }
    if (claimed.size() > 1) {
      once.warn(key.source() + " of " + key.name() + " is found twice: " + claimed.keySet());
    }
    ScrapeTarget target = claimed.firstEntry().getValue();
    leaving.remove(key);
    if (!target.equals(scraped.put(key, target))) {
      memory.put(REMEMBERED + key.source(), key.name(), "");
      targets.scrape(target);
    }
  }

  private void left(TargetKey key) {
    leaving.remove(key);
    memory.remove(REMEMBERED + key.source(), key.name());
    targets.gone(key.source(), key.name());
  }
}
