package dev.plumbline.agent.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceList;
import io.fabric8.kubernetes.api.model.ListOptions;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.dsl.AnyNamespaceOperation;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches the wanted kinds of an API server, each by an informer of its own. A kind that isn't
 * served, or may not be read, is said once and stops no other; it is picked up when that changes. A
 * lost watch is followed by a new list, and what vanished in between is told as gone.
 */
final class Watch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Watch.class);

  /** Objects of one page of a list. */
  private static final long PAGE = 500;

  /** A kind must be absent from the server's discovery so often before its objects are gone. */
  private static final int ABSENCES = 2;

  /** Takes what is seen. Calls about one kind come one after the other, in the server's order. */
  interface Listener {
    /** An object was added or changed, or was listed. */
    void changed(Resource resource, ObjectNode object);

    /** An object was deleted. */
    void gone(Resource resource, String namespace, String name);

    /**
     * A kind was listed as a whole for the first time.
     *
     * @param present namespace/name, or name, of all its objects
     */
    void listed(Resource resource, Set<String> present);

    /** A kind is no longer served: its definition was deleted, and its objects with it. */
    void removed(String resource);
  }

  private final KubernetesClient client;
  private final Kinds kinds;
  private final Listener listener;
  private final Duration refresh;
  private final Set<String> remembered;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread daemon = new Thread(task, "kubernetes-kinds");
            daemon.setDaemon(true);
            return daemon;
          });
  private final Map<String, Kind> watched = new TreeMap<>();
  private final Map<String, Integer> absences = new TreeMap<>();
  private final AtomicBoolean listing = new AtomicBoolean();
  private volatile boolean reachable = true;

  /**
   * @param refresh time between two looks at which kinds are served
   * @param remembered names of kinds whose objects were seen in an earlier life
   */
  Watch(
      KubernetesClient client,
      Kinds kinds,
      Duration refresh,
      Set<String> remembered,
      Listener listener) {
    this.client = client;
    this.kinds = kinds;
    this.refresh = refresh;
    this.remembered = new TreeSet<>(remembered);
    this.listener = listener;
  }

  /** Starts; returns at once. */
  void start() {
    thread.scheduleWithFixedDelay(this::look, 0, refresh.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Kinds that are listed and watched now, as kubectl names them. */
  synchronized Set<String> seen() {
    Set<String> seen = new TreeSet<>();
    watched.forEach(
        (name, kind) -> {
          if (kind.listed && kind.trouble == null && kind.informer.isWatching()) {
            seen.add(name);
          }
        });
    return seen;
  }

  /** Kinds that are served but can't be read now, each with the reason. */
  synchronized Map<String, String> failing() {
    Map<String, String> failing = new TreeMap<>();
    watched.forEach(
        (name, kind) -> {
          if (kind.trouble != null) {
            failing.put(name, kind.trouble);
          }
        });
    return failing;
  }

  @Override
  public void close() {
    thread.shutdownNow();
    synchronized (this) {
      watched.values().forEach(Kind::stop);
      watched.clear();
    }
  }

  /**
   * Lists kinds once more, beside the watches; returns at once. Does nothing while it is at it.
   *
   * @param wanted which of those that are watched now
   * @param seen takes each object
   */
  void list(Predicate<Resource> wanted, BiConsumer<Resource, ObjectNode> seen) {
    List<Kind> kinds;
    synchronized (this) {
      kinds =
          watched.values().stream()
              .filter(it -> it.listed && it.trouble == null && wanted.test(it.resource))
              .toList();
    }
    if (!kinds.isEmpty() && !thread.isShutdown() && listing.compareAndSet(false, true)) {
      thread.execute(
          () -> {
            kinds.forEach(it -> list(it, seen));
            listing.set(false);
          });
    }
  }

  private static void list(Kind kind, BiConsumer<Resource, ObjectNode> seen) {
    try {
      kind.list(seen);
    } catch (RuntimeException e) {
      LOG.warn("{} can't be listed again now: {}", kind.resource.name(), reason(e));
    }
  }

  private void look() {
    try {
      Served served = Served.ask(client, kinds.all());
      if (!reachable) {
        LOG.warn("the API server answers again");
        reachable = true;
      }
      follow(served);
    } catch (RuntimeException e) {
      if (reachable) {
        LOG.error(
            "the API server {} can't be asked what it serves: {}; objects that are watched already"
                + " are watched on",
            client.getMasterUrl(),
            reason(e));
        reachable = false;
      }
    }
  }

  private void follow(Served served) {
    List<String> removed = new ArrayList<>();
    synchronized (this) {
      if (thread.isShutdown()) {
        return;
      }
      for (Resource resource : served.resources().values()) {
        absences.remove(resource.name());
        Kind kind = watched.get(resource.name());
        if (kind != null && !kind.resource.equals(resource)) {
          kind.stop();
          kind = null;
        }
        if (kind == null) {
          kind = new Kind(resource);
          watched.put(resource.name(), kind);
          kind.start();
        }
      }
      kinds
          .all()
          .forEach(
              (group, names) -> {
                if (!served.unknown().contains(group)) {
                  absent(group, names, served.resources().keySet(), removed);
                }
              });
    }
    removed.forEach(listener::removed);
  }

  /** Which kinds have been missing for long enough; each is named once. */
  private void absent(String group, Set<String> names, Set<String> present, List<String> removed) {
    Set<String> missing = new TreeSet<>();
    names.forEach(it -> missing.add(Resource.name(group, it)));
    watched.keySet().stream().filter(it -> Resource.isOf(group, it)).forEach(missing::add);
    remembered.stream().filter(it -> Resource.isOf(group, it)).forEach(missing::add);
    missing.removeAll(present);
    for (String name : missing) {
      if (absences.merge(name, 1, Integer::sum) == ABSENCES) {
        Kind kind = watched.remove(name);
        if (kind != null) {
          kind.stop();
        }
        removed.add(name);
      }
    }
  }

  static String reason(Throwable thrown) {
    Throwable cause = thrown;
    while ((cause instanceof CompletionException || cause instanceof WatcherException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof KubernetesClientException refused && refused.getStatus() != null) {
      return refused.getCode() + " " + refused.getStatus().getMessage();
    }
    Throwable root = cause;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
  }

  /** One kind and its informer. */
  private final class Kind implements ResourceEventHandler<GenericKubernetesResource> {
    final Resource resource;
    final SharedIndexInformer<GenericKubernetesResource> informer;
    volatile boolean listed;
    volatile String trouble;
    private volatile boolean stopped;

    Kind(Resource resource) {
      this.resource = resource;
      informer = objects().withLimit(PAGE).runnableInformer(0);
      informer.itemStore(new KeysOnly());
      informer.addEventHandler(this);
      informer.exceptionHandler((started, thrown) -> failed(thrown));
    }

    void start() {
      informer.start();
    }

    private AnyNamespaceOperation<
            GenericKubernetesResource,
            GenericKubernetesResourceList,
            io.fabric8.kubernetes.client.dsl.Resource<GenericKubernetesResource>>
        objects() {
      return client
          .genericKubernetesResources(
              new ResourceDefinitionContext.Builder()
                  .withGroup(resource.group())
                  .withVersion(resource.version())
                  .withPlural(resource.plural())
                  .withKind(resource.kind())
                  .withNamespaced(resource.namespaced())
                  .build())
          .inAnyNamespace();
    }

    /** All objects there are, page by page. */
    void list(BiConsumer<Resource, ObjectNode> seen) {
      String more = null;
      do {
        ListOptions page = new ListOptionsBuilder().withLimit(PAGE).withContinue(more).build();
        GenericKubernetesResourceList list = objects().list(page);
        list.getItems().forEach(it -> tell(() -> seen.accept(resource, whole(it))));
        more = list.getMetadata() == null ? null : list.getMetadata().getContinue();
      } while (more != null && !more.isEmpty() && !stopped);
    }

    /** After it nothing is told, not even what was underway. */
    void stop() {
      synchronized (this) {
        stopped = true;
      }
      informer.stop();
    }

    /** Whatever it is, the informer lists again after a pause that grows to half a minute. */
    private boolean failed(Throwable thrown) {
      String reason = reason(thrown);
      if (!stopped && !reason.equals(trouble)) {
        trouble = reason;
        if (reachable) {
          boolean forbidden = reason.startsWith("403 ") || reason.startsWith("401 ");
          LOG.error(
              "{} can't be watched now, other kinds are: {}{}",
              resource.name(),
              reason,
              forbidden ? "; grant list and watch as deploy/kubernetes/agent-rbac.yaml does" : "");
        }
      }
      return !stopped;
    }

    @Override
    public void onList(String resourceVersion, boolean remainedEmpty) {
      if (stopped) {
        return;
      }
      if (trouble != null) {
        LOG.warn("{} is watched again", resource.name());
        trouble = null;
      }
      if (!listed) {
        tell(() -> listener.listed(resource, Set.copyOf(informer.getIndexer().listKeys())));
        listed = true;
      }
    }

    @Override
    public void onAdd(GenericKubernetesResource object) {
      changed(object);
    }

    @Override
    public void onUpdate(GenericKubernetesResource before, GenericKubernetesResource object) {
      changed(object);
    }

    @Override
    public void onDelete(GenericKubernetesResource object, boolean unseen) {
      String namespace = object.getMetadata().getNamespace();
      tell(() -> listener.gone(resource, namespace, object.getMetadata().getName()));
    }

    private void changed(GenericKubernetesResource object) {
      tell(() -> listener.changed(resource, whole(object)));
    }

    /** One object that can't be told must not cost the others. */
    private synchronized void tell(Runnable task) {
      if (stopped) {
        return;
      }
      try {
        task.run();
      } catch (RuntimeException e) {
        LOG.error("an object of {} could not be told: {}", resource.name(), e.toString(), e);
      }
    }

    /** Objects in a list come without their kind. */
    private ObjectNode whole(GenericKubernetesResource object) {
      JsonNode body = client.getKubernetesSerialization().convertValue(object, JsonNode.class);
      ObjectNode whole = JsonNodeFactory.instance.objectNode();
      whole.put("apiVersion", resource.apiVersion());
      whole.put("kind", resource.kind());
      body.properties().forEach(it -> whole.putIfAbsent(it.getKey(), it.getValue()));
      return whole;
    }
  }
}
