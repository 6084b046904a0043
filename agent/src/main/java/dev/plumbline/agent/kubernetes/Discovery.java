package dev.plumbline.agent.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import dev.plumbline.agent.scrape.ScrapeTarget;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds what there is to scrape from pods, services, their endpoints and nodes: what rules or
 * annotations say. A pod is a target from when its container is first ready until it ends; one that
 * hangs is scraped on. What leaves is told as gone.
 */
final class Discovery {
  private static final Logger LOG = LoggerFactory.getLogger(Discovery.class);

  /** Kinds that must be listed before it is known what is not there. */
  private static final Set<String> KINDS = Set.of("Pod", "Node", "Service", "EndpointSlice");

  private static final String SCRAPE = "prometheus.io/scrape";

  /** Names of ports that serve metrics beside others that don't. */
  private static final List<String> METRICS = List.of("metrics", "http-metrics", "prometheus");

  /** An exporter of a node that is replaced is back within this time: it never left. */
  static final Duration REPLACEMENT = Duration.ofSeconds(60);

  /** Name under which targets are remembered. */
  static final String REMEMBERED = "scrape/";

  /** What identifies a target: a source and a name. */
  private record Key(String source, String name) implements Comparable<Key> {
    @Override
    public int compareTo(Key other) {
      int order = source.compareTo(other.source);
      return order == 0 ? name.compareTo(other.name) : order;
    }
  }

  /** A service that is annotated. */
  private record Service(String app, Map<String, String> annotations) {}

  /** One address behind a service. */
  private record Endpoint(String address, String pod, String node, boolean ready) {}

  /** A part of the addresses behind a service. */
  private record Slice(String service, List<Endpoint> endpoints, List<FoundPod.Port> ports) {}

  private final DiscoverySettings settings;
  private final Memory memory;
  private final Kubernetes.Targets targets;
  private final LongSupplier millis;

  private final Map<String, FoundPod> pods = new TreeMap<>();
  private final Map<String, String> nodes = new TreeMap<>();
  private final Map<String, Map<String, String>> namespaces = new TreeMap<>();
  private final Map<String, Service> services = new TreeMap<>();
  private final Map<String, Slice> slices = new TreeMap<>();

  /** Who claims a target, by where it was found; the first is scraped. */
  private final Map<Key, TreeMap<String, ScrapeTarget>> claims = new TreeMap<>();

  private final Map<String, Set<Key>> found = new TreeMap<>();
  private final Map<Key, ScrapeTarget> scraped = new TreeMap<>();

  /** Targets of nodes that may be back soon, and until when they are waited for. */
  private final Map<Key, Long> leaving = new TreeMap<>();

  private final Set<String> unlisted = new TreeSet<>(KINDS);
  private final Set<String> warned = new HashSet<>();

  /**
   * @param millis a clock for waiting; any origin
   */
  Discovery(
      DiscoverySettings settings, Memory memory, Kubernetes.Targets targets, LongSupplier millis) {
    this.settings = settings;
    this.memory = memory;
    this.targets = targets;
    this.millis = millis;
  }

  synchronized void changed(String kind, JsonNode object) {
    JsonNode metadata = object.path("metadata");
    String namespace = metadata.path("namespace").asText("");
    String name = metadata.path("name").asText();
    String key = namespace + '/' + name;
    switch (kind) {
      case "Pod" -> {
        FoundPod before = pods.get(key);
        FoundPod pod = FoundPod.of(object, before);
        pods.put(key, pod);
        if (!pod.equals(before)) {
          pod(pod);
          servicesOf(namespace);
        }
      }
      case "Node" -> {
        nodes.put(name, address(object));
        node(name);
      }
      case "Namespace" -> {
        Map<String, String> labels = FoundPod.texts(metadata.path("labels"), "");
        if (!labels.equals(namespaces.put(name, labels))) {
          pods.values().stream().filter(it -> it.namespace().equals(name)).forEach(this::pod);
          servicesOf(name);
        }
      }
      case "Service" -> {
        Map<String, String> annotations = FoundPod.scraping(metadata.path("annotations"));
        if ("true".equals(annotations.get(SCRAPE))) {
          Map<String, String> labels = FoundPod.texts(metadata.path("labels"), "");
          services.put(key, new Service(app(labels, name), annotations));
        } else {
          services.remove(key);
        }
        service(key);
      }
      case "EndpointSlice" -> {
        Slice slice = slice(namespace, object);
        Slice before = slices.put(key, slice);
        if (before != null && !before.service().equals(slice.service())) {
          service(before.service());
        }
        service(slice.service());
      }
      default -> {}
    }
  }

  synchronized void gone(String kind, String namespace, String name) {
    String key = (namespace == null ? "" : namespace) + '/' + name;
    switch (kind) {
      case "Pod" -> {
        pods.remove(key);
        found("pod " + key, List.of());
        servicesOf(namespace);
      }
      case "Node" -> {
        nodes.remove(name);
        found("node " + name, List.of());
        // its exporters won't be back
        for (Key each : List.copyOf(leaving.keySet())) {
          if (each.name().equals(name)) {
            left(each);
          }
        }
      }
      case "Namespace" -> namespaces.remove(name);
      case "Service" -> {
        services.remove(key);
        service(key);
      }
      case "EndpointSlice" -> {
        Slice slice = slices.remove(key);
        if (slice != null) {
          service(slice.service());
        }
      }
      default -> {}
    }
  }

  /** A kind was listed as a whole: with the last of them it is known what is not there any more. */
  synchronized void listed(String kind) {
    if (unlisted.remove(kind) && unlisted.isEmpty()) {
      for (String each : memory.kinds()) {
        if (each.startsWith(REMEMBERED)) {
          String source = each.substring(REMEMBERED.length());
          for (String name : memory.of(each).keySet()) {
            Key key = new Key(source, name);
            if (!claims.containsKey(key) && !leaving.containsKey(key)) {
              left(key);
            }
          }
        }
      }
    }
  }

  /** Tells those as gone that were waited for in vain. */
  synchronized void tick() {
    long now = millis.getAsLong();
    for (Map.Entry<Key, Long> each : Map.copyOf(leaving).entrySet()) {
      if (now >= each.getValue()) {
        left(each.getKey());
      }
    }
  }

  private void pod(FoundPod pod) {
    found("pod " + pod.key(), targets(pod));
  }

  private void node(String name) {
    List<ScrapeTarget> some = new ArrayList<>();
    String address = nodes.get(name);
    for (DiscoveryRule rule : settings.rules()) {
      if (rule.nodes() && !address.isEmpty()) {
        int port = Integer.parseInt(rule.ports().get(0));
        some.add(target(rule, name, address, port, rule.path(), Map.of("node", name)));
      }
    }
    found("node " + name, some);
  }

  private void servicesOf(String namespace) {
    for (String key : List.copyOf(services.keySet())) {
      if (key.startsWith(namespace + '/')) {
        service(key);
      }
    }
  }

  /** What a pod's rules and annotations say; empty while there is nothing to reach. */
  private List<ScrapeTarget> targets(FoundPod pod) {
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
    Key key = new Key(rule.source(), rule.perNode() ? pod.node() : pod.key());
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
      warn(
          pod.key() + " is annotated " + SCRAPE + ", but no port is known; add prometheus.io/port");
      return;
    }
    String source = source(pod.annotations(), app(pod.labels(), pod.workload()), pod.name());
    if (isReachable(pod, port, null, new Key(source, pod.key()))) {
      some.add(target(source, pod.key(), pod.address(), port, pod.annotations(), labels(pod)));
    }
  }

  private void service(String key) {
    Service service = services.get(key);
    List<ScrapeTarget> some = new ArrayList<>();
    if (service != null && settings.annotated()) {
      String namespace = key.substring(0, key.indexOf('/'));
      String name = key.substring(key.indexOf('/') + 1);
      for (Slice slice : slices.values()) {
        if (slice.service().equals(key)) {
          int port = port(service.annotations(), slice.ports());
          for (Endpoint endpoint : slice.endpoints()) {
            behind(service, namespace, name, endpoint, port, some);
          }
        }
      }
    }
    found("service " + key, some);
  }

  private void behind(
      Service service,
      String namespace,
      String name,
      Endpoint endpoint,
      int port,
      List<ScrapeTarget> some) {
    if (port == 0) {
      warn(
          namespace
              + "/"
              + name
              + " is annotated "
              + SCRAPE
              + ", but no port is known; add prometheus.io/port");
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
    FoundPod pod = pods.get(namespace + '/' + endpoint.pod());
    if (pod == null || "false".equals(pod.annotations().get(SCRAPE)) || pod.ended()) {
      return;
    }
    List<ScrapeTarget> own = targets(pod);
    if (own.stream().anyMatch(it -> it.url().getPort() == port)) {
      return;
    }
    String source = source(service.annotations(), service.app(), name);
    if (isReachable(pod, port, null, new Key(source, pod.key()))) {
      some.add(
          target(source, pod.key(), endpoint.address(), port, service.annotations(), labels(pod)));
    }
  }

  /** Takes what is found in one place now, in place of what was found there before. */
  private void found(String place, List<ScrapeTarget> now) {
    Set<Key> keys = new TreeSet<>();
    for (ScrapeTarget target : now) {
      Key key = new Key(target.source(), target.name());
      if (keys.add(key)) {
        claims.computeIfAbsent(key, it -> new TreeMap<>()).put(place, target);
      }
    }
    Set<Key> before = keys.isEmpty() ? found.remove(place) : found.put(place, keys);
    Set<Key> touched = new TreeSet<>(keys);
    if (before != null) {
      for (Key key : before) {
        if (!keys.contains(key)) {
          claims.get(key).remove(place);
          touched.add(key);
        }
      }
    }
    touched.forEach(this::settle);
  }

  private void settle(Key key) {
    TreeMap<String, ScrapeTarget> claimed = claims.get(key);
    if (claimed == null || claimed.isEmpty()) {
      claims.remove(key);
      if (scraped.remove(key) != null) {
        targets.stop(key.source(), key.name());
        if (nodes.containsKey(key.name())) {
          leaving.put(key, millis.getAsLong() + REPLACEMENT.toMillis());
        } else {
          left(key);
        }
      }
      return;
    }
    if (claimed.size() > 1) {
      warn(key.source() + " of " + key.name() + " is found twice: " + claimed.keySet());
    }
    ScrapeTarget target = claimed.firstEntry().getValue();
    leaving.remove(key);
    if (!target.equals(scraped.put(key, target))) {
      memory.put(REMEMBERED + key.source(), key.name(), "");
      targets.scrape(target);
    }
  }

  private void left(Key key) {
    leaving.remove(key);
    memory.remove(REMEMBERED + key.source(), key.name());
    targets.gone(key.source(), key.name());
  }

  /** What was scraped in an earlier life is scraped on, ready or not. */
  private boolean isReachable(FoundPod pod, int port, FoundPod.Container runs, Key key) {
    if (scraped.containsKey(key) || memory.has(REMEMBERED + key.source(), key.name())) {
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
    Map<String, String> namespace = namespaces.getOrDefault(pod.namespace(), Map.of());
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

  private static String app(Map<String, String> labels, String otherwise) {
    for (String label : List.of("app.kubernetes.io/name", "app", "k8s-app")) {
      if (!labels.getOrDefault(label, "").isEmpty()) {
        return labels.get(label);
      }
    }
    return otherwise;
  }

  private static String address(JsonNode node) {
    for (JsonNode each : node.path("status").path("addresses")) {
      if (each.path("type").asText().equals("InternalIP")) {
        return each.path("address").asText();
      }
    }
    return "";
  }

  private static Slice slice(String namespace, JsonNode object) {
    List<Endpoint> endpoints = new ArrayList<>();
    for (JsonNode each : object.path("endpoints")) {
      JsonNode reference = each.path("targetRef");
      boolean pod = reference.path("kind").asText().equals("Pod");
      endpoints.add(
          new Endpoint(
              each.path("addresses").path(0).asText(),
              pod ? reference.path("name").asText() : "",
              each.path("nodeName").asText(""),
              each.path("conditions").path("ready").asBoolean(true)));
    }
    List<FoundPod.Port> ports = new ArrayList<>();
    for (JsonNode each : object.path("ports")) {
      if (each.path("protocol").asText("TCP").equals("TCP") && each.path("port").asInt() > 0) {
        ports.add(new FoundPod.Port(each.path("name").asText(""), each.path("port").asInt()));
      }
    }
    String service =
        object.path("metadata").path("labels").path("kubernetes.io/service-name").asText("");
    return new Slice(namespace + '/' + service, endpoints, ports);
  }

  private void warn(String sentence) {
    if (warned.add(sentence)) {
      LOG.warn(sentence);
    }
  }
}
