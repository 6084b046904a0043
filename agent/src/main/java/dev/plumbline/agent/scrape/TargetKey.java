package dev.plumbline.agent.scrape;

/** What identifies a target: a source and a name; ordered by source, then name. */
public record TargetKey(String source, String name) implements Comparable<TargetKey> {
  @Override
  public int compareTo(TargetKey other) {
    int order = source.compareTo(other.source);
    return order == 0 ? name.compareTo(other.name) : order;
  }
}
