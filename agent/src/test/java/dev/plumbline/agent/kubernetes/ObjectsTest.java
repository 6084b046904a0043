package dev.plumbline.agent.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.plumbline.schemas.event.Field;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.event.PolicyResult;
import dev.plumbline.schemas.event.PolicySnapshot;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ObjectsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String DEPLOYMENT =
      """
      {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"chat","namespace":"retail","uid":"u1",
       "resourceVersion":"5","generation":7,"labels":{"app":"chat"},
       "annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}","a":"b"},
       "managedFields":[{"manager":"kubectl-edit","operation":"Update","time":"2026-11-02T10:00:00Z"},
         {"manager":"argocd-controller","operation":"Apply","time":"2026-10-01T10:00:00Z"},
         {"manager":"kube-controller-manager","operation":"Update","subresource":"status","time":"2026-11-03T10:00:00Z"}]},
       "spec":{"replicas":2,"progressDeadlineSeconds":600,"template":{"spec":{"dnsPolicy":"ClusterFirst","containers":[
         {"name":"vllm","image":"vllm:1","env":[{"name":"TOKEN","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}]}]}}},
       "status":{"observedGeneration":7,"readyReplicas":2}}
      """;

  @Test
  void whatIsDeclaredIsFlatAndWithoutDefaults() throws IOException {
    Map<String, String> declared = declared(snapshot(JSON.readTree(DEPLOYMENT)));

    assertThat(declared)
        .containsEntry("spec.template.spec.containers[0].image", "vllm:1")
        .containsEntry("spec.replicas", "2")
        .doesNotContainKeys(
            "spec.progressDeadlineSeconds",
            "spec.template.spec.dnsPolicy",
            "status.readyReplicas",
            "metadata.name");
  }

  @Test
  void whoWroteLastStandsLastAndTheStatusIsNobodysWrite() throws IOException {
    assertThat(snapshot(JSON.readTree(DEPLOYMENT)).getManagers())
        .containsExactly("argocd-controller", "kubectl-edit");
  }

  @Test
  void aChangeOfTheStatusAloneIsTheSameDeclaration() throws IOException {
    ObjectNode other = (ObjectNode) JSON.readTree(DEPLOYMENT);
    ((ObjectNode) other.path("status")).put("readyReplicas", 1);
    ((ObjectNode) other.path("metadata")).put("resourceVersion", "6");

    assertThat(snapshot(other).getDigest())
        .isEqualTo(snapshot(JSON.readTree(DEPLOYMENT)).getDigest());
  }

  @Test
  void whatTheServerWritesByItselfSaysNothingUntilItIsAnotherValue() throws IOException {
    JsonNode written =
        JSON.readTree(
            """
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"chat"},
             "spec":{"template":{"spec":{"serviceAccountName":"chat","containers":[
               {"name":"vllm","image":"r/vllm:1","ports":[{"containerPort":8000}],
                "livenessProbe":{"httpGet":{"path":"/health","port":8000}}}]}}}}
            """);
    String served =
        """
        {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"chat"},
         "spec":{"progressDeadlineSeconds":600,"revisionHistoryLimit":10,
           "strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":"25%","maxUnavailable":"25%"}},
           "template":{"metadata":{"creationTimestamp":null},"spec":{"serviceAccountName":"chat","serviceAccount":"chat",
           "dnsPolicy":"ClusterFirst","restartPolicy":"Always","schedulerName":"default-scheduler",
           "terminationGracePeriodSeconds":30,"securityContext":{},"containers":[
           {"name":"vllm","image":"r/vllm:1","imagePullPolicy":"IfNotPresent","resources":{},
            "terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File",
            "ports":[{"containerPort":8000,"protocol":"TCP"}],
            "livenessProbe":{"httpGet":{"path":"/health","port":8000,"scheme":"HTTP"},"timeoutSeconds":1,
             "periodSeconds":10,"successThreshold":1,"failureThreshold":3}}]}}}}
        """;

    assertThat(snapshot(JSON.readTree(served)).getDigest())
        .isEqualTo(snapshot(written).getDigest());
    for (String edit :
        new String[] {
          "\"terminationGracePeriodSeconds\":30->\"terminationGracePeriodSeconds\":3",
          "IfNotPresent->Always",
          "\"failureThreshold\":3->\"failureThreshold\":30",
          "\"maxSurge\":\"25%\"->\"maxSurge\":\"100%\"",
          "\"protocol\":\"TCP\"->\"protocol\":\"UDP\"",
          "ClusterFirst->Default"
        }) {
      String[] parts = edit.split("->");
      assertThat(snapshot(JSON.readTree(served.replace(parts[0], parts[1]))).getDigest())
          .as(edit)
          .isNotEqualTo(snapshot(written).getDigest());
    }
  }

  @Test
  void anImageThatMovesIsPulledEachTimeByDefault() throws IOException {
    String container =
        "{\"kind\":\"Pod\",\"spec\":{\"containers\":[{\"image\":\"%s\",\"imagePullPolicy\":\"%s\"}]}}";

    for (String image : new String[] {"vllm", "host:5000/vllm", "vllm:latest"}) {
      assertThat(declared(snapshot(JSON.readTree(container.formatted(image, "Always")))))
          .hasSize(1);
      assertThat(declared(snapshot(JSON.readTree(container.formatted(image, "IfNotPresent")))))
          .hasSize(2);
    }
    assertThat(declared(snapshot(JSON.readTree(container.formatted("vllm@sha256:00", "Always")))))
        .hasSize(2);
  }

  @Test
  void certificatesThatAControllerInjectsAreNobodysDeclaration() throws IOException {
    JsonNode webhook =
        JSON.readTree(
            "{\"kind\":\"ValidatingWebhookConfiguration\",\"webhooks\":[{\"failurePolicy\":\"Fail\","
                + "\"clientConfig\":{\"caBundle\":\"LS0t\"}}]}");

    assertThat(declared(snapshot(webhook))).containsOnlyKeys("webhooks[0].failurePolicy");
  }

  @Test
  void replicasThatAnAutoscalerSetAreReportedAndThoseOfAPersonDeclared() throws IOException {
    String scaled =
        DEPLOYMENT.replace(
            "{\"manager\":\"kube-controller-manager\",\"operation\":\"Update\",\"subresource\":\"status\"",
            "{\"manager\":\"%s\",\"operation\":\"Update\",\"subresource\":\"scale\","
                + "\"fieldsV1\":{\"f:spec\":{\"f:replicas\":{}}}");
    PolicySnapshot automatic = snapshot(JSON.readTree(scaled.formatted("kube-controller-manager")));
    PolicySnapshot more =
        snapshot(
            JSON.readTree(
                scaled
                    .formatted("kube-controller-manager")
                    .replace("\"replicas\":2", "\"replicas\":5")));
    PolicySnapshot byHand = snapshot(JSON.readTree(scaled.formatted("kubectl")));

    assertThat(declared(automatic)).doesNotContainKey("spec.replicas");
    assertThat(automatic.getReported()).contains(new Field("spec.replicas", "2"));
    assertThat(more.getDigest()).isEqualTo(automatic.getDigest());
    assertThat(automatic.getManagers()).containsExactly("argocd-controller", "kubectl-edit");
    assertThat(declared(byHand)).containsEntry("spec.replicas", "2");
    assertThat(byHand.getManagers()).last().isEqualTo("kubectl");
  }

  @Test
  void aHeartbeatSaysNothingNewAndANewConditionDoes() throws IOException {
    String node =
        """
        {"apiVersion":"v1","kind":"Node","metadata":{"name":"gpu-1","resourceVersion":"%s",
          "labels":{"nvidia.com/gpu.product":"%s","nvidia.com/gfd.timestamp":"%s"},
          "annotations":{"node.alpha.kubernetes.io/ttl":"%s","plumbline.dev/jurisdictions":"%s"}},
         "status":{"images":[{"names":["a"],"sizeBytes":1}],"conditions":[
           {"type":"Ready","status":"%s","lastHeartbeatTime":"2026-11-02T10:00:%sZ","lastTransitionTime":"2026-11-01T00:00:00Z"}]}}
        """;
    String told = fingerprint(node, "1", "H100", "1", "0", "eu", "True", "00");

    assertThat(fingerprint(node, "2", "H100", "2", "15", "eu", "True", "10")).isEqualTo(told);
    assertThat(fingerprint(node, "2", "H100", "1", "0", "eu", "False", "00")).isNotEqualTo(told);
    assertThat(fingerprint(node, "2", "H200", "1", "0", "eu", "True", "00")).isNotEqualTo(told);
    assertThat(fingerprint(node, "2", "H100", "1", "0", "us", "True", "00")).isNotEqualTo(told);
  }

  @Test
  void anAuditThatFindsTheSameSaysNothingNew() throws IOException {
    JsonNode audited = fixture("gatekeeper-constraint.json");
    ObjectNode again = audited.deepCopy();
    ((ObjectNode) again.path("status")).put("auditTimestamp", "2030-01-01T00:00:00Z");
    ObjectNode worse = audited.deepCopy();
    ((ObjectNode) worse.path("status")).put("totalViolations", 38);
    ObjectNode other = audited.deepCopy();
    ((ObjectNode) other.path("status").path("violations").get(0)).put("name", "another");

    assertThat(Objects.fingerprint(again)).isEqualTo(Objects.fingerprint(audited));
    assertThat(Objects.fingerprint(worse)).isNotEqualTo(Objects.fingerprint(audited));
    assertThat(Objects.fingerprint(other)).isNotEqualTo(Objects.fingerprint(audited));
  }

  @Test
  void aSecretTravelsWithItsKeysAndNeverItsValues() throws IOException {
    JsonNode secret =
        JSON.readTree(
            "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"s\"},"
                + "\"data\":{\"password\":\"aHVudGVyMg==\"},\"stringData\":{\"t\":\"hunter2\"}}");
    PolicySnapshot snapshot = snapshot(secret);

    assertThat(declared(snapshot)).containsKeys("data.password", "stringData.t");
    assertThat(snapshot.toString()).doesNotContain("aHVudGVyMg").doesNotContain("hunter2");
  }

  @Test
  void aPolicyReportTellsEachResultAboutItsResource() throws IOException {
    PolicySnapshot report = snapshot(fixture("policyreport.json"));

    assertThat(report.getResults())
        .extracting(PolicyResult::getVerdict)
        .contains("pass", "fail", "warn", "error", "skip");
    assertThat(report.getResults()).allSatisfy(it -> assertThat(it.getResource()).isNotEmpty());
  }

  @Test
  void anAuditedConstraintTellsItsViolations() throws IOException {
    PolicySnapshot constraint = snapshot(fixture("gatekeeper-constraint.json"));

    assertThat(constraint.getResults()).hasSize(20);
    assertThat(constraint.getReported()).contains(new Field("status.totalViolations", "37"));
  }

  @Test
  void everyFixtureBecomesASnapshotThatNamesItsObject() throws IOException {
    for (String file :
        new String[] {
          "argocd-application.json",
          "cnpg-cluster.json",
          "gpu-operator-clusterpolicy.json",
          "inferenceservice.json",
          "llminferenceservice.json",
          "node-gpu.json",
          "resourcequota.json",
          "virtualmachine.json",
          "virtualmachineinstance.json"
        }) {
      PolicySnapshot snapshot = snapshot(fixture(file));
      assertThat(snapshot.getKind()).as(file).isNotEmpty();
      assertThat(snapshot.getName()).as(file).isNotEmpty();
      assertThat(snapshot.getDeclared()).as(file).isNotEmpty();
    }
  }

  @Test
  void aDeletedObjectIsNamedByItsKey() {
    PolicySnapshot core = gone("v1/Pod/retail/chat-1");
    PolicySnapshot group = gone("kyverno.io/v1/ClusterPolicy/require-limits");
    PolicySnapshot namespaced = gone("networking.k8s.io/v1/NetworkPolicy/retail/deny-all");

    assertThat(core.getKind()).isEqualTo("Pod");
    assertThat(core.getNamespace()).isEqualTo("retail");
    assertThat(group.getKind()).isEqualTo("ClusterPolicy");
    assertThat(group.getNamespace()).isEmpty();
    assertThat(namespaced.getApiVersion()).isEqualTo("networking.k8s.io/v1");
    assertThat(namespaced.getName()).isEqualTo("deny-all");
  }

  private static String fingerprint(String object, Object... values) throws IOException {
    return Objects.fingerprint(JSON.readTree(object.formatted(values)));
  }

  private static PolicySnapshot gone(String target) {
    return Objects.toSnapshot(header(target), null);
  }

  private static PolicySnapshot snapshot(JsonNode object) {
    return Objects.toSnapshot(header("x"), object);
  }

  private static Map<String, String> declared(PolicySnapshot snapshot) {
    return snapshot.getDeclared().stream()
        .collect(Collectors.toMap(Field::getPath, Field::getValue));
  }

  private static JsonNode fixture(String file) throws IOException {
    try (InputStream in = ObjectsTest.class.getResourceAsStream("/fixtures/" + file)) {
      return JSON.readTree(in);
    }
  }

  private static Header header(String target) {
    return Header.newBuilder()
        .setCluster("c")
        .setAgent("a")
        .setEpoch(0)
        .setSequence(0)
        .setObservedAt(Instant.EPOCH)
        .setSentAt(Instant.EPOCH)
        .setSource("kubernetes")
        .setTarget(target)
        .build();
  }
}
