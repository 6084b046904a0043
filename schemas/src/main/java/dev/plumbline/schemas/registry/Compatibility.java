package dev.plumbline.schemas.registry;

/** What a registry asks of a subject's next schema, in the words of the Confluent protocol. */
public enum Compatibility {
  NONE,
  BACKWARD,
  BACKWARD_TRANSITIVE,
  FORWARD,
  FORWARD_TRANSITIVE,
  FULL,
  FULL_TRANSITIVE;

  /** The contract's own: every version reads, and is read by, every other. */
  public static final Compatibility OF_EVENTS = FULL_TRANSITIVE;

  /** True when the next schema must read what the earlier ones wrote. */
  boolean readsEarlier() {
    return name().startsWith("BACKWARD") || name().startsWith("FULL");
  }

  /** True when the earlier schemas must read what the next one writes. */
  boolean isReadByEarlier() {
    return name().startsWith("FORWARD") || name().startsWith("FULL");
  }

  /** True when it is held against all earlier versions, not the last one alone. */
  boolean isTransitive() {
    return name().endsWith("_TRANSITIVE");
  }
}
