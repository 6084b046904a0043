package dev.plumbline.agent.kubernetes;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.Map;
import java.util.Set;

/** What an agent learns from the API server of its cluster: the objects that drift. */
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

  private final Memory memory;
  private final Teller teller;
  private final Watch watch;

  private Kubernetes(KubernetesClient client, KubernetesSettings settings, Lines lines) {
    memory = new Memory(settings.state());
    teller = new Teller(memory, lines);
    Kinds kinds = Kinds.shipped().with(settings.kinds());
    watch = new Watch(client, kinds, settings.refresh(), memory.kinds(), new Seen());
  }

  /** Starts to watch; returns at once. The client stays the caller's. */
  public static Kubernetes start(
      KubernetesClient client, KubernetesSettings settings, Lines lines) {
    Kubernetes kubernetes = new Kubernetes(client, settings, lines);
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

  /** Number of objects there are. */
  public int objects() {
    return teller.objects();
  }

  /** Writes down what is there, for the next start. */
  public void save() {
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
      teller.changed(resource, object);
    }

    @Override
    public void gone(Resource resource, String namespace, String name) {
      teller.gone(resource, namespace, name);
    }

    @Override
    public void listed(Resource resource, Set<String> present) {
      teller.listed(resource, present);
    }

    @Override
    public void removed(String resource) {
      teller.removed(resource);
    }
  }
}
