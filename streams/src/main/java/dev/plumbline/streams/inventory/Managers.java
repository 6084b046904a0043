package dev.plumbline.streams.inventory;

import java.util.Set;

/** Who writes objects, by the names that managedFields gives them. */
public final class Managers {
  /** Who writes what Git declares. */
  private static final Set<String> GITOPS =
      Set.of(
          "argocd-controller",
          "argocd-application-controller",
          "kustomize-controller",
          "helm-controller");

  /** Others who change objects because somebody declared it elsewhere. */
  private static final Set<String> DECLARERS =
      Set.of("helm", "terraform", "gpu-operator", "cloudnative-pg", "manager", "kubelet");

  private Managers() {}

  /** True for the controllers of Argo CD and Flux. */
  public static boolean isGitOps(String manager) {
    return GITOPS.contains(manager);
  }

  /** True for controllers, operators and tools that declare: not a person at a keyboard. */
  public static boolean isDeclarer(String manager) {
    return isGitOps(manager)
        || DECLARERS.contains(manager)
        || manager.endsWith("-controller")
        || manager.endsWith("-controller-manager")
        || manager.endsWith("-operator")
        || manager.startsWith("system:");
  }
}
