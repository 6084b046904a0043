package dev.plumbline.cli.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DocumentsTest {
  @TempDir Path folder;

  @Test
  void severalDocumentsOfAFileAreReadAndTheirSpecsKeptAsJson() throws IOException {
    List<Document> documents =
        Documents.read(
            file(
                """
                apiVersion: plumbline.dev/v1
                kind: Cohort
                metadata:
                  name: europe
                spec:
                  clusters:
                    matchLabels: {jurisdiction: eu}
                  ignore: ["spec.template.spec.containers[*].env*"]
                  bake: 2h
                ---
                apiVersion: plumbline.dev/v1
                kind: Cohort
                metadata: {name: the-rest}
                spec: {leastOthers: 3}
                """));

    assertThat(documents)
        .extracting(Document::key)
        .containsExactly("Cohort/europe", "Cohort/the-rest");
    assertThat(Documents.json(documents.get(0)))
        .isEqualTo(
            "{\"members\":\"clusters\",\"clusters\":{\"matchLabels\":{\"jurisdiction\":\"eu\"}},"
                + "\"ignore\":[\"spec.template.spec.containers[*].env*\"],"
                + "\"bake\":\"2h\",\"leastOthers\":2}");
  }

  @Test
  void aFieldThatIsNotKnownIsRefusedWithItsPlaceAndThoseThatAre() throws IOException {
    Path file =
        file(
            """
            apiVersion: plumbline.dev/v1
            kind: Cohort
            metadata: {name: europe}
            spec:
              clusters:
                matchLables: {jurisdiction: eu}
            """);

    assertThatThrownBy(() -> Documents.read(file))
        .isInstanceOf(IOException.class)
        .hasMessage(
            file
                + ":6:5: spec.clusters.matchLables: no such field, there are [matchLabels, names]");
  }

  @Test
  void aCohortOfWorkloadsSaysByWhatTheyAreAlikeAndWhoIsLeftOut() throws IOException {
    List<Document> documents =
        Documents.read(
            file(
                """
                apiVersion: plumbline.dev/v1
                kind: Cohort
                metadata: {name: chat}
                spec:
                  members: workloads
                  clusters: {names: [fra-1, par-1]}
                  matchLabels: {workload: chat}
                  by: [model, product]
                  exclude: [par-1/canary/*]
                """));

    assertThat(Documents.json(documents.get(0)))
        .isEqualTo(
            "{\"members\":\"workloads\",\"clusters\":{\"names\":[\"fra-1\",\"par-1\"]},"
                + "\"matchLabels\":{\"workload\":\"chat\"},\"by\":[\"model\",\"product\"],"
                + "\"exclude\":[\"par-1/canary/*\"]}");
  }

  @Test
  void whatAKindOfMemberDoesNotHaveIsRefusedWithWhatItHas() throws IOException {
    String head = "apiVersion: plumbline.dev/v1\nkind: Cohort\nmetadata: {name: a}\nspec: ";
    refused(
        head + "{members: pods}", "members: pods is no kind of member; there are clusters, nodes");
    refused(
        head + "{members: workloads, by: [modle]}",
        "by: modle is not known of workloads; there are [model, image, product, load, namespace,"
            + " workload]");
    refused(
        head + "{members: workloads, matchLabels: {env: prod}}",
        "matchLabels: env is not known of workloads; there are [model,");
    refused(head + "{members: workloads, bake: 2h}", "bake: is for members clusters and nodes");
    refused(
        head + "{exclude: [a/b/c]}",
        "exclude: is for members nodes and workloads; leave a cluster out");
    refused(head + "{by: [model]}", "by: is for members nodes and workloads");
  }

  @Test
  void everyOtherMistakeIsNamedToo() throws IOException {
    refused("kind: Baseline", "kind: Baseline is not known; it must be Cohort");
    refused("apiVersion: v1\nkind: Cohort", "apiVersion: must be plumbline.dev/v1, is v1");
    refused(
        "apiVersion: plumbline.dev/v1\nkind: Cohort\nmetadata: {name: A}",
        "metadata.name: A is not a name");
    refused(
        "apiVersion: plumbline.dev/v1\nkind: Cohort\nmetadata: {name: a}\nspec: {bake: soon}",
        "bake: soon is not a time like 10m or 2h");
    refused(
        "apiVersion: plumbline.dev/v1\nkind: Cohort\nmetadata: {name: a}\nspec: {leastOthers: 1}",
        "leastOthers: must be at least 2, is 1");
    refused("apiVersion: plumbline.dev/v1\nkind: Cohort\nkind: Cohort", "Duplicate field 'kind'");
    refused("kind: [", "not valid YAML");
    refused("", "holds no document");
  }

  private void refused(String text, String reason) throws IOException {
    Path file = file(text);
    assertThatThrownBy(() -> Documents.read(file))
        .as(text)
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(file.toString())
        .hasMessageContaining(reason);
  }

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("cohorts.yaml"), text);
  }
}
