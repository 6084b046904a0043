package dev.plumbline.bench.fleet;

import java.util.List;
import java.util.Map;

/** Data that may not leave its jurisdiction, and did. */
final class ResidencyFaults {
  private ResidencyFaults() {}

  static void residencyPod(Fault f) {
    Site site = f.draw.pick(f.sites(s -> !s.spec.jurisdiction().equals("eu")));
    String name = f.draw.pick(List.of("claims-search", "hr-assist", "contract-index"));
    String set = name + "-" + f.draw.hex(9);
    String pod = set + "-" + f.draw.suffix();
    String ns = "team-risk-eu";
    Node node = f.draw.pick(site.nodes);
    boolean stays = f.draw.chance(.5);
    double until = stays ? f.fleet.end : f.to;
    f.fleet.loop.at(f.from - 600, () -> site.api.create(Objects.namespace(site, ns, "eu")));
    f.fleet.loop.at(
        f.from,
        () ->
            site.api.create(
                Objects.plainPod(
                    site,
                    ns,
                    pod,
                    node.name,
                    Objects.IMAGE + ":v0.11.0",
                    "ReplicaSet",
                    set,
                    Json.of("app", name),
                    Json.of("cpu", "4"),
                    f.fleet.loop.now())));
    if (!stays) {
      f.fleet.loop.at(f.to, () -> site.api.delete("v1/Pod/" + ns + "/" + pod));
    }
    f.truth.add(
        new Truth.Event(
            "drift.residency",
            Truth.entity(
                site,
                "namespace",
                ns,
                "workload",
                name,
                "pod",
                pod,
                "node",
                node.name,
                "object",
                "v1/Pod/" + ns + "/" + pod),
            f.from,
            until,
            "the namespace allows eu only; the site is in " + site.spec.jurisdiction()));
  }

  static void residencyDatabase(Fault f) {
    Site site = f.draw.pick(f.sites(s -> !s.spec.jurisdiction().equals("eu")));
    String ns = "databases-eu";
    String name = f.draw.pick(List.of("pg-patients", "pg-accounts")) + "-standby";
    f.fleet.loop.at(f.from - 400, () -> site.api.create(Objects.namespace(site, ns, "eu")));
    f.fleet.loop.at(
        f.from,
        () -> {
          Map<String, Object> o = Objects.postgres(site, ns, name, 1);
          Json.map(o, "spec")
              .put(
                  "replica",
                  Json.of(
                      "enabled",
                      true,
                      "source",
                      "primary-eu",
                      "primary",
                      "primary-eu",
                      "self",
                      name));
          site.api.create(o);
        });
    f.fleet.loop.at(
        f.from + 30,
        () ->
            site.api.create(
                Objects.plainPod(
                    site,
                    ns,
                    name + "-1",
                    site.nodes.get(0).name,
                    Objects.REGISTRY + "/postgresql:17.6",
                    "Cluster",
                    name,
                    Json.of("cnpg.io/cluster", name),
                    Json.of("cpu", "8"),
                    f.fleet.loop.now())));
    f.truth.add(
        new Truth.Event(
                "drift.residency",
                Truth.entity(
                    site,
                    "namespace",
                    ns,
                    "workload",
                    name,
                    "object",
                    Objects.POSTGRES + ns + "/" + name),
                f.from,
                f.fleet.end,
                "a standby of an eu-only database in " + site.spec.jurisdiction())
            .also(
                Truth.entity(
                    site,
                    "namespace",
                    ns,
                    "pod",
                    name + "-1",
                    "object",
                    "v1/Pod/" + ns + "/" + name + "-1")));
  }
}
