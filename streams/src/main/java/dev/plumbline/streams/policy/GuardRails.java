package dev.plumbline.streams.policy;

import dev.plumbline.schemas.event.PolicySnapshot;
import java.util.List;
import java.util.Set;

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

  private GuardRails() {}

  /** True for policies, quotas and their like; the GPU operator's ClusterPolicy is none. */
  public static boolean is(PolicySnapshot snapshot) {
    String version = snapshot.getApiVersion();
    return KINDS.contains(snapshot.getKind())
        || (version.startsWith("kyverno.io/") && snapshot.getKind().endsWith("Policy"))
        || version.startsWith("policies.kyverno.io/")
        || version.startsWith("constraints.gatekeeper.sh/");
  }

  /**
   * True when a change of a field makes the guard rail weaker: a laxer action, a rule that is gone,
   * an exclusion that came, a quota that was raised.
   */
  static boolean isWeaker(String kind, String path, String before, String now) {
    String name = path.substring(path.lastIndexOf('.') + 1).toLowerCase(java.util.Locale.ROOT);
    if (name.contains("action") || name.equals("failurepolicy")) {
      return strictness(now) > strictness(before);
    }
    if (path.contains(".exclude") || path.contains("excludedNamespaces")) {
      return before == null;
    }
    if (kind.equals("ResourceQuota") || kind.equals("LimitRange")) {
      return now == null || amount(now) > amount(before);
    }
    if (kind.equals("NetworkPolicy")) {
      // a rule that came opens, a selector or a port that went opens too
      return before == null ? path.contains("gress[") : now == null;
    }
    return now == null && (path.contains("rules[") || path.contains("validations["));
  }

  private static int strictness(String action) {
    int place = action == null ? -1 : STRICTNESS.indexOf(action.toLowerCase(java.util.Locale.ROOT));
    return place < 0 ? STRICTNESS.size() : place;
  }

  /** A Kubernetes quantity as a number; only compared with another of the same resource. */
  private static double amount(String quantity) {
    if (quantity == null) {
      return 0;
    }
    java.util.regex.Matcher parts =
        java.util.regex.Pattern.compile("([0-9.]+)([A-Za-z]*)").matcher(quantity);
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
