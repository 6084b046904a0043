package dev.plumbline.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.plumbline.agent.kubernetes.Kinds;
import dev.plumbline.schemas.Topic;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.strimzi.api.kafka.model.kafka.Kafka;
import io.strimzi.api.kafka.model.nodepool.KafkaNodePool;
import io.strimzi.api.kafka.model.topic.KafkaTopic;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class KubernetesTest {
  private static final String FOLDER = "deploy/kubernetes/";
  private static final KubernetesSerialization MODEL = model();

  @Test
  void everyFileIsApplied() {
    List<String> listed = new ArrayList<>();
    Files.yaml(FOLDER + "kustomization.yaml")
        .get(0)
        .path("resources")
        .forEach(it -> listed.add(it.textValue()));

    assertThat(listed).containsExactlyInAnyOrderElementsOf(manifests());
  }

  @Test
  void everyFieldIsOneThatItsKindHas() {
    assertThat(objects())
        .hasSizeGreaterThan(20)
        .allSatisfy(it -> assertThat(Unknown.fieldsOf(it)).isEmpty());
  }

  @Test
  void theTopicsAreThoseOfTheContract() {
    Map<String, Map<String, String>> settings = new HashMap<>();
    Map<String, Integer> partitions = new HashMap<>();
    for (KafkaTopic topic : objects(KafkaTopic.class)) {
      Map<String, String> config = new HashMap<>();
      topic.getSpec().getConfig().forEach((key, value) -> config.put(key, value.toString()));
      settings.put(topic.getMetadata().getName(), config);
      partitions.put(topic.getMetadata().getName(), topic.getSpec().getPartitions());
    }

    assertThat(settings.keySet())
        .containsExactlyInAnyOrderElementsOf(Topic.ALL.stream().map(Topic::name).toList());
    for (Topic topic : Topic.ALL) {
      assertThat(settings.get(topic.name())).as(topic.name()).isEqualTo(topic.settings());
      assertThat(partitions.get(topic.name()))
          .as(topic.name())
          .isEqualTo(topic.partitioned() ? 12 : 1);
    }
  }

  @Test
  void theAgentOnlyReadsAndSeesNoSecret() {
    ClusterRole role = objects(ClusterRole.class).get(0);

    assertThat(role.getRules())
        .isNotEmpty()
        .allSatisfy(
            it -> {
              assertThat(it.getVerbs()).isSubsetOf("get", "list", "watch");
              assertThat(it.getResources()).doesNotContain("secrets", "configmaps");
              assertThat(it.getApiGroups()).doesNotContain("*");
              if (it.getResources().contains("*")) {
                assertThat(it.getApiGroups()).containsExactly("constraints.gatekeeper.sh");
              }
            });
  }

  @Test
  void theAgentMaySeeExactlyWhatItAsksFor() {
    Map<String, Set<String>> watched = new TreeMap<>();
    List<String> others = new ArrayList<>();
    for (PolicyRule rule : objects(ClusterRole.class).get(0).getRules()) {
      if (rule.getVerbs().equals(List.of("list", "watch"))) {
        for (String group : rule.getApiGroups()) {
          watched.computeIfAbsent(group, it -> new TreeSet<>()).addAll(rule.getResources());
        }
      } else {
        others.add(rule.getVerbs() + " " + rule.getResources() + " " + rule.getResourceNames());
      }
    }

    assertThat(watched).isEqualTo(Kinds.shipped().all());
    assertThat(others)
        .containsExactly("[get] [namespaces] [kube-system]", "[get] [nodes/metrics] []");
  }

  @Test
  void onlyTheAgentSpeaksToTheApi() {
    for (Deployment deployment : objects(Deployment.class)) {
      boolean agent = deployment.getMetadata().getName().equals("plumbline-agent");
      PodSpec pod = deployment.getSpec().getTemplate().getSpec();

      assertThat(pod.getServiceAccountName()).isEqualTo(agent ? "plumbline-agent" : null);
      assertThat(pod.getAutomountServiceAccountToken()).isEqualTo(agent ? null : false);
    }
  }

  @Test
  void everyContainerIsPinnedWatchedBoundedAndWithoutRights() {
    for (Deployment deployment : objects(Deployment.class)) {
      PodSpec pod = deployment.getSpec().getTemplate().getSpec();
      assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
      assertThat(pod.getSecurityContext().getSeccompProfile().getType())
          .isEqualTo("RuntimeDefault");
      for (Container container : pod.getContainers()) {
        Pinned.check(container.getImage());
        assertThat(container.getStartupProbe()).isNotNull();
        assertThat(container.getReadinessProbe()).isNotNull();
        assertThat(container.getLivenessProbe()).isNotNull();
        assertThat(container.getResources().getRequests()).containsOnlyKeys("cpu", "memory");
        assertThat(container.getResources().getLimits()).containsOnlyKeys("memory");
        assertThat(container.getSecurityContext().getAllowPrivilegeEscalation()).isFalse();
        assertThat(container.getSecurityContext().getCapabilities().getDrop())
            .containsExactly("ALL");
      }
    }
  }

  @Test
  void labelsSelectTheirOwnPods() {
    for (Deployment deployment : objects(Deployment.class)) {
      assertThat(deployment.getSpec().getTemplate().getMetadata().getLabels())
          .containsAllEntriesOf(deployment.getSpec().getSelector().getMatchLabels());
    }
  }

  private static List<String> manifests() {
    return Files.names("deploy/kubernetes").stream()
        .filter(it -> !it.equals("kustomization.yaml"))
        .toList();
  }

  private static List<HasMetadata> objects() {
    List<HasMetadata> objects = new ArrayList<>();
    for (String file : manifests()) {
      for (JsonNode document : Files.yaml(FOLDER + file)) {
        objects.add(MODEL.unmarshal(document.toString(), type(document)));
      }
    }
    return objects;
  }

  private static <T> List<T> objects(Class<T> type) {
    return objects().stream().filter(type::isInstance).map(type::cast).toList();
  }

  private static Class<? extends HasMetadata> type(JsonNode document) {
    return switch (document.path("kind").textValue()) {
      case "Kafka" -> Kafka.class;
      case "KafkaNodePool" -> KafkaNodePool.class;
      case "KafkaTopic" -> KafkaTopic.class;
      default -> {
        Class<?> found =
            MODEL.getRegisteredKubernetesResource(
                document.path("apiVersion").textValue(), document.path("kind").textValue());
        assertThat(found).as(document.path("apiVersion") + " " + document.path("kind")).isNotNull();
        yield found.asSubclass(HasMetadata.class);
      }
    };
  }

  private static KubernetesSerialization model() {
    return new KubernetesSerialization();
  }
}
