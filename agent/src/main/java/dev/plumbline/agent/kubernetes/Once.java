package dev.plumbline.agent.kubernetes;

import java.util.HashSet;
import java.util.Set;
import org.slf4j.Logger;

/** Warns of each thing once: what is found is looked at again with every change. */
final class Once {
  private final Logger log;
  private final Set<String> said = new HashSet<>();

  Once(Logger log) {
    this.log = log;
  }

  void warn(String sentence) {
    if (said.add(sentence)) {
      log.warn(sentence);
    }
  }
}
