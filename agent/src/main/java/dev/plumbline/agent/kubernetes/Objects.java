package dev.plumbline.agent.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import dev.plumbline.schemas.event.Field;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.event.PolicyResult;
import dev.plumbline.schemas.event.PolicySnapshot;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Kubernetes objects as snapshots: what is declared, flattened to paths and without what the API
 * server or controllers add by themselves; what is reported, as far as detection reads it; who
 * wrote last. Values of Secrets never leave the cluster.
 */
public final class Objects {
  /** Longest value that travels whole; a longer one is cut and its digest follows. */
  static final int LONGEST_VALUE = 256;

  private static final String REPLICAS = "spec.replicas";

  /** Most paths of one object. */
  static final int MOST_FIELDS = 2_000;

  /** Top-level parts that declare nothing. */
  private static final Set<String> NOT_DECLARED =
      Set.of("apiVersion", "kind", "metadata", "status", "results", "summary", "scope");

  /** Who sets replicas because of load; what they set is nobody's declaration. */
  private static final Set<String> AUTOSCALERS =
      Set.of("kube-controller-manager", "horizontal-pod-autoscaler", "autoscaler");

  /** Labels that change although nothing does. */
  private static final Set<String> RESTLESS_LABELS = Set.of("nvidia.com/gfd.timestamp");

  /** Reported times that change although nothing does. */
  private static final Set<String> RESTLESS = Set.of("status.auditTimestamp");

  /** Annotations that Plumbline itself reads. */
  private static final String OURS = "plumbline.dev/";

  /** Reported state that detection reads. */
  private static final Set<String> REPORTED =
      Set.of(
          "conditions",
          "sync",
          "health",
          "resources",
          "phase",
          "state",
          "nodeInfo",
          "allocatable",
          "capacity",
          "image",
          "pgDataImageInfo",
          "systemID",
          "timelineID",
          "instances",
          "readyInstances",
          "topology",
          "launcherContainerImageVersion",
          "machine",
          "modelStatus",
          "deploymentMode",
          "appliedConfigs",
          "totalViolations",
          "auditTimestamp",
          "lastAppliedRevision",
          "lastAttemptedRevision",
          "nodeName",
          "hard",
          "used");

  private Objects() {}

  /**
   * The snapshot of an object.
   *
   * @param header complete header of the snapshot; its target names the object when body is null
   * @param body the object, or null when it is gone
   */
  public static PolicySnapshot toSnapshot(Header header, JsonNode body) {
    PolicySnapshot.Builder snapshot = PolicySnapshot.newBuilder().setHeader(header);
    if (body == null) {
      return gone(header, snapshot);
    }
    JsonNode metadata = body.path("metadata");
    TreeMap<String, String> fields = declared(body);
    TreeMap<String, String> reported = reported(body.path("status"));
    moveOwned(metadata, fields, reported);
    List<Field> declared = list(fields);
    return snapshot
        .setApiVersion(body.path("apiVersion").asText())
        .setKind(body.path("kind").asText())
        .setNamespace(metadata.path("namespace").asText(""))
        .setName(metadata.path("name").asText(""))
        .setUid(metadata.path("uid").asText(""))
        .setResourceVersion(metadata.path("resourceVersion").asText(""))
        .setGeneration(metadata.path("generation").asLong())
        .setObservedGeneration(body.path("status").path("observedGeneration").asLong())
        .setObjectLabels(texts(metadata.path("labels")))
        .setAnnotations(annotations(metadata.path("annotations")))
        .setOwner(owner(metadata))
        .setManagers(managers(metadata))
        .setDeclared(declared)
        .setReported(list(reported))
        .setResults(results(body))
        .setDigest(digest(declared))
        .build();
  }

  private static PolicySnapshot gone(Header header, PolicySnapshot.Builder snapshot) {
    // apiVersion is one part (v1) or two (apps/v1)
    String[] parts = header.getTarget().split("/");
    int kind = parts.length > 1 && parts[1].matches("v\\d+((alpha|beta)\\d+)?") ? 2 : 1;
    boolean namespaced = parts.length - kind > 2;
    return snapshot
        .setApiVersion(String.join("/", List.of(parts).subList(0, Math.min(kind, parts.length))))
        .setKind(parts.length > kind ? parts[kind] : "")
        .setNamespace(namespaced ? parts[kind + 1] : "")
        .setName(parts[parts.length - 1])
        .build();
  }

  /**
   * Digest of what detection reads of an object: two objects with the same one tell the same, and
   * the later need not be told. Left out is what changes by itself: versions, heartbeats, times of
   * an audit, who wrote what.
   */
  static String fingerprint(JsonNode body) {
    Header unsaid =
        Header.newBuilder()
            .setCluster("")
            .setAgent("")
            .setEpoch(0)
            .setSequence(0)
            .setObservedAt(Instant.EPOCH)
            .setSentAt(Instant.EPOCH)
            .setSource("")
            .setTarget("")
            .build();
    PolicySnapshot snapshot = toSnapshot(unsaid, body);
    StringBuilder text = new StringBuilder(snapshot.getDigest());
    text.append('\n').append(snapshot.getUid()).append('\n').append(snapshot.getOwner());
    for (Field field : snapshot.getReported()) {
      if (!RESTLESS.contains(field.getPath()) && !field.getPath().equals(REPLICAS)) {
        text.append('\n').append(field.getPath()).append('=').append(field.getValue());
      }
    }
    snapshot
        .getObjectLabels()
        .forEach(
            (label, value) -> {
              if (!RESTLESS_LABELS.contains(label)) {
                text.append('\n').append(label).append('=').append(value);
              }
            });
    snapshot
        .getAnnotations()
        .forEach(
            (name, value) -> {
              if (name.startsWith(OURS)) {
                text.append('\n').append(name).append('=').append(value);
              }
            });
    for (PolicyResult result : snapshot.getResults()) {
      text.append('\n').append(result);
    }
    return hash(text.toString().getBytes(StandardCharsets.UTF_8));
  }

  /** Replicas that an autoscaler set are reported, not declared. */
  private static void moveOwned(
      JsonNode metadata, Map<String, String> declared, Map<String, String> reported) {
    for (JsonNode entry : metadata.path("managedFields")) {
      boolean scales =
          isByAutoscaler(entry)
              && entry.path("fieldsV1").path("f:spec").has("f:replicas")
              && declared.containsKey(REPLICAS);
      if (scales) {
        reported.put(REPLICAS, declared.remove(REPLICAS));
      }
    }
  }

  private static boolean isByAutoscaler(JsonNode entry) {
    return entry.path("subresource").asText("").equals("scale")
        && AUTOSCALERS.contains(entry.path("manager").asText());
  }

  private static TreeMap<String, String> declared(JsonNode body) {
    TreeMap<String, String> fields = new TreeMap<>();
    boolean secret = body.path("kind").asText().equals("Secret");
    body.properties()
        .forEach(
            part -> {
              if (NOT_DECLARED.contains(part.getKey())) {
                return;
              }
              if (secret) {
                part.getValue()
                    .fieldNames()
                    .forEachRemaining(key -> fields.put(part.getKey() + "." + key, ""));
              } else {
                flatten(part.getKey(), part.getValue(), fields);
              }
            });
    if (body.path("kind").asText().equals("Namespace")) {
      // written by the namespace controller into each
      fields.remove("spec.finalizers[0]", "kubernetes");
    }
    return fields;
  }

  private static TreeMap<String, String> reported(JsonNode status) {
    TreeMap<String, String> fields = new TreeMap<>();
    status
        .properties()
        .forEach(
            part -> {
              if (REPORTED.contains(part.getKey())) {
                flatten("status." + part.getKey(), part.getValue(), fields);
              }
            });
    return fields;
  }

  private static void flatten(String path, JsonNode node, Map<String, String> fields) {
    if (fields.size() >= MOST_FIELDS) {
      return;
    }
    if (node.isContainerNode() && node.isEmpty()) {
      // an empty rule or selector matches everything: it declares something
      fields.put(path, node.isObject() ? "{}" : "[]");
    } else if (node.isObject()) {
      if (node.has("valueFrom")) {
        fields.put(path + ".name", node.path("name").asText());
        flatten(path + ".valueFrom", node.path("valueFrom"), fields);
        return;
      }
      node.properties()
          .forEach(
              part -> {
                String name = part.getKey();
                boolean dated = name.startsWith("last") && name.endsWith("Time");
                boolean says =
                    !Defaults.isAssigned(name) && !Defaults.is(path, node, name, part.getValue());
                if (says && !dated) {
                  flatten(path + '.' + name, part.getValue(), fields);
                }
              });
    } else if (node.isArray()) {
      for (int i = 0; i < node.size(); i++) {
        flatten(path + '[' + i + ']', node.get(i), fields);
      }
    } else if (!node.isNull() && !node.isMissingNode()) {
      fields.put(path, bounded(node.asText()));
    }
  }

  private static String bounded(String value) {
    return value.length() <= LONGEST_VALUE
        ? value
        : value.substring(0, LONGEST_VALUE)
            + "...sha256:"
            + hash(value.getBytes(StandardCharsets.UTF_8));
  }

  private static List<PolicyResult> results(JsonNode body) {
    List<PolicyResult> results = new ArrayList<>();
    JsonNode scope = body.path("scope");
    for (JsonNode result : body.path("results")) {
      JsonNode resource = result.path("resources").path(0);
      if (resource.isMissingNode()) {
        resource = scope;
      }
      results.add(
          PolicyResult.newBuilder()
              .setPolicy(result.path("policy").asText(""))
              .setRule(result.path("rule").asText(""))
              .setVerdict(result.path("result").asText("error"))
              .setSeverity(result.path("severity").asText(""))
              .setMessage(bounded(result.path("message").asText("")))
              .setResource(reference(resource))
              .setResourceUid(resource.path("uid").asText(""))
              .setCategory(result.path("category").asText(""))
              .build());
    }
    if (body.path("apiVersion").asText().startsWith("constraints.gatekeeper.sh/")) {
      for (JsonNode violation : body.path("status").path("violations")) {
        results.add(
            PolicyResult.newBuilder()
                .setPolicy(
                    body.path("kind").asText() + "/" + body.path("metadata").path("name").asText())
                .setVerdict("fail")
                .setSeverity(violation.path("enforcementAction").asText(""))
                .setMessage(bounded(violation.path("message").asText("")))
                .setResource(reference(violation))
                .build());
      }
    }
    return results;
  }

  private static String reference(JsonNode node) {
    String version =
        node.has("apiVersion")
            ? node.path("apiVersion").asText()
            : (node.path("group").asText("").isEmpty() ? "" : node.path("group").asText() + "/")
                + node.path("version").asText("");
    StringBuilder text = new StringBuilder();
    for (String part :
        new String[] {
          version,
          node.path("kind").asText(""),
          node.path("namespace").asText(""),
          node.path("name").asText("")
        }) {
      if (!part.isEmpty()) {
        text.append(text.length() == 0 ? "" : "/").append(part);
      }
    }
    return text.toString();
  }

  private static String owner(JsonNode metadata) {
    JsonNode first = null;
    for (JsonNode owner : metadata.path("ownerReferences")) {
      if (owner.path("controller").asBoolean()) {
        return owner.path("kind").asText() + "/" + owner.path("name").asText();
      }
      first = first == null ? owner : first;
    }
    return first == null ? "" : first.path("kind").asText() + "/" + first.path("name").asText();
  }

  /** Managers of fields other than status and scale, the newest write last. */
  private static List<String> managers(JsonNode metadata) {
    List<JsonNode> entries = new ArrayList<>();
    for (JsonNode entry : metadata.path("managedFields")) {
      if (!entry.path("subresource").asText("").equals("status") && !isByAutoscaler(entry)) {
        entries.add(entry);
      }
    }
    entries.sort(java.util.Comparator.comparing(it -> it.path("time").asText("")));
    List<String> managers = new ArrayList<>();
    for (JsonNode entry : entries) {
      String manager = entry.path("manager").asText();
      managers.remove(manager);
      managers.add(manager);
    }
    return managers;
  }

  private static Map<String, String> annotations(JsonNode node) {
    Map<String, String> annotations = texts(node);
    annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    return annotations;
  }

  private static Map<String, String> texts(JsonNode node) {
    // sorted, so that the same object gives the same bytes
    Map<String, String> texts = new TreeMap<>();
    node.properties().forEach(it -> texts.put(it.getKey(), bounded(it.getValue().asText())));
    return texts;
  }

  private static List<Field> list(Map<String, String> fields) {
    List<Field> list = new ArrayList<>(fields.size());
    fields.forEach((path, value) -> list.add(new Field(path, value)));
    return list;
  }

  private static String digest(List<Field> fields) {
    StringBuilder text = new StringBuilder();
    fields.forEach(it -> text.append(it.getPath()).append('=').append(it.getValue()).append('\n'));
    return hash(text.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static String hash(byte[] bytes) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
      return HexFormat.of().formatHex(hash, 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
