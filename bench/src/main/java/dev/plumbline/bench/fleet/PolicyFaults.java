package dev.plumbline.bench.fleet;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Guard rails that go, weaken or are broken. */
final class PolicyFaults {
  private PolicyFaults() {}

  static void policyDeleted(Fault f) {
    Site site = f.draw.pick(f.fleet.sites);
    List<String> rails = new ArrayList<>(site.api.keys(Objects.NETWORK));
    rails.addAll(site.api.keys(Objects.KYVERNO));
    rails.addAll(site.api.keys(Objects.GATEKEEPER));
    rails.addAll(site.api.keys("v1/ResourceQuota/"));
    String key = f.draw.pick(rails);
    String[] parts = key.split("/");
    double noticed = f.draw.uniform(60, 200);
    f.fleet.loop.at(
        f.from,
        () -> {
          site.api.delete(key);
          site.outOfSync(parts[2], parts[parts.length - 1], noticed);
        });
    Truth.Event e =
        new Truth.Event(
            "drift.policy",
            Truth.entity(site, "object", key),
            f.from,
            f.fleet.end,
            "guard rail deleted out of band on one site; the others keep it");
    Fault.gitops(e, site);
    f.truth.add(e);
  }

  static void policyWeakened(Fault f) {
    Site site = f.draw.pick(f.fleet.sites);
    String manager = f.draw.pick(List.of("kubectl-patch", "kubectl-edit", "k9s"));
    int which = f.draw.below(5);
    String key;
    String path;
    Consumer<Map<String, Object>> change;
    if (which == 0) {
      key = f.draw.pick(site.api.keys(Objects.KYVERNO));
      path = "spec.validationFailureAction";
      change = o -> Json.map(o, "spec").put("validationFailureAction", "Audit");
    } else if (which == 1) {
      key = f.draw.pick(site.api.keys(Objects.GATEKEEPER));
      path = "spec.enforcementAction";
      String action = f.draw.pick(List.of("dryrun", "warn"));
      change = o -> Json.map(o, "spec").put("enforcementAction", action);
    } else if (which == 2) {
      key = f.draw.pick(site.api.keys(Objects.NETWORK));
      path = "spec.ingress";
      change = o -> Json.array(o, "spec", "ingress").add(Json.of());
    } else if (which == 3) {
      key = f.draw.pick(site.api.keys(Objects.KYVERNO));
      path = "spec.rules[0].exclude";
      change =
          o ->
              Json.map(o, "spec", "rules", 0)
                  .put(
                      "exclude",
                      Json.of(
                          "any",
                          Json.list(
                              Json.of("resources", Json.of("namespaces", Json.list("team-*"))))));
    } else {
      key = "v1/ResourceQuota/team-lab/gpu-quota";
      path = "spec.hard";
      change = o -> Json.map(o, "spec", "hard").put("requests.nvidia.com/gpu", "64");
    }
    String[] parts = key.split("/");
    double noticed = f.draw.uniform(60, 200);
    boolean seenByGit = f.draw.chance(.5);
    f.fleet.loop.at(
        f.from,
        () -> {
          site.api.edit(key, manager, change);
          if (seenByGit) {
            site.outOfSync(parts[2], parts[parts.length - 1], noticed);
          }
        });
    Truth.Event e =
        new Truth.Event(
            "drift.policy",
            Truth.entity(site, "object", key, "field", path),
            f.from,
            f.fleet.end,
            "guard rail weakened out of band (" + manager + ")");
    Fault.gitops(e, site);
    f.truth.add(e);
  }

  /** A quota is cut by hand: what runs goes on, what restarts may not come back. */
  static void quotaCut(Fault f) {
    Site site = f.draw.pick(f.fleet.sites);
    String key = "v1/ResourceQuota/team-lab/gpu-quota";
    String left = Integer.toString(f.draw.between(1, 3));
    f.fleet.loop.at(
        f.from,
        () ->
            site.api.edit(
                key,
                "kubectl-edit",
                o -> Json.map(o, "spec", "hard").put("requests.nvidia.com/gpu", left)));
    Truth.Event e =
        new Truth.Event(
            "drift.config",
            Truth.entity(site, "object", key, "field", "spec.hard.requests.nvidia.com/gpu"),
            f.from,
            f.fleet.end,
            "quota cut from 8 to " + left + " by hand");
    f.truth.add(e);
    f.truth.add(
        new Truth.Event(
                "drift.policy",
                e.entity,
                f.from,
                f.fleet.end,
                "the same, as a guard rail that changed")
            .optional());
  }

  static void newViolation(Fault f) {
    Deployment d = f.deployment(x -> true);
    Site site = d.site;
    if (f.draw.chance(.6)) {
      String key =
          site.api.keys("wgpolicyk8s.io/v1alpha2/PolicyReport/" + d.namespace() + "/").get(0);
      for (String k :
          site.api.keys("wgpolicyk8s.io/v1alpha2/PolicyReport/" + d.namespace() + "/")) {
        if (d.spec.name().equals(Json.map(site.api.get(k), "scope").get("name"))) {
          key = k;
        }
      }
      String report = key;
      List<String> candidates = new ArrayList<>(site.policies());
      candidates.remove("require-probes");
      String policy = f.draw.pick(candidates);
      f.fleet.loop.at(
          f.from,
          () ->
              site.api.touch(
                  report, o -> Objects.results(site, o, List.of(policy), f.fleet.loop.now())));
      f.truth.add(
          new Truth.Event(
                  "drift.policy",
                  Truth.entity(
                      site,
                      "object",
                      report,
                      "namespace",
                      d.namespace(),
                      "workload",
                      d.spec.name()),
                  f.from,
                  f.fleet.end,
                  "a new violation of " + policy)
              .also(Truth.entity(site, "object", Objects.KYVERNO + policy))
              .also(Truth.entity(site, "object", d.key)));
    } else {
      String key = f.draw.pick(site.api.keys(Objects.GATEKEEPER));
      int n = f.draw.between(1, 40);
      f.fleet.loop.at(
          f.from,
          () ->
              site.api.touch(
                  key,
                  o -> {
                    List<Object> rows = new ArrayList<>();
                    for (int i = 0; i < Math.min(20, n); i++) {
                      rows.add(
                          Json.of(
                              "group",
                              "",
                              "version",
                              "v1",
                              "kind",
                              "Pod",
                              "name",
                              d.spec.name() + "-debug-" + i,
                              "namespace",
                              d.namespace(),
                              "message",
                              "not allowed",
                              "enforcementAction",
                              "deny"));
                    }
                    Map<String, Object> status = Json.map(o, "status");
                    status.put("auditTimestamp", f.fleet.moments.kube(f.fleet.loop.now()));
                    status.put("totalViolations", n);
                    status.put("violations", rows);
                  }));
      Truth.Event audit =
          f.truth.add(
              new Truth.Event(
                  "drift.policy",
                  Truth.entity(site, "object", key),
                  f.from,
                  f.fleet.end,
                  n + " new violations in the audit"));
      for (int i = 0; i < Math.min(20, n); i++) {
        String pod = "v1/Pod/" + d.namespace() + "/" + d.spec.name() + "-debug-" + i;
        audit.also(Truth.entity(site, "namespace", d.namespace(), "object", pod));
      }
    }
  }
}
