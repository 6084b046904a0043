package dev.plumbline.agent.kubernetes;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.plumbline.agent.scrape.ScrapeTarget;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.Map;
import java.util.Set;

/**
 * What an agent learns from the API server of its cluster: the objects that drift, and what there
 * is to scrape.
 */
public final class Kubernetes implements AutoCloseable {

  /** Takes what is seen, in order. */
  public interface Lines {
    /**
     * An object as it is now.
     *
     * @param target its key, for example apps/v1/Deployment/namespace/name
     * @param labels namespace, when it lives in one
     */
    void object(String target, Map<String, String> labels, ObjectNode body);

    /** An object that was deleted. */
    void gone(String target);
  }

  /** Takes what there is to scrape. */
  public interface Targets {
    /** A target that is there from now on, or is another one than before under its name. */
    void scrape(ScrapeTarget target);

    /** A target that is not to be scraped now; it may come back. */
    void stop(String source, String name);

    /** A target that left. */
    void gone(String source, String name);
  }

  private final Kinds kinds;
  private final Memory memory;
  private final Teller teller;
  private final Discovery discovery;
  private final Watch watch;

  private Kubernetes(
      KubernetesClient client, KubernetesSettings settings, Lines lines, Targets targets) {
    memory = new Memory(settings.state());
    teller = new Teller(memory, lines);
    Kinds all = Kinds.shipped().with(settings.kinds());
    kinds = settings.discovery() == null ? all.withoutDiscovery() : all;
    discovery =
        settings.discovery() == null
            ? null
            : new Discovery(
                settings.discovery(), memory, targets, () -> System.nanoTime() / 1_000_000);
    Set<String> remembered = memory.kinds();
    remembered.removeIf(it -> it.startsWith(Claims.REMEMBERED));
    watch = new Watch(client, kinds, settings.refresh(), remembered, new Seen());
  }

  /** Starts to watch; returns at once. The client stays the caller's. */
  public static Kubernetes start(
      KubernetesClient client, KubernetesSettings settings, Lines lines, Targets targets) {
    Kubernetes kubernetes = new Kubernetes(client, settings, lines, targets);
    kubernetes.watch.start();
    return kubernetes;
  }

  /** Kinds that are watched now, as kubectl names them. */
  public Set<String> watched() {
    return watch.seen();
  }

  /** Kinds that can't be watched now, each with the reason. */
  public Map<String, String> failing() {
    return watch.failing();
  }

  /** Whether all there is to scrape at first was found, as far as it can be. */
  public boolean isDiscovered() {
    return discovery == null || discovery.isComplete() || !watch.failing().isEmpty();
  }

  /** Number of objects there are. */
  public int objects() {
    return teller.objects();
  }

  /**
   * Tells again of objects what was told of them and is lost, as far as it still holds; returns at
   * once. What can't be told now is with the next call, of whatever targets.
   *
   * @param targets keys of objects, as {@link Lines} have them
   */
  public void tellAgain(Set<String> targets) {
    teller.lost(targets);
    watch.list(teller::isLost, teller::seen);
  }

  /** Gives up what was waited for too long, and writes down what is there; every few seconds. */
  public void tick() {
    if (discovery != null) {
      discovery.tick();
    }
    memory.save();
  }

  @Override
  public void close() {
    watch.close();
    memory.save();
  }

  private final class Seen implements Watch.Listener {
    @Override
    public void changed(Resource resource, ObjectNode object) {
      if (kinds.isObject(resource)) {
        teller.changed(resource, object);
      }
      if (discovery != null) {
        discovery.changed(resource.kind(), object);
      }
    }

    @Override
    public void gone(Resource resource, String namespace, String name) {
      // first the targets on it, then the object
      if (discovery != null) {
        discovery.gone(resource.kind(), namespace, name);
      }
      if (kinds.isObject(resource)) {
        teller.gone(resource, namespace, name);
      }
    }

    @Override
    public void listed(Resource resource, Set<String> present) {
      teller.listed(resource, present);
      if (discovery != null) {
        discovery.listed(resource.kind());
      }
    }

    @Override
    public void removed(String resource) {
      teller.removed(resource);
    }
  }
}
