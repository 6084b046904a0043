package dev.plumbline.agent.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.CustomResourceDefinitionContext;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.fabric8.mockwebserver.http.Response;
import io.fabric8.mockwebserver.http.WebSocket;
import io.fabric8.mockwebserver.http.WebSocketListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * fabric8's API server mock, with what it lacks: discovery of the kinds that are served, and kinds
 * that may not be read. Watches go over WebSockets, as against a real server.
 */
public final class FakeApi implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** It tells each request otherwise; held here, or the level is lost with the logger. */
  private static final Logger QUIET = Logger.getLogger("io.fabric8.mockwebserver");

  /** It complains of connections that come while it stops. */
  private static final Logger SILENT = Logger.getLogger("io.netty.bootstrap.ServerBootstrap");

  private final Map<String, Resource> served = new ConcurrentSkipListMap<>();
  private final Set<String> forbidden = ConcurrentHashMap.newKeySet();
  private final KubernetesCrudDispatcher dispatcher = new Dispatcher();
  private final KubernetesMockServer server =
      new KubernetesMockServer(
          new Context(), new MockWebServer(), new HashMap<>(), dispatcher, false);
  private final Queue<Runnable> watches = new ConcurrentLinkedQueue<>();
  private final HttpClient http = HttpClient.newHttpClient();

  /** Starts with the core kinds that every cluster has. */
  public FakeApi() {
    QUIET.setLevel(Level.WARNING);
    SILENT.setLevel(Level.OFF);
    server.init(InetAddress.getLoopbackAddress(), 0);
    serve("", "v1", "namespaces", "Namespace", false);
    serve("", "v1", "nodes", "Node", false);
    serve("", "v1", "pods", "Pod", true);
    serve("", "v1", "services", "Service", true);
    serve("apps", "v1", "deployments", "Deployment", true);
    serve("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true);
    put(
        """
        {"apiVersion":"v1","kind":"Namespace","metadata":{"name":"kube-system"}}
        """);
  }

  /** Address of the server. */
  public String url() {
    return server.url("/");
  }

  /** A client as the agent makes it, but one that comes back soon. */
  public KubernetesClient client() {
    Config config =
        new ConfigBuilder(Config.empty())
            .withMasterUrl(url())
            .withWatchReconnectInterval(50)
            .withRequestRetryBackoffLimit(0)
            .build();
    return KubernetesSettings.client(config);
  }

  /** From now on a kind is served. */
  public void serve(String group, String version, String plural, String kind, boolean namespaced) {
    dispatcher.expectCustomResource(
        new CustomResourceDefinitionContext.Builder()
            .withGroup(group)
            .withVersion(version)
            .withPlural(plural)
            .withKind(kind)
            .withScope(namespaced ? "Namespaced" : "Cluster")
            .build());
    Resource resource = new Resource(group, version, plural, kind, namespaced);
    served.put(resource.name(), resource);
  }

  /** From now on a kind is not served. */
  public void withdraw(String name) {
    served.remove(name);
  }

  /** From now on a kind may not be read. */
  public void forbid(String name) {
    forbidden.add(name);
  }

  /** From now on a kind may be read again. */
  public void allow(String name) {
    forbidden.remove(name);
  }

  /** Creates an object, or replaces it; its UID is the server's. */
  public JsonNode put(String json) {
    try {
      ObjectNode object = (ObjectNode) JSON.readTree(json);
      String path = path(object);
      HttpResponse<String> created = send("POST", path, object.toString());
      if (created.statusCode() != 409) {
        return JSON.readTree(created.body());
      }
      String name = object.path("metadata").path("name").asText();
      return JSON.readTree(send("PUT", path + '/' + name, object.toString()).body());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Deletes an object. */
  public void delete(String apiVersion, String kind, String namespace, String name) {
    ObjectNode object = JSON.createObjectNode().put("apiVersion", apiVersion).put("kind", kind);
    ObjectNode metadata = object.putObject("metadata").put("name", name);
    if (namespace != null) {
      metadata.put("namespace", namespace);
    }
    send("DELETE", path(object) + '/' + name, "");
  }

  @Override
  public void close() {
    server.destroy();
    watches.forEach(Runnable::run);
  }

  private HttpResponse<String> send(String method, String path, String body) {
    try {
      return http.send(
          HttpRequest.newBuilder(URI.create(url()).resolve(path))
              .timeout(Duration.ofSeconds(30))
              .header("Content-Type", "application/json")
              .method(method, HttpRequest.BodyPublishers.ofString(body))
              .build(),
          HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private String path(JsonNode object) {
    String apiVersion = object.path("apiVersion").asText();
    for (Resource each : served.values()) {
      if (each.apiVersion().equals(apiVersion)
          && each.kind().equals(object.path("kind").asText())) {
        String namespace = object.path("metadata").path("namespace").asText("");
        return (each.group().isEmpty() ? "/api/" : "/apis/")
            + apiVersion
            + (namespace.isEmpty() ? "/" : "/namespaces/" + namespace + '/')
            + each.plural();
      }
    }
    throw new IllegalArgumentException(object + " is of no kind that is served");
  }

  private final class Dispatcher extends KubernetesCrudDispatcher {
    @Override
    public MockResponse dispatch(RecordedRequest request) {
      String path = request.getPath().replaceAll("\\?.*", "");
      for (String name : forbidden) {
        Resource resource = served.get(name);
        String root = resource.group().isEmpty() ? "/api/" : "/apis/";
        if (path.startsWith(root + resource.apiVersion() + '/' + resource.plural())) {
          return new MockResponse()
              .setResponseCode(403)
              .setBody(
                  """
                  {"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,
                   "message":"%s is forbidden: User \\"agent\\" cannot list it at the cluster scope"}
                  """
                      .formatted(name));
        }
      }
      return super.dispatch(request);
    }

    @Override
    public MockResponse handleGet(String path) {
      String plain = path.replaceAll("\\?.*", "");
      if (plain.equals("/apis")) {
        return new MockResponse().setResponseCode(200).setBody(groups().toString());
      }
      String version = plain.replaceAll("^/apis?/", "");
      for (Resource each : served.values()) {
        if (each.apiVersion().equals(version)) {
          return new MockResponse().setResponseCode(200).setBody(resources(version).toString());
        }
      }
      return super.handleGet(path);
    }

    /**
     * The mock's own waits in the server's only thread for up to a minute when a watch ends, and
     * until it is forgotten, an event for it is refused and the request that caused it is never
     * answered. Here a watch that has ended takes events until the server is closed, and drops
     * them.
     */
    @Override
    public MockResponse handleWatch(String path) {
      MockResponse response = super.handleWatch(path);
      WebSocketListener watch = response.getWebSocketListener();
      return response.withWebSocketUpgrade(
          new WebSocketListener() {
            private volatile boolean ended;

            @Override
            public void onOpen(WebSocket socket, Response answer) {
              WebSocket open =
                  new WebSocket() {
                    @Override
                    public RecordedRequest request() {
                      return socket.request();
                    }

                    @Override
                    public boolean send(String text) {
                      return !ended && socket.send(text);
                    }

                    @Override
                    public boolean send(byte[] bytes) {
                      return !ended && socket.send(bytes);
                    }

                    @Override
                    public boolean close(int code, String reason) {
                      return !ended && socket.close(code, reason);
                    }
                  };
              watches.add(
                  () -> {
                    ended = true;
                    watch.onClosed(open, 1001, "the server has stopped");
                  });
              watch.onOpen(open, answer);
            }

            @Override
            public void onMessage(WebSocket socket, String text) {
              watch.onMessage(socket, text);
            }

            @Override
            public void onClosing(WebSocket socket, int code, String reason) {
              watch.onClosing(socket, code, reason);
            }

            @Override
            public void onClosed(WebSocket socket, int code, String reason) {
              ended = true;
            }

            @Override
            public void onFailure(WebSocket socket, Throwable cause, Response answer) {
              ended = true;
            }
          });
    }

    private ObjectNode groups() {
      ObjectNode list = JSON.createObjectNode().put("kind", "APIGroupList").put("apiVersion", "v1");
      ArrayNode groups = list.putArray("groups");
      Map<String, Resource> first = new TreeMap<>();
      served.values().forEach(it -> first.putIfAbsent(it.group(), it));
      first.remove("");
      for (Resource each : first.values()) {
        ObjectNode version =
            JSON.createObjectNode()
                .put("groupVersion", each.apiVersion())
                .put("version", each.version());
        ObjectNode group = groups.addObject().put("name", each.group());
        group.putArray("versions").add(version);
        group.set("preferredVersion", version);
      }
      return list;
    }

    private ObjectNode resources(String apiVersion) {
      ObjectNode list =
          JSON.createObjectNode()
              .put("kind", "APIResourceList")
              .put("apiVersion", "v1")
              .put("groupVersion", apiVersion);
      ArrayNode resources = list.putArray("resources");
      for (Resource each : served.values()) {
        if (each.apiVersion().equals(apiVersion)) {
          resources
              .addObject()
              .put("name", each.plural())
              .put("kind", each.kind())
              .put("namespaced", each.namespaced())
              .putArray("verbs")
              .add("get")
              .add("list")
              .add("watch");
          resources
              .addObject()
              .put("name", each.plural() + "/status")
              .put("kind", each.kind())
              .put("namespaced", each.namespaced())
              .putArray("verbs")
              .add("get");
        }
      }
      return list;
    }
  }
}
