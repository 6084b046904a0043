package dev.plumbline.streams.policy;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Where a NetworkPolicy lets more through than it did. Rules are compared as wholes, because their
 * order says nothing: a rule opens when no rule before let all its peers reach all its ports. An
 * empty list of peers or of ports means every one.
 */
final class Openings {
  /** One rule: what may reach what. Peers and ports as texts of their fields. */
  private record Rule(Set<String> peers, Set<String> ports) {
    boolean lets(Rule other) {
      return covers(peers, other.peers) && covers(ports, other.ports);
    }

    private static boolean covers(Set<String> wide, Set<String> narrow) {
      return wide.isEmpty() || !narrow.isEmpty() && wide.containsAll(narrow);
    }
  }

  private Openings() {}

  static Set<String> between(Map<String, String> before, Map<String, String> now) {
    Set<String> opened = new TreeSet<>();
    for (String direction : new String[] {"ingress", "egress"}) {
      if (!isHeld(direction, before)) {
        continue;
      }
      String path = "spec." + direction;
      TreeMap<String, Rule> rules = rules(path, before);
      if (!isHeld(direction, now)) {
        opened.add("spec.policyTypes");
        continue;
      }
      rules(path, now)
          .forEach(
              (place, rule) -> {
                if (rules.values().stream().noneMatch(it -> it.lets(rule))) {
                  opened.add(place);
                }
              });
    }
    for (Map.Entry<String, String> field : now.entrySet()) {
      // a narrower selector leaves pods without the policy
      if (field.getKey().startsWith("spec.podSelector.")
          && !field.getValue().equals(before.get(field.getKey()))) {
        opened.add(field.getKey());
      }
    }
    return opened;
  }

  /** A direction that is not held is open. */
  private static boolean isHeld(String direction, Map<String, String> fields) {
    boolean typed = false;
    for (Map.Entry<String, String> field : fields.entrySet()) {
      if (field.getKey().startsWith("spec.policyTypes[")) {
        typed = true;
        if (field.getValue().equalsIgnoreCase(direction)) {
          return true;
        }
      }
    }
    // without types a policy holds what comes in, and what goes out when it has rules for it
    return !typed
        && (direction.equals("ingress")
            || fields.keySet().stream().anyMatch(it -> it.startsWith("spec.egress[")));
  }

  private static TreeMap<String, Rule> rules(String path, Map<String, String> fields) {
    TreeMap<String, Rule> rules = new TreeMap<>();
    Map<String, Map<String, StringBuilder>> entries = new TreeMap<>();
    for (Map.Entry<String, String> field : fields.entrySet()) {
      String at = field.getKey();
      if (!at.startsWith(path + '[')) {
        continue;
      }
      String place = at.substring(0, at.indexOf(']', path.length()) + 1);
      Map<String, StringBuilder> of = entries.computeIfAbsent(place, it -> new TreeMap<>());
      int end = at.indexOf(']', place.length());
      if (end < 0) {
        continue;
      }
      // from[0] or ports[1], and what it says below that
      of.computeIfAbsent(at.substring(place.length(), end + 1), it -> new StringBuilder())
          .append(at.substring(end + 1))
          .append('=')
          .append(field.getValue())
          .append(';');
    }
    entries.forEach(
        (place, of) -> {
          Set<String> who = new TreeSet<>();
          Set<String> what = new TreeSet<>();
          of.forEach((entry, text) -> (entry.contains("ports[") ? what : who).add(text.toString()));
          rules.put(place, new Rule(who, what));
        });
    return rules;
  }
}
