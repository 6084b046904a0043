package dev.plumbline.bench.fleet;

import java.util.ArrayList;
import java.util.List;

/**
 * What a fleet looks like: its sites, its workloads, how often it is scraped.
 *
 * @param interval seconds between scrapes of dcgm and vllm; the others come every second time
 * @param load factor on every workload's arrivals
 * @param detailed whether model servers show all their histograms, as vLLM does, or the usual few
 */
record Shape(
    List<SiteSpec> sites,
    List<WorkloadSpec> workloads,
    double interval,
    double hours,
    double load,
    boolean detailed,
    double startHour) {

  /**
   * @param sharedNode the number of the node whose first board is time-sliced, 0 for none
   * @param migNode the number of the node whose first board is split, 0 for none
   * @param everyHolder whether the exporter names every pod of a shared board
   */
  record SiteSpec(
      String name,
      String prefix,
      String provider,
      String kind,
      String region,
      String jurisdiction,
      Product product,
      int nodes,
      int boards,
      int sharedNode,
      int migNode,
      boolean everyHolder,
      boolean oldHostLabel,
      boolean gitops,
      double load) {}

  Shape with(double newInterval, double newHours) {
    return new Shape(sites, workloads, newInterval, newHours, load, detailed, startHour);
  }

  /**
   * As many sites of that many nodes with that many boards, after the pattern of the ones drawn.
   */
  Shape sized(int clusters, int nodes, int boards) {
    List<SiteSpec> other = new ArrayList<>();
    for (int i = 0; i < clusters; i++) {
      SiteSpec s = sites.get(i % sites.size());
      String number = i < sites.size() ? "" : "-" + (i / sites.size() + 1);
      other.add(
          new SiteSpec(
              s.name() + number,
              s.prefix() + number,
              s.provider(),
              s.kind(),
              s.region(),
              s.jurisdiction(),
              s.product(),
              nodes,
              boards,
              s.sharedNode() == 0 ? 0 : Math.max(1, nodes - 1),
              s.migNode() == 0 ? 0 : nodes,
              s.everyHolder(),
              s.oldHostLabel(),
              s.gitops(),
              s.load()));
    }
    return new Shape(other, workloads, interval, hours, load, detailed, startHour);
  }

  Shape withLoad(double factor) {
    return new Shape(sites, workloads, interval, hours, factor, detailed, startHour);
  }

  Shape withWorkloads(List<WorkloadSpec> other) {
    return new Shape(sites, other, interval, hours, load, detailed, startHour);
  }

  Shape startingAt(double hour) {
    return new Shape(sites, workloads, interval, hours, load, detailed, hour);
  }

  private record Place(
      String city, String region, String jurisdiction, String provider, String kind) {}

  private static final List<Place> EUROPE =
      List.of(
          new Place("muc", "europe-west3", "eu", "gcp", "cloud"),
          new Place("dub", "eu-west-1", "eu", "aws", "cloud"),
          new Place("ams", "westeurope", "eu", "azure", "cloud"),
          new Place("lyn", "fr-lyon-dc2", "eu", "onprem", "onprem"),
          new Place("mil", "it-milano-edge", "eu", "edge", "edge"),
          new Place("hel", "fi-helsinki-dc1", "eu", "onprem", "onprem"));

  private static final List<Place> ELSEWHERE =
      List.of(
          new Place("chi", "us-east-2", "us", "aws", "cloud"),
          new Place("dal", "us-dallas-edge", "us", "edge", "edge"),
          new Place("sin", "asia-southeast1", "sg", "gcp", "cloud"),
          new Place("zrh", "ch-zurich-dc1", "ch", "onprem", "onprem"),
          new Place("lhr", "uksouth", "uk", "azure", "cloud"));

  /**
   * A fleet drawn from the seed: two to four sites, other cities, models and loads than any other.
   */
  static Shape drawn(long seed, double interval, double hours) {
    Draw draw = new Draw(seed, "shape");
    int count = draw.between(2, 4);
    List<Place> places = new ArrayList<>();
    List<Place> europe = new ArrayList<>(EUROPE);
    List<Place> elsewhere = new ArrayList<>(ELSEWHERE);
    for (int i = 0; i < count; i++) {
      List<Place> from =
          i == 0 ? europe : i == 1 ? elsewhere : draw.chance(.6) ? europe : elsewhere;
      places.add(from.remove(draw.below(from.size())));
    }
    List<Product> products =
        List.of(Product.H100, Product.A100, Product.H200, Product.A100, Product.L40S);
    List<SiteSpec> sites = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Place place = places.get(i);
      Product product = draw.pick(products);
      int nodes = draw.between(3, 5);
      sites.add(
          new SiteSpec(
              place.kind() + "-" + place.city() + "-" + draw.between(1, 3),
              place.city() + "-" + (draw.chance(.5) ? "gpu" : "w"),
              place.provider(),
              place.kind(),
              place.region(),
              place.jurisdiction(),
              product,
              nodes,
              draw.chance(.3) ? 4 : 2,
              nodes - 1,
              product == Product.L40S ? 0 : nodes,
              draw.chance(.5),
              draw.chance(.3),
              draw.chance(.75) || i == 0,
              draw.uniform(.75, 1.2)));
    }
    return new Shape(
        sites,
        workloads(draw),
        interval,
        hours,
        draw.uniform(.7, 1.3),
        draw.chance(.35),
        draw.uniform(0, 24));
  }

  private static List<WorkloadSpec> workloads(Draw draw) {
    WorkloadSpec.Sharing whole = WorkloadSpec.Sharing.WHOLE;
    WorkloadSpec.Sharing sliced = WorkloadSpec.Sharing.TIME_SLICED;
    List<WorkloadSpec> out = new ArrayList<>();
    String front = draw.pick(List.of("assistant", "support-bot", "copilot", "concierge"));
    Model frontModel = draw.pick(List.of(Model.LLAMA_8B, Model.MISTRAL_7B, Model.GEMMA_9B));
    // conversation of the Azure trace of 2023: about 1,155 tokens in, 211 out
    out.add(
        new WorkloadSpec(
            front,
            "team-shop",
            "shop",
            frontModel,
            whole,
            1,
            draw.between(2, 3),
            draw.uniform(3, 14),
            draw.uniform(1, 2),
            draw.uniform(.2, .7),
            draw.uniform(500, 1100),
            1.0,
            draw.uniform(110, 220),
            .9,
            256,
            8192,
            16384,
            true));
    // code of the same: about 2,048 in, 28 out
    String code = draw.pick(List.of("autocomplete", "code-review", "refactor"));
    out.add(
        new WorkloadSpec(
            code,
            "team-dev",
            "dev",
            Model.QWEN_7B_CODER,
            sliced,
            1,
            1,
            draw.uniform(.3, 1.2),
            draw.uniform(1.2, 3),
            draw.uniform(.3, .8),
            draw.uniform(1200, 2200),
            .8,
            draw.uniform(30, 120),
            .7,
            128,
            4096,
            16384,
            false));
    String digest = draw.pick(List.of("digest", "translate", "classify"));
    out.add(
        new WorkloadSpec(
            digest,
            "team-risk",
            "risk",
            draw.pick(List.of(Model.MISTRAL_7B, Model.GRANITE_3B)),
            sliced,
            1,
            1,
            draw.uniform(.3, 1.0),
            draw.uniform(1, 2.5),
            draw.uniform(.1, .6),
            draw.uniform(600, 2500),
            .9,
            draw.uniform(60, 200),
            .6,
            128,
            4096,
            16384,
            false));
    String search = draw.pick(List.of("docs-qa", "search-answers", "case-law"));
    out.add(
        new WorkloadSpec(
            search,
            "team-lab",
            "lab",
            draw.pick(List.of(Model.LLAMA_8B, Model.GRANITE_3B)),
            WorkloadSpec.Sharing.MIG,
            1,
            1,
            draw.uniform(.8, 4),
            draw.uniform(1, 2),
            draw.uniform(.1, .5),
            draw.uniform(1800, 4200),
            .7,
            draw.uniform(90, 260),
            .6,
            64,
            8192,
            32768,
            false));
    if (draw.chance(.6)) {
      out.add(
          new WorkloadSpec(
              draw.pick(List.of("agent", "planner")),
              "team-shop",
              "shop",
              draw.pick(List.of(Model.QWEN_14B, Model.PHI_14B)),
              whole,
              1,
              1,
              draw.uniform(2, 8),
              draw.uniform(1.5, 3),
              draw.uniform(0, .5),
              draw.uniform(2500, 5000),
              .8,
              draw.uniform(200, 500),
              .8,
              128,
              8192,
              32768,
              false));
    }
    return out;
  }
}
