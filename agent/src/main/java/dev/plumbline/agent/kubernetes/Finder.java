package dev.plumbline.agent.kubernetes;

import dev.plumbline.agent.kubernetes.FoundService.Endpoint;
import dev.plumbline.agent.kubernetes.FoundService.Slice;
import dev.plumbline.agent.scrape.ScrapeTarget;
import dev.plumbline.agent.scrape.TargetKey;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;

/** Says what there is to scrape of a pod, a node or a service: what rules or annotations say. */
final class Finder {
  static final String SCRAPE = "prometheus.io/scrape";

  /** Names of ports that serve metrics beside others that don't. */
  private static final List<String> METRICS = List.of("metrics", "http-metrics", "prometheus");

  private final DiscoverySettings settings;
  private final Predicate<TargetKey> isKnown;
  private final Function<String, FoundPod> pods;
  private final Function<String, Map<String, String>> namespaces;
  private final Once once;

  /**
   * @param isKnown whether a target is scraped already, or was in an earlier life
   * @param pods by namespace and name; null when there is none
   * @param namespaces labels of each
   */
  Finder(
      DiscoverySettings settings,
      Predicate<TargetKey> isKnown,
      Function<String, FoundPod> pods,
      Function<String, Map<String, String>> namespaces,
      Once once) {
    this.settings = settings;
    this.isKnown = isKnown;
    this.pods = pods;
    this.namespaces = namespaces;
    this.once = once;
  }

  /** What a pod's rules and annotations say; empty while there is nothing to reach. */
  List<ScrapeTarget> of(FoundPod pod) {
    List<ScrapeTarget> some = new ArrayList<>();
    if (pod.address().isEmpty() || pod.ended()) {
      return some;
    }
    Set<Integer> taken = new HashSet<>();
    settings.rules().forEach(rule -> byRule(rule, pod, Map.of(), taken, some));
    String wish = pod.annotations().getOrDefault(SCRAPE, "");
    if (wish.equals("false")) {
      return some;
    }
    boolean annotated = settings.annotated() && wish.equals("true");
    boolean known = false;
    for (DiscoveryRule rule : settings.known()) {
      known |= byRule(rule, pod, annotated ? pod.annotations() : Map.of(), taken, some);
    }
    if (annotated && !known && taken.isEmpty()) {
      byAnnotation(pod, some);
    }
    return some;
  }

  /** What rules say of a node; empty without an address. */
  List<ScrapeTarget> of(String node, String address) {
    List<ScrapeTarget> some = new ArrayList<>();
    for (DiscoveryRule rule : settings.rules()) {
      if (rule.nodes() && !address.isEmpty()) {
        int port = Integer.parseInt(rule.ports().get(0));
        some.add(target(rule, node, address, port, rule.path(), Map.of("node", node)));
      }
    }
    return some;
  }

  /** What is behind a service, beside what its pods say of themselves. */
  List<ScrapeTarget> of(FoundService service, Collection<Slice> slices) {
    List<ScrapeTarget> some = new ArrayList<>();
    if (settings.annotated()) {
      for (Slice slice : slices) {
        int port = port(service.annotations(), slice.ports());
        for (Endpoint endpoint : slice.endpoints()) {
          behind(service, endpoint, port, some);
        }
      }
    }
    return some;
  }

  /** Adds what a rule finds in a pod; annotations say better than a rule where the metrics are. */
  private boolean byRule(
      DiscoveryRule rule,
      FoundPod pod,
      Map<String, String> annotations,
      Set<Integer> taken,
      List<ScrapeTarget> some) {
    if (!rule.isFor(pod.namespace(), pod.labels())) {
      return false;
    }
    FoundPod.Container runs = null;
    if (rule.image() != null) {
      for (FoundPod.Container each : pod.containers()) {
        runs = runs == null && rule.isImage(each.image()) ? each : runs;
      }
      if (runs == null) {
        return false;
      }
    }
    List<String> wanted = new ArrayList<>(rule.ports());
    if (annotations.containsKey("prometheus.io/port")) {
      wanted.add(0, annotations.get("prometheus.io/port"));
    }
    int port = port(wanted, runs == null ? pod.containers() : List.of(runs));
    if (port == 0 && runs != null && !runs.ports().isEmpty()) {
      port = runs.ports().get(0).number();
    }
    TargetKey key = new TargetKey(rule.source(), rule.perNode() ? pod.node() : pod.key());
    if (port == 0 || taken.contains(port) || !isReachable(pod, port, runs, key)) {
      return false;
    }
    taken.add(port);
    ScrapeTarget target =
        target(
            rule,
            key.name(),
            pod.address(),
            port,
            annotations.getOrDefault("prometheus.io/path", rule.path()),
            rule.perNode() ? Map.of("node", pod.node()) : labels(pod));
    some.add(target);
    return true;
  }

  private void byAnnotation(FoundPod pod, List<ScrapeTarget> some) {
    int port = port(pod.annotations(), ports(pod));
    if (port == 0) {
      lacksPort(pod.key());
      return;
    }
    String source =
        source(pod.annotations(), FoundService.app(pod.labels(), pod.workload()), pod.name());
    if (isReachable(pod, port, null, new TargetKey(source, pod.key()))) {
      some.add(target(source, pod.key(), pod.address(), port, pod.annotations(), labels(pod)));
    }
  }

  private void behind(FoundService service, Endpoint endpoint, int port, List<ScrapeTarget> some) {
    String namespace = service.namespace();
    String name = service.name();
    if (port == 0) {
      lacksPort(namespace + '/' + name);
      return;
    }
    if (endpoint.pod().isEmpty()) {
      if (endpoint.ready()) {
        Map<String, String> labels =
            new TreeMap<>(Map.of("namespace", namespace, "workload", name));
        if (!endpoint.node().isEmpty()) {
          labels.put("node", endpoint.node());
        }
        some.add(
            target(
                source(service.annotations(), service.app(), name),
                namespace + '/' + name + '/' + endpoint.address() + ':' + port,
                endpoint.address(),
                port,
                service.annotations(),
                labels));
      }
      return;
    }
    FoundPod pod = pods.apply(namespace + '/' + endpoint.pod());
    if (pod == null || "false".equals(pod.annotations().get(SCRAPE)) || pod.ended()) {
      return;
    }
    List<ScrapeTarget> own = of(pod);
    if (own.stream().anyMatch(it -> it.url().getPort() == port)) {
      return;
    }
    String source = source(service.annotations(), service.app(), name);
    if (isReachable(pod, port, null, new TargetKey(source, pod.key()))) {
      some.add(
          target(source, pod.key(), endpoint.address(), port, service.annotations(), labels(pod)));
    }
  }

  private void lacksPort(String what) {
    once.warn(what + " is annotated " + SCRAPE + ", but no port is known; add prometheus.io/port");
  }

  /** What was scraped in an earlier life is scraped on, ready or not. */
  private boolean isReachable(FoundPod pod, int port, FoundPod.Container runs, TargetKey key) {
    if (isKnown.test(key)) {
      return true;
    }
    for (FoundPod.Container each : pod.containers()) {
      boolean serves = each.ports().stream().anyMatch(it -> it.number() == port);
      if (runs == null ? serves : each.equals(runs)) {
        return each.ready();
      }
    }
    return pod.containers().stream().allMatch(FoundPod.Container::ready);
  }

  private ScrapeTarget target(
      DiscoveryRule rule,
      String name,
      String address,
      int port,
      String path,
      Map<String, String> labels) {
    return new ScrapeTarget(
        rule.source(),
        name,
        url(rule.scheme(), address, port, path),
        labels,
        settings.interval(),
        settings.timeout(),
        rule.bearerTokenFile(),
        null,
        rule.caFile(),
        rule.insecure());
  }

  private ScrapeTarget target(
      String source,
      String name,
      String address,
      int port,
      Map<String, String> annotations,
      Map<String, String> labels) {
    return new ScrapeTarget(
        source,
        name,
        url(
            annotations.getOrDefault("prometheus.io/scheme", "http"),
            address,
            port,
            annotations.getOrDefault("prometheus.io/path", "/metrics")),
        labels,
        settings.interval(),
        settings.timeout(),
        null,
        null,
        null,
        false);
  }

  private static URI url(String scheme, String address, int port, String path) {
    String host = address.indexOf(':') < 0 ? address : '[' + address + ']';
    String rooted = path.startsWith("/") ? path : '/' + path;
    boolean tls = scheme.equalsIgnoreCase("https");
    int query = rooted.indexOf('?');
    try {
      return new URI(
          tls ? "https" : "http",
          null,
          host,
          port,
          query < 0 ? rooted : rooted.substring(0, query),
          query < 0 ? null : rooted.substring(query + 1),
          null);
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(address + " is no address: " + e.getMessage(), e);
    }
  }

  private Map<String, String> labels(FoundPod pod) {
    Map<String, String> labels = new TreeMap<>();
    labels.put("namespace", pod.namespace());
    labels.put("pod", pod.name());
    put(labels, "node", pod.node());
    put(labels, "workload", pod.workload());
    put(labels, "tenant", first(pod, settings.tenant()));
    put(labels, "model", first(pod, settings.model()));
    return labels;
  }

  private String first(FoundPod pod, List<String> names) {
    Map<String, String> namespace = namespaces.apply(pod.namespace());
    for (Map<String, String> labels : List.of(pod.labels(), namespace)) {
      for (String name : names) {
        if (!labels.getOrDefault(name, "").isEmpty()) {
          return labels.get(name);
        }
      }
    }
    return "";
  }

  private static void put(Map<String, String> labels, String name, String value) {
    if (!value.isEmpty()) {
      labels.put(name, value);
    }
  }

  private static List<FoundPod.Port> ports(FoundPod pod) {
    List<FoundPod.Port> ports = new ArrayList<>();
    pod.containers().forEach(it -> ports.addAll(it.ports()));
    return ports;
  }

  /** The first wanted port: a number as it is, a name when it is declared; 0 for none. */
  private static int port(List<String> wanted, List<FoundPod.Container> containers) {
    for (String port : wanted) {
      if (port.matches("\\d{1,5}")) {
        return Integer.parseInt(port);
      }
      for (FoundPod.Container each : containers) {
        for (FoundPod.Port declared : each.ports()) {
          if (declared.name().equals(port)) {
            return declared.number();
          }
        }
      }
    }
    return 0;
  }

  /** The annotated port, else one that is named after metrics, else the first; 0 for none. */
  private static int port(Map<String, String> annotations, List<FoundPod.Port> declared) {
    String wanted = annotations.get("prometheus.io/port");
    if (wanted != null && wanted.matches("\\d{1,5}")) {
      return Integer.parseInt(wanted);
    }
    List<String> names = new ArrayList<>(METRICS);
    if (wanted != null) {
      names.add(0, wanted);
    }
    for (String name : names) {
      for (FoundPod.Port port : declared) {
        if (port.name().equals(name)) {
          return port.number();
        }
      }
    }
    return declared.isEmpty() ? 0 : declared.get(0).number();
  }

  private static String source(Map<String, String> annotations, String app, String otherwise) {
    String source = annotations.getOrDefault("plumbline.dev/source", app);
    return (source.isEmpty() ? otherwise : source).replaceAll("[^A-Za-z0-9._-]", "_");
  }
}
