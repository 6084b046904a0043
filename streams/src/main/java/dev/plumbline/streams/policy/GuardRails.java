package dev.plumbline.streams.policy;

import dev.plumbline.schemas.event.PolicySnapshot;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Which objects are guard rails, and what weakens one. */
public final class GuardRails {
  private static final Set<String> KINDS =
      Set.of(
          "NetworkPolicy",
          "ResourceQuota",
          "LimitRange",
          "PodDisruptionBudget",
          "ValidatingPolicy",
          "MutatingPolicy",
          "ImageValidatingPolicy",
          "ValidatingAdmissionPolicy",
          "ValidatingAdmissionPolicyBinding",
          "ValidatingWebhookConfiguration");

  /** Words for what a policy does about a violation, the strictest first. */
  private static final List<String> STRICTNESS =
      List.of("enforce", "deny", "fail", "warn", "audit", "dryrun", "ignore");

  /** Parts of a path below which an entry exempts something. */
  private static final List<String> EXEMPTING =
      List.of(".exclude", "excludedNamespaces", "exempt", "allowedRepos", "parameters.repos");

  /** Parts of a path below which an entry makes the policy apply to less. */
  private static final List<String> NARROWING =
      List.of(
          "preconditions",
          "matchConditions[",
          "elector.match",
          "resources.namespaces[",
          "resources.names[",
          "resources.annotations",
          "match.namespaces[");

  /** Parts of a path below which an entry is something the policy enforces. */
  private static final List<String> ENFORCING =
      List.of("rules[", "validations[", "webhooks[", ".match.", "parameters.", "matchConstraints");

  private GuardRails() {}

  /** True for policies, quotas and their like; the GPU operator's ClusterPolicy is none. */
  public static boolean is(PolicySnapshot snapshot) {
    String version = snapshot.getApiVersion();
    return KINDS.contains(snapshot.getKind())
        || (version.startsWith("kyverno.io/") && snapshot.getKind().endsWith("Policy"))
        || version.startsWith("policies.kyverno.io/")
        || version.startsWith("constraints.gatekeeper.sh/");
  }

  /** Paths whose value differs, came or went. */
  static Set<String> changed(Map<String, String> before, Map<String, String> now) {
    Set<String> paths = new TreeSet<>();
    before.forEach(
        (path, value) -> {
          if (!value.equals(now.get(path))) {
            paths.add(path);
          }
        });
    now.keySet().stream().filter(it -> !before.containsKey(it)).forEach(paths::add);
    return paths;
  }

  /**
   * Paths at which the guard rail became weaker: a laxer action, a rule or an object kind that is
   * gone, an exclusion or a narrower match that came, a quota that was raised, a peer or a port
   * that was opened.
   */
  public static Set<String> weakened(
      String kind, Map<String, String> before, Map<String, String> now) {
    if (kind.equals("NetworkPolicy")) {
      return Openings.between(before, now);
    }
    Set<String> weaker = new TreeSet<>();
    for (String path : changed(before, now)) {
      if (isWeaker(kind, path, before.get(path), now.get(path))) {
        weaker.add(path);
      }
    }
    return weaker;
  }

  private static boolean isWeaker(String kind, String path, String before, String now) {
    String name = path.substring(path.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    boolean came = before == null;
    boolean went = now == null;
    if (path.contains("Overrides[")) {
      // an override only ever concerns some of what the policy is for
      return name.equals("action") && !went && strictness(now) > strictness(before);
    }
    if (name.contains("action") || name.equals("failurepolicy")) {
      return !came && strictness(now) > strictness(before);
    }
    if (name.equals("background") || name.equals("admission")) {
      return !went && now.equals("false");
    }
    if (EXEMPTING.stream().anyMatch(path::contains)) {
      return came || !went && !before.equals(now);
    }
    if (kind.equals("ResourceQuota")) {
      return went || !came && amount(now) > amount(before);
    }
    if (kind.equals("LimitRange")) {
      boolean least = path.contains(".min.");
      return went || !came && (least ? amount(now) < amount(before) : amount(now) > amount(before));
    }
    if (kind.equals("PodDisruptionBudget")) {
      boolean most = name.equals("maxunavailable");
      return went && !most
          || !came && !went && (most ? amount(now) > amount(before) : amount(now) < amount(before));
    }
    if (NARROWING.stream().anyMatch(path::contains)) {
      return came;
    }
    return went && ENFORCING.stream().anyMatch(path::contains);
  }

  private static int strictness(String action) {
    int place = action == null ? -1 : STRICTNESS.indexOf(action.toLowerCase(Locale.ROOT));
    return place < 0 ? STRICTNESS.size() : place;
  }

  /** A Kubernetes quantity as a number; only compared with another of the same resource. */
  private static double amount(String quantity) {
    if (quantity == null) {
      return 0;
    }
    java.util.regex.Matcher parts =
        java.util.regex.Pattern.compile("([0-9.]+)([A-Za-z%]*)").matcher(quantity);
    if (!parts.matches()) {
      return 0;
    }
    double factor =
        switch (parts.group(2)) {
          case "m" -> 1e-3;
          case "k" -> 1e3;
          case "M" -> 1e6;
          case "G" -> 1e9;
          case "T" -> 1e12;
          case "Ki" -> 0x1p10;
          case "Mi" -> 0x1p20;
          case "Gi" -> 0x1p30;
          case "Ti" -> 0x1p40;
          default -> 1;
        };
    return Double.parseDouble(parts.group(1)) * factor;
  }
}
