package dev.plumbline.cli.settings;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.plumbline.agent.kubernetes.DiscoveryRule;
import dev.plumbline.agent.kubernetes.DiscoverySettings;
import dev.plumbline.agent.kubernetes.KubernetesSettings;
import dev.plumbline.agent.mapping.Mapping;
import dev.plumbline.agent.run.AgentSettings;
import dev.plumbline.agent.scrape.ScrapeTarget;
import dev.plumbline.agent.scrape.Scraper;
import dev.plumbline.agent.spool.Spool;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Settings of the processes: one YAML file for all three, each key overridden by the environment:
 * {@code kafka.bootstrap.servers} by {@code PLUMBLINE_KAFKA_BOOTSTRAP_SERVERS}. What stands under
 * kafka, registry and connect is passed on as it is.
 */
public final class Settings {
  private static final Set<String> SECTIONS =
      Set.of("kafka", "registry", "http", "agent", "detect", "connect");
  private static final Set<String> HTTP = Set.of("host", "port");
  private static final Set<String> DETECT =
      Set.of("application", "threads", "state.dir", "judging.guarantee", "standby.replicas");
  private static final Set<String> AGENT =
      Set.of(
          "name",
          "cluster",
          "scrapes",
          "host",
          "kubernetes",
          "node",
          "mappings",
          "record",
          "spool.dir",
          "spool.bytes",
          "scrape.max.bytes");
  private static final Set<String> CLUSTER =
      Set.of("uid", "name", "provider", "kind", "region", "jurisdiction", "labels");
  private static final Set<String> KUBERNETES =
      Set.of("kubeconfig", "context", "kinds", "refresh", "state", "discovery");
  private static final Set<String> DISCOVERY =
      Set.of("enabled", "annotated", "known", "rules", "interval", "timeout", "tenant", "model");
  private static final Set<String> SCRAPE =
      Set.of(
          "source",
          "name",
          "url",
          "labels",
          "interval",
          "timeout",
          "bearer.token.file",
          "basic.auth",
          "ca.file",
          "tls.insecure");

  private final String file;
  private final JsonNode root;
  private final Map<String, String> environment;

  private Settings(String file, JsonNode root, Map<String, String> environment) {
    this.file = file;
    this.root = root;
    this.environment = environment;
  }

  /**
   * Reads a file.
   *
   * @throws IOException naming file, place and remedy when it can't be used
   */
  public static Settings read(Path path) throws IOException {
    return read(path, System.getenv());
  }

  static Settings read(Path path, Map<String, String> environment) throws IOException {
    if (!Files.isReadable(path)) {
      throw new NoSuchFileException(path + " can't be read; is the path right?");
    }
    try (InputStream in = Files.newInputStream(path)) {
      JsonNode root = new YAMLMapper().readTree(in);
      Settings settings = new Settings(path.toString(), root, environment);
      settings.known(root, SECTIONS, "");
      settings.known(root.path("http"), HTTP, "http.");
      settings.known(root.path("detect"), DETECT, "detect.");
      settings.known(root.path("agent"), AGENT, "agent.");
      settings.known(root.path("agent").path("cluster"), CLUSTER, "agent.cluster.");
      settings.known(root.path("agent").path("kubernetes"), KUBERNETES, "agent.kubernetes.");
      settings.known(
          root.path("agent").path("kubernetes").path("discovery"),
          DISCOVERY,
          "agent.kubernetes.discovery.");
      for (JsonNode scrape : root.path("agent").path("scrapes")) {
        settings.known(scrape, SCRAPE, "agent.scrapes.");
      }
      return settings;
    } catch (JsonProcessingException e) {
      int line = e.getLocation() == null ? 0 : e.getLocation().getLineNr();
      throw new IOException(path + ":" + line + ": not valid YAML: " + e.getOriginalMessage(), e);
    }
  }

  /** Kafka client settings. */
  public Map<String, Object> kafka() throws IOException {
    Map<String, Object> kafka = new HashMap<>(section("kafka"));
    if (kafka.get("bootstrap.servers") == null) {
      throw new IOException(
          file + ": kafka.bootstrap.servers is missing; name a broker as host:port");
    }
    return kafka;
  }

  /** Settings of the schema registry's client. */
  public Map<String, String> registry() throws IOException {
    Map<String, String> registry = section("registry");
    if (registry.get("schema.registry.url") == null) {
      throw new IOException(
          file + ": registry.schema.registry.url is missing; name the registry's address");
    }
    return registry;
  }

  /** Settings of the Connect worker, without broker and registry. */
  public Map<String, String> connect() {
    return section("connect");
  }

  /** Where to listen. */
  public InetSocketAddress http() throws IOException {
    Map<String, String> http = section("http");
    try {
      return new InetSocketAddress(
          http.getOrDefault("host", "127.0.0.1"),
          Integer.parseInt(http.getOrDefault("port", "8080")));
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": http.port must be a number from 0 to 65535", e);
    }
  }

  /** A text of the detect section. */
  public String detect(String key, String otherwise) {
    return section("detect").getOrDefault(key, otherwise);
  }

  /** What the agent watches. */
  public AgentSettings agent() throws IOException {
    JsonNode agent = root.path("agent");
    Map<String, String> texts = section("agent");
    Map<String, String> cluster = new TreeMap<>();
    scalars(agent.path("cluster"), cluster);
    overridden("agent_cluster", cluster);
    Map<String, String> labels = new TreeMap<>();
    scalars(agent.path("cluster").path("labels"), labels);
    String node = texts.getOrDefault("node", hostname());
    List<ScrapeTarget> targets = new ArrayList<>();
    int i = 0;
    for (JsonNode scrape : agent.path("scrapes")) {
      targets.add(target(scrape, i++, node));
    }
    Map<String, Mapping> mappings = new TreeMap<>();
    for (JsonNode path : agent.path("mappings")) {
      try (InputStream in = Files.newInputStream(Path.of(path.asText()))) {
        Mapping mapping = Mapping.read(path.asText(), in);
        mappings.put(mapping.source(), mapping);
      }
    }
    String record = texts.get("record");
    Path spool = Path.of(texts.getOrDefault("spool.dir", ".plumbline/agent-spool"));
    KubernetesSettings kubernetes = kubernetes(agent.path("kubernetes"), texts, spool);
    String uid = cluster.getOrDefault("uid", kubernetes == null ? node : null);
    return new AgentSettings(
        texts.getOrDefault("name", node),
        uid,
        cluster.getOrDefault("name", uid),
        cluster.getOrDefault("provider", ""),
        cluster.getOrDefault("kind", ""),
        cluster.getOrDefault("region", ""),
        cluster.getOrDefault("jurisdiction", ""),
        labels,
        targets,
        Boolean.parseBoolean(texts.getOrDefault("host", "false")),
        node,
        mappings,
        record == null ? null : Path.of(record),
        spool,
        number(texts, "spool.bytes", AgentSettings.SPOOL_BYTES, Spool.LEAST, Long.MAX_VALUE),
        (int) number(texts, "scrape.max.bytes", Scraper.LARGEST, 1, 1 << 30),
        kubernetes);
  }

  private long number(Map<String, String> texts, String key, long otherwise, long least, long most)
      throws IOException {
    String text = texts.get(key);
    try {
      long number = text == null ? otherwise : Long.parseLong(text);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new IOException(
        "%s: agent.%s is %s; it must be a number of bytes from %d to %d"
            .formatted(file, key, text, least, most));
  }

  /** Either true or false, or a block; the environment says true, or a key of the block. */
  private KubernetesSettings kubernetes(JsonNode block, Map<String, String> agent, Path spool)
      throws IOException {
    Map<String, String> texts = new TreeMap<>();
    scalars(block, texts);
    overridden("agent_kubernetes", texts);
    boolean wanted =
        agent.containsKey("kubernetes")
            ? Boolean.parseBoolean(agent.get("kubernetes"))
            : block.isObject() || !texts.isEmpty();
    if (!wanted) {
      return null;
    }
    Map<String, Set<String>> kinds = new TreeMap<>();
    for (Map.Entry<String, JsonNode> group : block.path("kinds").properties()) {
      if (!group.getValue().isArray()) {
        throw new IOException(
            "%s: agent.kubernetes.kinds.%s must be a list of resources such as [widgets]"
                .formatted(file, group.getKey()));
      }
      Set<String> resources = new TreeSet<>();
      group.getValue().forEach(it -> resources.add(it.asText()));
      if (group.getKey().isEmpty() && resources.contains("secrets")) {
        throw new IOException(
            file + ": agent.kubernetes.kinds: secrets are never watched; take them out");
      }
      kinds.put(group.getKey(), resources);
    }
    try {
      return new KubernetesSettings(
          path(texts.get("kubeconfig")),
          texts.get("context"),
          kinds,
          duration(texts.getOrDefault("refresh", "30s")),
          path(
              texts.getOrDefault(
                  "state", spool.toAbsolutePath().resolveSibling("kubernetes.json").toString())),
          discovery(block.path("discovery")));
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": agent.kubernetes.refresh: " + e.getMessage(), e);
    }
  }

  /** What to scrape of what the API server shows; null when that is switched off. */
  private DiscoverySettings discovery(JsonNode block) throws IOException {
    Map<String, String> texts = new TreeMap<>();
    scalars(block, texts);
    overridden("agent_kubernetes_discovery", texts);
    if (!Boolean.parseBoolean(texts.getOrDefault("enabled", "true"))) {
      return null;
    }
    List<DiscoveryRule> rules = new ArrayList<>();
    for (JsonNode rule : block.path("rules")) {
      try {
        rules.add(DiscoveryRule.read(rule));
      } catch (IllegalArgumentException e) {
        throw new IOException(
            "%s: agent.kubernetes.discovery.rules[%d].%s"
                .formatted(file, rules.size(), e.getMessage()),
            e);
      }
    }
    DiscoverySettings shipped = DiscoverySettings.shipped();
    try {
      return new DiscoverySettings(
          Boolean.parseBoolean(texts.getOrDefault("annotated", "true")),
          rules,
          Boolean.parseBoolean(texts.getOrDefault("known", "true")) ? shipped.known() : List.of(),
          texts.containsKey("interval") ? duration(texts.get("interval")) : shipped.interval(),
          texts.containsKey("timeout") ? duration(texts.get("timeout")) : shipped.timeout(),
          block.has("tenant") ? list(block.path("tenant")) : shipped.tenant(),
          block.has("model") ? list(block.path("model")) : shipped.model());
    } catch (IllegalArgumentException e) {
      throw new IOException(
          file + ": agent.kubernetes.discovery.interval or timeout: " + e.getMessage(), e);
    }
  }

  private static List<String> list(JsonNode node) {
    List<String> list = new ArrayList<>();
    node.forEach(it -> list.add(it.asText()));
    return list;
  }

  private ScrapeTarget target(JsonNode scrape, int place, String node) throws IOException {
    Map<String, String> texts = new TreeMap<>();
    scalars(scrape, texts);
    Map<String, String> labels = new TreeMap<>();
    scalars(scrape.path("labels"), labels);
    String where = file + ": agent.scrapes[" + place + "].";
    String url = texts.get("url");
    String source = texts.get("source");
    if (url == null || source == null) {
      throw new IOException(where + (url == null ? "url" : "source") + " is missing");
    }
    try {
      URI uri = URI.create(url);
      if (uri.getHost() == null) {
        throw new IllegalArgumentException("no host in " + url);
      }
      labels.putIfAbsent("node", node);
      return new ScrapeTarget(
          source,
          texts.getOrDefault(
              "name", uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort())),
          uri,
          labels,
          duration(texts.getOrDefault("interval", "15s")),
          duration(texts.getOrDefault("timeout", "10s")),
          path(texts.get("bearer.token.file")),
          texts.get("basic.auth"),
          path(texts.get("ca.file")),
          Boolean.parseBoolean(texts.get("tls.insecure")));
    } catch (IllegalArgumentException e) {
      throw new IOException(where + "url, interval or timeout: " + e.getMessage(), e);
    }
  }

  /** A time as Prometheus writes it: 15s, 2m, 500ms, 1h. */
  public static Duration duration(String text) {
    java.util.regex.Matcher parts =
        java.util.regex.Pattern.compile("(\\d+)(ms|s|m|h)").matcher(text);
    if (!parts.matches()) {
      throw new IllegalArgumentException(text + " is not a time like 15s, 2m or 1h");
    }
    long amount = Long.parseLong(parts.group(1));
    return switch (parts.group(2)) {
      case "ms" -> Duration.ofMillis(amount);
      case "s" -> Duration.ofSeconds(amount);
      case "m" -> Duration.ofMinutes(amount);
      default -> Duration.ofHours(amount);
    };
  }

  private static Path path(String text) {
    return text == null ? null : Path.of(text);
  }

  private Map<String, String> section(String name) {
    Map<String, String> texts = new TreeMap<>();
    scalars(root.path(name), texts);
    overridden(name, texts);
    return texts;
  }

  private static void scalars(JsonNode node, Map<String, String> texts) {
    node.properties()
        .forEach(
            it -> {
              if (it.getValue().isValueNode() && !it.getValue().isNull()) {
                texts.put(it.getKey(), it.getValue().asText());
              }
            });
  }

  private void overridden(String section, Map<String, String> texts) {
    String prefix = "PLUMBLINE_" + section.toUpperCase(Locale.ROOT) + "_";
    environment.forEach(
        (name, value) -> {
          if (name.startsWith(prefix)) {
            String key = name.substring(prefix.length()).toLowerCase(Locale.ROOT).replace('_', '.');
            texts.put(key, value);
          }
        });
  }

  private void known(JsonNode node, Set<String> keys, String place) throws IOException {
    TreeSet<String> unknown = new TreeSet<>();
    node.fieldNames().forEachRemaining(unknown::add);
    unknown.removeAll(keys);
    if (!unknown.isEmpty()) {
      throw new IOException(
          "%s: %s%s is unknown; known are %s"
              .formatted(file, place, unknown.first(), String.join(", ", new TreeSet<>(keys))));
    }
  }

  /** Name of this machine. */
  public static String hostname() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }
}
