package dev.plumbline.agent.mapping;

import dev.plumbline.agent.exposition.Labels;

/** Names of which the first that is present counts, written {@code uuid|gpu_uuid}. */
record Choice(String[] names) {

  static Choice of(String text) {
    return new Choice(text.split("\\|"));
  }

  /** Value of the first label that is present and not empty; empty when none is. */
  String in(Labels labels) {
    for (String name : names) {
      String value = labels.get(name);
      if (value != null && !value.isEmpty()) {
        return value;
      }
    }
    return "";
  }
}
