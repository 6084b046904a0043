package dev.plumbline.cli.interop;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** One of Confluent's own clients in a process of its own, asked in JSON. */
final class ConfluentClient implements AutoCloseable {
  /** No answer takes longer; a client that hangs ends the test, not the build. */
  private static final long PATIENCE_SECONDS = 60;

  /** Python writes NaN and Infinity as they are. */
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  private final Process process;
  private final BufferedReader answers;
  private final Writer requests;

  private ConfluentClient(ProcessBuilder command) throws IOException {
    process = command.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    answers =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    requests = process.outputWriter(StandardCharsets.UTF_8);
    CompletableFuture.delayedExecutor(PATIENCE_SECONDS, TimeUnit.SECONDS).execute(this::close);
  }

  /** Starts the client of a language; skips the test where it is not installed. */
  static ConfluentClient start(String language, String registry)
      throws IOException, InterruptedException {
    if (language.equals("node")) {
      Peers.need("node");
      Peers.needFile("node_modules/@confluentinc/schemaregistry");
      ProcessBuilder command =
          new ProcessBuilder("node", Peers.SCRIPTS.resolve("confluent.cjs").toString(), registry);
      command.environment().put("NODE_PATH", Peers.FOLDER.resolve("node_modules").toString());
      return new ConfluentClient(command);
    }
    Peers.needModule("confluent_kafka.schema_registry, confluent_kafka.avro");
    return new ConfluentClient(
        new ProcessBuilder(
            Peers.PYTHON, Peers.SCRIPTS.resolve("confluent.py").toString(), registry));
  }

  /** What it read in a record, and the bytes it wrote of that. */
  record Copy(JsonNode record, byte[] bytes) {}

  Copy copy(String topic, byte[] bytes) throws IOException {
    ObjectNode request = JSON.createObjectNode().put("do", "copy").put("topic", topic);
    JsonNode answer = ask(request.put("bytes", HexFormat.of().formatHex(bytes)));
    return new Copy(answer.path("record"), HexFormat.of().parseHex(answer.path("bytes").asText()));
  }

  JsonNode contract(String subject, String schema, String later, String other) throws IOException {
    ObjectNode request = JSON.createObjectNode().put("do", "contract").put("subject", subject);
    return ask(request.put("schema", schema).put("later", later).put("other", other));
  }

  private JsonNode ask(ObjectNode request) throws IOException {
    requests.write(request + "\n");
    requests.flush();
    String line = answers.readLine();
    assertThat(line).as("the client ended").isNotNull();
    JsonNode answer = JSON.readTree(line);
    assertThat(answer.path("error").asText()).isEmpty();
    return answer;
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
