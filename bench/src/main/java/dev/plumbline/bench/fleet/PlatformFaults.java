package dev.plumbline.bench.fleet;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** One driver, database or virtual machine that is no longer as its equals. */
final class PlatformFaults {
  private PlatformFaults() {}

  static void driverDrift(Fault f) {
    Node node = f.busyNode();
    Site site = node.site;
    String driver = f.draw.pick(List.of("575.57.08", "570.148.08", "580.65.06"));
    boolean kernelToo = f.draw.chance(.3);
    double slower = f.draw.chance(.35) ? 1 : f.size.of(1.1, 1.25, 1.5);
    double down = f.draw.uniform(120, 260);
    f.fleet.loop.at(
        f.from,
        () ->
            Benign.reboot(
                node,
                down,
                () -> {
                  node.driver = driver;
                  node.slowdown = slower;
                  if (kernelToo) {
                    node.kernel = "5.14.0-503.40.1.el9_5.x86_64";
                  }
                  site.fleet.loop.in(
                      5,
                      () ->
                          site.api.touch(
                              "v1/Node/" + node.name,
                              o -> {
                                Objects.driverLabels(Json.map(o, "metadata", "labels"), driver);
                                Json.map(o, "status", "nodeInfo").put("kernelVersion", node.kernel);
                              }));
                }));
    f.truth.add(
        new Truth.Event(
                "telemetry.stale",
                Truth.entity(site, "node", node.name),
                f.from,
                f.from + down,
                "node reboots")
            .optional());
    for (Server s : f.servers(node)) {
      f.truth.add(
          new Truth.Event(
                  "telemetry.stale",
                  Truth.entity(s),
                  f.from,
                  Math.min(f.fleet.end, f.from + down + 500),
                  "its node reboots")
              .optional());
    }
    double back = f.from + down + 5;
    Map<String, Object> object =
        Truth.entity(
            site,
            "node",
            node.name,
            "object",
            "v1/Node/" + node.name,
            "field",
            "nvidia.com/cuda.driver-version.full");
    Truth.Event drift =
        f.truth.add(
            new Truth.Event(
                "drift.config",
                object,
                back,
                f.fleet.end,
                "the node came back with another driver than the fleet"));
    if (kernelToo) {
      drift.also(
          Truth.entity(
              site,
              "node",
              node.name,
              "object",
              "v1/Node/" + node.name,
              "field",
              "status.nodeInfo.kernelVersion"));
    }
    f.truth.episodes.add(
        new Truth.Episode(
            null, null, back, f.fleet.end, s -> s.node == node, List.of(drift.asCause())));
  }

  static void databaseDrift(Fault f) {
    Site site = f.draw.pick(f.fleet.sites);
    Database db = site.database;
    int which = f.draw.below(4);
    String path;
    Consumer<Map<String, Object>> change;
    Runnable effect = () -> {};
    String manager = "kubectl-edit";
    if (which == 0) {
      path = "spec.postgresql.parameters.work_mem";
      change = o -> Json.map(o, "spec", "postgresql", "parameters").put("work_mem", "256MB");
      effect = () -> db.settings.put("work_mem", 262144.0);
    } else if (which == 1) {
      path = "spec.postgresql.parameters.max_connections";
      change = o -> Json.map(o, "spec", "postgresql", "parameters").put("max_connections", "120");
      effect = () -> db.settings.put("max_connections", 120.0);
    } else if (which == 2) {
      path = "spec.imageName";
      change = o -> Json.map(o, "spec").put("imageName", Objects.REGISTRY + "/postgresql:17.2");
      effect = () -> db.version = "17.2";
    } else {
      path = "spec.postgresql.extensions";
      change =
          o ->
              Json.map(o, "spec", "postgresql", "extensions", 0, "image")
                  .put("reference", Objects.REGISTRY + "/pgvector:0.7.4");
      effect = () -> db.vector = "0.7.4";
    }
    Runnable then = effect;
    f.fleet.loop.at(f.from, () -> site.api.edit(db.key, manager, change));
    f.fleet.loop.at(f.from + f.draw.uniform(20, 120), then);
    Truth.Event e =
        f.truth.add(
            new Truth.Event(
                "drift.config",
                Truth.entity(
                    site,
                    "object",
                    db.key,
                    "field",
                    path,
                    "namespace",
                    "databases",
                    "workload",
                    db.name),
                f.from,
                f.fleet.end,
                "one site's Postgres differs from the sites that should match"));
    Fault.gitops(e, site);
  }

  static void machineDrift(Fault f) {
    Site site = f.draw.pick(f.fleet.sites);
    String vmi = Objects.VMI + site.machine;
    String vm = Objects.VM + site.machine;
    int which = f.draw.below(3);
    String object = vm;
    String field;
    String why;
    if (which == 0) {
      object = vmi;
      field = "metadata.labels[kubevirt.io/outdatedLauncherImage]";
      why = "the VM still runs on an outdated launcher";
      f.fleet.loop.at(
          f.from,
          () -> {
            site.launcherOutdated = "true";
            site.api.touch(
                vmi,
                o -> {
                  Json.map(o, "metadata", "labels").put("kubevirt.io/outdatedLauncherImage", "");
                  Json.map(o, "status")
                      .put("launcherContainerImageVersion", Objects.launcher("v1.7.0"));
                });
          });
    } else if (which == 1) {
      field = "spec.template.spec.domain.memory.guest";
      why = "memory edited by hand, not live: restart required";
      f.fleet.loop.at(
          f.from,
          () -> {
            site.api.edit(
                vm,
                "virtctl",
                o ->
                    Json.map(o, "spec", "template", "spec", "domain", "memory")
                        .put("guest", "64Gi"));
            f.fleet.loop.in(
                2,
                () ->
                    site.api.touch(
                        vm,
                        o ->
                            Json.array(o, "status", "conditions")
                                .add(Json.of("type", "RestartRequired", "status", "True"))));
          });
    } else {
      field = "spec.template.spec.domain.machine.type";
      why = "machine type differs from the other sites";
      f.fleet.loop.at(
          f.from,
          () ->
              site.api.edit(
                  vm,
                  "kubectl-edit",
                  o ->
                      Json.map(o, "spec", "template", "spec", "domain", "machine")
                          .put("type", "pc-q35-rhel9.2.0")));
    }
    Truth.Event e =
        new Truth.Event(
            "drift.config",
            Truth.entity(
                site,
                "object",
                object,
                "field",
                field,
                "namespace",
                "vm-workloads",
                "workload",
                site.machine),
            f.from,
            f.fleet.end,
            why);
    if (which != 0) {
      Fault.gitops(e, site);
    }
    e.also(Truth.entity(site, "object", vm, "namespace", "vm-workloads"))
        .also(Truth.entity(site, "object", vmi, "namespace", "vm-workloads"));
    f.truth.add(e);
  }
}
