package dev.plumbline.agent.mapping;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Resource names as Kubernetes spells them, from what kube-state-metrics makes of them. */
final class ResourceName {
  private static final Pattern EXTENDED = Pattern.compile("([a-z]+)_(com|io|org)_(.+)");
  private static final Pattern MIG = Pattern.compile("mig_(\\d+g)_(\\d+gb)");

  private ResourceName() {}

  /** nvidia_com_mig_3g_40gb is nvidia.com/mig-3g.40gb; ephemeral_storage is ephemeral-storage. */
  static String of(String sanitised) {
    Matcher extended = EXTENDED.matcher(sanitised);
    if (!extended.matches()) {
      return sanitised.replace('_', '-');
    }
    Matcher mig = MIG.matcher(extended.group(3));
    String name =
        mig.matches()
            ? "mig-" + mig.group(1) + "." + mig.group(2)
            : extended.group(3).replace('_', '-');
    return extended.group(1) + "." + extended.group(2) + "/" + name;
  }
}
