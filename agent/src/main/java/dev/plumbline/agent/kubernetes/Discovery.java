package dev.plumbline.agent.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import dev.plumbline.agent.kubernetes.FoundService.Slice;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import org.slf4j.LoggerFactory;

/**
 * Follows pods, services, their endpoints and nodes, and looks again at whatever a change may have
 * given or taken something to scrape: {@link Finder} says what that is, {@link Claims} what becomes
 * of it. A pod is a target from when its container is first ready until it ends; one that hangs is
 * scraped on. What leaves is told as gone.
 */
final class Discovery {
  /** Kinds that must be listed before it is known what is not there. */
  private static final Set<String> KINDS = Set.of("Pod", "Node", "Service", "EndpointSlice");

  private final Map<String, FoundPod> pods = new TreeMap<>();
  private final Map<String, String> nodes = new TreeMap<>();
  private final Map<String, Map<String, String>> namespaces = new TreeMap<>();
  private final Map<String, FoundService> services = new TreeMap<>();
  private final Map<String, Slice> slices = new TreeMap<>();
  private final Set<String> unlisted = new TreeSet<>(KINDS);
  private final Claims claims;
  private final Finder finder;

  /**
   * @param millis a clock for waiting; any origin
   */
  Discovery(
      DiscoverySettings settings, Memory memory, Kubernetes.Targets targets, LongSupplier millis) {
    Once once = new Once(LoggerFactory.getLogger(Discovery.class));
    claims = new Claims(memory, targets, nodes::containsKey, millis, once);
    finder =
        new Finder(
            settings,
            claims::isKnown,
            pods::get,
            name -> namespaces.getOrDefault(name, Map.of()),
            once);
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
        if (metadata.path("annotations").path(Finder.SCRAPE).asText().equals("true")) {
          services.put(key, FoundService.of(object));
        } else {
          services.remove(key);
        }
        service(key);
      }
      case "EndpointSlice" -> {
        Slice slice = Slice.of(namespace, object);
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
        claims.found("pod " + key, List.of());
        servicesOf(namespace);
      }
      case "Node" -> {
        nodes.remove(name);
        claims.found("node " + name, List.of());
        claims.nodeGone(name);
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
      claims.complete();
    }
  }

  /** Whether all kinds were listed as a whole. */
  synchronized boolean isComplete() {
    return unlisted.isEmpty();
  }

  /** Tells those as gone that were waited for in vain. */
  synchronized void tick() {
    claims.tick();
  }

  private void pod(FoundPod pod) {
    claims.found("pod " + pod.key(), finder.of(pod));
  }

  private void node(String name) {
    claims.found("node " + name, finder.of(name, nodes.get(name)));
  }

  private void servicesOf(String namespace) {
    for (String key : List.copyOf(services.keySet())) {
      if (key.startsWith(namespace + '/')) {
        service(key);
      }
    }
  }

  private void service(String key) {
    FoundService service = services.get(key);
    List<Slice> its = slices.values().stream().filter(it -> it.service().equals(key)).toList();
    claims.found("service " + key, service == null ? List.of() : finder.of(service, its));
  }

  private static String address(JsonNode node) {
    for (JsonNode each : node.path("status").path("addresses")) {
      if (each.path("type").asText().equals("InternalIP")) {
        return each.path("address").asText();
      }
    }
    return "";
  }
}
