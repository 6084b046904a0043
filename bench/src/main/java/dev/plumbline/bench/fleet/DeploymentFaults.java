package dev.plumbline.bench.fleet;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** Changes of a live Deployment: through Git with harm, or by hand. */
final class DeploymentFaults {
  private DeploymentFaults() {}

  /** An image that is slower where it was rolled out: in every step, or in prompts only. */
  static void imageRegression(Fault f, boolean prefillOnly) {
    Deployment d = f.deployment(x -> x.servers.size() > 0);
    double step = prefillOnly ? 1 : f.size.of(1.12, 1.32, 1.9) * f.draw.uniform(.97, 1.05);
    double prefill = prefillOnly ? f.size.of(1.35, 2.2, 5) * f.draw.uniform(.95, 1.1) : 1;
    String tag = "v0." + f.draw.between(12, 14) + "." + f.draw.between(1, 5);
    String image = Objects.IMAGE + ":" + tag;
    String hash = new Draw(f.fleet.seed, "template/" + d.spec.name() + tag).hex(9);
    String git = f.draw.hex(8);
    f.fleet.loop.at(
        f.from,
        () ->
            d.site.throughGit(
                git,
                "Deployment",
                d.spec.name(),
                () -> {
                  d.site.api.edit(
                      d.key,
                      d.site.spec.gitops() ? "argocd-controller" : "helm",
                      o -> Objects.container(o).put("image", image));
                  d.roll(d.revision.named(hash, image).slower(step, prefill));
                }));
    Map<String, Object> object = field(d, "spec.template.spec.containers[0].image");
    f.truth.add(
        new Truth.Event(
                "drift.config",
                object,
                f.from,
                f.fleet.end,
                "the image differs from its cohort on other sites")
            .optional());
    Truth.Event latency =
        new Truth.Event(
                "latency.swing",
                Truth.entity(d),
                f.from,
                f.fleet.end,
                "image "
                    + tag
                    + (prefillOnly
                        ? " computes prompts "
                            + Texts.go(Math.rint(prefill * 100) / 100)
                            + "x as long"
                        : " makes steps " + Texts.go(Math.rint(step * 100) / 100) + "x slower"))
            .cause("drift.config", object);
    f.truth.episodes.add(
        new Truth.Episode(
            null, latency, f.from, f.fleet.end, s -> s.deployment == d, List.of(latency.cause)));
  }

  /** The number of sequences a server takes at once is cut: requests queue. */
  static void batchLimit(Fault f) {
    Deployment d = f.deployment(x -> x.spec.sharing() == WorkloadSpec.Sharing.WHOLE);
    double inFlight = d.spec.concurrency() * f.fleet.shape.load() * d.site.spec.load();
    int limit = (int) Math.max(1, Math.round(inFlight * f.size.of(1.6, 1.15, .9)));
    boolean byHand = f.draw.chance(.5);
    edit(
        f,
        d,
        byHand,
        "spec.template.spec.containers[0].args",
        "--max-num-seqs is " + limit,
        o -> argument(o, "--max-num-seqs", Integer.toString(limit)),
        r -> r.limited(limit),
        true);
  }

  static void outOfBand(Fault f) {
    Deployment d = f.deployment(x -> true);
    int which = f.draw.below(4);
    if (which == 0) {
      edit(
          f,
          d,
          true,
          "spec.template.spec.containers[0].env[1].value",
          "an environment variable",
          o -> Json.map(Objects.container(o), "env", 1).put("value", "64"),
          r -> r,
          false);
    } else if (which == 1) {
      edit(
          f,
          d,
          true,
          "spec.template.spec.containers[0].resources.limits",
          "limits",
          o -> {
            Json.map(Objects.container(o), "resources", "limits").put("memory", "48Gi");
            Json.map(Objects.container(o), "resources", "limits").put("cpu", "6");
          },
          r -> r,
          false);
    } else if (which == 2) {
      edit(
          f,
          d,
          true,
          "spec.template.spec.containers[0].args",
          "an argument",
          o -> argument(o, "--max-model-len", "8192"),
          r -> r,
          false);
    } else {
      String image = Objects.IMAGE + ":v0.11.0-hotfix" + f.draw.between(1, 9);
      edit(
          f,
          d,
          true,
          "spec.template.spec.containers[0].image",
          "the image",
          o -> Objects.container(o).put("image", image),
          r -> r.named(r.hash(), image),
          false);
    }
  }

  /** Changes a Deployment by hand or through Git, and rolls its pods. */
  private static void edit(
      Fault f,
      Deployment d,
      boolean byHand,
      String path,
      String what,
      Consumer<Map<String, Object>> change,
      UnaryOperator<Deployment.Revision> effect,
      boolean harmful) {
    String hash = f.draw.hex(9);
    String manager =
        byHand
            ? f.draw.pick(List.of("kubectl-edit", "kubectl-patch", "Mozilla"))
            : d.site.spec.gitops() ? "argocd-controller" : "helm";
    String git = f.draw.hex(8);
    double noticed = f.draw.uniform(60, 200);
    Runnable act =
        () -> {
          d.site.api.edit(d.key, manager, change);
          Deployment.Revision r = effect.apply(d.revision);
          d.roll(r.named(hash, r.image()));
          if (byHand) {
            d.site.outOfSync("Deployment", d.spec.name(), noticed);
          }
        };
    f.fleet.loop.at(
        f.from,
        () -> {
          if (byHand) {
            act.run();
          } else {
            d.site.throughGit(git, "Deployment", d.spec.name(), act);
          }
        });
    Map<String, Object> object = field(d, path);
    Truth.Event drift =
        new Truth.Event(
            "drift.config",
            object,
            f.from,
            f.fleet.end,
            what
                + " of the live Deployment changed "
                + (byHand ? "by hand (" + manager + "), not in Git" : "on one site only"));
    Fault.gitops(drift, d.site);
    drift.optional = !byHand;
    f.truth.add(drift);
    if (harmful) {
      Truth.Event latency =
          new Truth.Event("latency.swing", Truth.entity(d), f.from, f.fleet.end, what)
              .cause("drift.config", object);
      f.truth.episodes.add(
          new Truth.Episode(
              null, latency, f.from, f.fleet.end, s -> s.deployment == d, List.of(latency.cause)));
    } else {
      f.episode(null, null, s -> s.deployment == d, List.of(Truth.cause("drift.config", object)));
    }
  }

  private static Map<String, Object> field(Deployment d, String path) {
    return Truth.entity(
        d.site,
        "namespace",
        d.namespace(),
        "workload",
        d.spec.name(),
        "object",
        d.key,
        "field",
        path);
  }

  private static void argument(Map<String, Object> deployment, String name, String value) {
    List<Object> args = Json.array(Objects.container(deployment), "args");
    args.set(args.indexOf(name) + 1, value);
  }
}
