package dev.plumbline.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

class ComposeTest {
  private static final JsonNode COMPOSE = Files.yaml("docker-compose.yml").get(0);

  @Test
  void itKeepsToTheComposeSpecification() throws IOException {
    JsonNode text =
        new ObjectMapper().readTree(ComposeTest.class.getResource("/compose-spec.json"));
    // names of an older draft, which its own draft does not know
    text.findParents("id").stream()
        .filter(it -> it.path("id").isTextual())
        .forEach(it -> ((ObjectNode) it).remove("id"));
    JsonSchema schema =
        JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V201909).getSchema(text);

    assertThat(schema.validate(COMPOSE)).isEmpty();
    assertThat(schema.validate(text)).as("a text that is no compose file").isNotEmpty();
  }

  @Test
  void everyPartOfTheInstallationIsThere() {
    assertThat(COMPOSE.path("services").fieldNames())
        .toIterable()
        .contains(
            "kafka",
            "registry",
            "prometheus",
            "alertmanager",
            "grafana",
            "agent",
            "detect",
            "connect");
  }

  @Test
  void everyImageIsPinned() {
    assertThat(services()).allSatisfy((name, it) -> Pinned.check(it.path("image").textValue()));
  }

  @Test
  void everyServiceThatStaysIsWatched() {
    assertThat(services())
        .allSatisfy(
            (name, it) -> assertThat(it.has("healthcheck")).as(name).isEqualTo(!runsOnce(it)));
  }

  @Test
  void everyPortIsBoundToTheLoopbackInterface() {
    assertThat(services().values())
        .flatMap(it -> texts(it.path("ports")))
        .isNotEmpty()
        .allMatch(it -> it.matches("127\\.0\\.0\\.1:\\d+:\\d+"));
  }

  @Test
  void noHostPortIsUsedTwice() {
    assertThat(services().values())
        .flatMap(it -> texts(it.path("ports")))
        .map(it -> it.split(":")[1])
        .doesNotHaveDuplicates();
  }

  @Test
  void whatWaitsWaitsForSomethingThatCanCome() {
    services()
        .forEach(
            (name, service) ->
                service
                    .path("depends_on")
                    .properties()
                    .forEach(
                        it -> {
                          JsonNode other = services().get(it.getKey());
                          assertThat(other).as(name + " waits for " + it.getKey()).isNotNull();
                          assertThat(it.getValue().path("condition").textValue())
                              .isEqualTo(
                                  runsOnce(other)
                                      ? "service_completed_successfully"
                                      : "service_healthy");
                        }));
  }

  @Test
  void everyMountedFolderAndVolumeExists() {
    services()
        .forEach(
            (name, service) ->
                texts(service.path("volumes"))
                    .forEach(
                        it -> {
                          String source = it.split(":")[0];
                          if (source.startsWith(".")) {
                            assertThat(Files.path(source)).isDirectory();
                            assertThat(it).endsWith(":ro");
                          } else if (!source.startsWith("/")) {
                            assertThat(COMPOSE.path("volumes").has(source)).as(source).isTrue();
                          }
                        }));
  }

  @Test
  void ourOwnProcessesHaveNoRights() {
    assertThat(List.of("topics", "agent", "detect", "connect"))
        .allSatisfy(
            name -> {
              JsonNode service = services().get(name);
              assertThat(service.path("read_only").booleanValue()).isTrue();
              assertThat(texts(service.path("cap_drop"))).containsExactly("ALL");
              assertThat(texts(service.path("security_opt")))
                  .containsExactly("no-new-privileges:true");
              assertThat(service.path("privileged").booleanValue()).isFalse();
            });
  }

  private static boolean runsOnce(JsonNode service) {
    return service.path("restart").asText().equals("no");
  }

  private static Map<String, JsonNode> services() {
    return COMPOSE.path("services").properties().stream()
        .collect(java.util.stream.Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  private static List<String> texts(JsonNode list) {
    Stream<JsonNode> each = StreamSupport.stream(list.spliterator(), false);
    return new ArrayList<>(each.map(JsonNode::textValue).toList());
  }
}
