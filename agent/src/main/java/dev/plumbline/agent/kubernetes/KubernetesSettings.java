package dev.plumbline.agent.kubernetes;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.NamedContext;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How an agent reaches the API server of its cluster, and what it asks of it.
 *
 * @param kubeconfig file that names the server; null for the service account of the pod the agent
 *     runs in, or, outside of a cluster, for what kubectl would use
 * @param context context of the kubeconfig; null for its current one
 * @param kinds resources by group that become snapshots beside those that always do
 * @param refresh time between two looks at which kinds are served
 * @param state file that remembers what was there when the agent stopped; null for none
 * @param discovery what to scrape of what is found; null to find nothing
 */
public record KubernetesSettings(
    Path kubeconfig,
    String context,
    Map<String, Set<String>> kinds,
    Duration refresh,
    Path state,
    DiscoverySettings discovery) {

  /**
   * A client of the API server.
   *
   * @throws IOException saying which file or context is wrong
   */
  public KubernetesClient connect() throws IOException {
    try {
      if (kubeconfig != null && !Files.isReadable(kubeconfig)) {
        throw new IOException(kubeconfig + " can't be read; is agent.kubernetes.kubeconfig right?");
      }
      Config config =
          kubeconfig == null
              ? Config.autoConfigure(context)
              : Config.fromKubeconfig(context, Files.readString(kubeconfig), kubeconfig.toString());
      List<String> contexts = config.getContexts().stream().map(NamedContext::getName).toList();
      if (context != null && !contexts.contains(context)) {
        throw new IOException(
            "agent.kubernetes.context: there is no context %s; there are %s"
                .formatted(context, contexts));
      }
      return client(config);
    } catch (KubernetesClientException | IllegalArgumentException e) {
      throw new IOException("no client of the Kubernetes API: " + e.getMessage(), e);
    }
  }

  /** A client that reads objects as they are, whatever their kind. */
  static KubernetesClient client(Config config) {
    // looking up the classes of all known kinds costs a second and gives nothing here
    KubernetesSerialization plain = new KubernetesSerialization(new ObjectMapper(), false);
    plain.registerKubernetesResource("v1", "Status", Status.class);
    return new KubernetesClientBuilder()
        .withConfig(config)
        .withHttpClientFactory(new JdkHttpClientFactory())
        .withKubernetesSerialization(plain)
        .build();
  }

  /**
   * The cluster's UID: that of its namespace kube-system.
   *
   * @throws IOException saying why it isn't known, and what to do
   */
  public static String clusterUid(KubernetesClient client) throws IOException {
    String remedy = "; allow get on the namespace kube-system, or set agent.cluster.uid";
    try {
      Namespace system = client.namespaces().withName("kube-system").get();
      if (system == null) {
        throw new IOException(
            "the API server " + client.getMasterUrl() + " has no namespace kube-system" + remedy);
      }
      return system.getMetadata().getUid();
    } catch (KubernetesClientException e) {
      throw new IOException(
          "the cluster's UID can't be read from "
              + client.getMasterUrl()
              + ": "
              + Watch.reason(e)
              + remedy,
          e);
    }
  }
}
