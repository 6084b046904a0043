package dev.plumbline.schemas.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.Outcome;
import dev.plumbline.schemas.serde.BadRecordException;
import dev.plumbline.schemas.serde.EventDeserializer;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.avro.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The client against registries that differ, refuse, stumble and break off. */
class HttpRegistryTest {
  private static final String SUBJECT = "plumbline.findings-value";
  private static final Schema FINDING = Finding.getClassSchema();
  private static final String TEXT = FINDING.toString();

  private FakeRegistry registry;

  @BeforeEach
  void start() throws IOException {
    registry = new FakeRegistry();
  }

  @AfterEach
  void stop() {
    registry.close();
  }

  @Test
  void aSchemaIsRegisteredOnceAndReadBackByItsId() {
    SchemaRegistry client = client();

    int id = client.register(SUBJECT, FINDING);

    assertThat(client.register(SUBJECT, FINDING)).isEqualTo(id);
    assertThat(client.schema(id)).isEqualTo(FINDING);
    assertThat(client().schema(id)).isEqualTo(FINDING);
    assertThat(registry.asked())
        .containsExactly("POST /subjects/" + SUBJECT + "/versions", "GET /schemas/ids/" + id);
  }

  @Test
  void aSchemaIsAskedForOnce() {
    registry.holds(SUBJECT, 4, TEXT);
    SchemaRegistry client = client();

    assertThat(client.schema(4)).isSameAs(client.schema(4));
    assertThat(registry.asked()).hasSize(1);
  }

  @Test
  void anAnswerMayNameTypeAndReferencesOrNot() {
    registry.chatty().holds(SUBJECT, 4, TEXT);

    assertThat(client().schema(4)).isEqualTo(FINDING);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, Integer.MAX_VALUE, Integer.MIN_VALUE})
  void anIdIsAnyNumberOfFourBytes(int id) {
    registry.holds(SUBJECT, id, TEXT);
    SchemaRegistry client = client();

    assertThat(client.register(SUBJECT, FINDING)).isEqualTo(id);
    assertThat(client().schema(id)).isEqualTo(FINDING);
  }

  @Test
  void aSubjectIsWrittenSoThatItStaysOneStepOfThePath() {
    client().register("a/b c+d-value", FINDING);

    assertThat(registry.asked()).containsExactly("POST /subjects/a%2Fb%20c%2Bd-value/versions");
  }

  @Test
  void aCompatibilityIsSetAndReadUnderBothItsNames() {
    SchemaRegistry client = client();

    assertThat(client.compatibility(SUBJECT)).isEqualTo(Compatibility.BACKWARD);
    client.hold(SUBJECT, Compatibility.FULL_TRANSITIVE);

    assertThat(client.compatibility(SUBJECT)).isEqualTo(Compatibility.FULL_TRANSITIVE);
    registry.callsItCompatibility();
    assertThat(client.compatibility(SUBJECT)).isEqualTo(Compatibility.FULL_TRANSITIVE);
  }

  @ParameterizedTest
  @CsvSource({
    "404, 40403, true, false",
    "404, 40401, true, false",
    "404, 0, false, false",
    "401, 401, false, false",
    "403, 40301, false, false",
    "409, 409, false, false",
    "409, 40901, false, false",
    "422, 42201, false, false",
  })
  void aRefusalIsFinalAndItsStatusDecidesWhatItMeans(
      int status, int code, boolean unknown, boolean passing) {
    registry.thenAnswers(
        status, "application/json", "{\"error_code\":" + code + ",\"message\":\"no, never\"}");

    RegistryException refusal = refusal(client());

    assertThat(refusal.status()).isEqualTo(status);
    assertThat(refusal.code()).isEqualTo(code);
    assertThat(refusal.isUnknown()).isEqualTo(unknown);
    assertThat(refusal.isTransient()).isEqualTo(passing);
    assertThat(refusal)
        .hasMessageContaining(registry.url() + " answered " + status + ": no, never");
    assertThat(registry.asked()).hasSize(1);
  }

  @Test
  void withoutRetriesEachAddressIsAskedOnce() {
    registry.holds(SUBJECT, 1, TEXT).thenAnswers(503, "application/json", "{}");

    assertThat(refusal(client("max.retries", "0")).isTransient()).isTrue();
    assertThat(registry.asked()).hasSize(1);
  }

  @Test
  void aRunOfGarbageAsksOnceAndAnIdThatIsRegisteredASecondLaterIsFound() {
    AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);
    SchemaRegistry client =
        new HttpRegistry(Map.of("schema.registry.url", registry.url()), nanos::get);
    EventDeserializer<Finding> findings = new EventDeserializer<>(Finding.class, client);
    byte[] garbage = {0, 0, 0, 0, 9, 1, 2, 3};
    for (int i = 0; i < 100; i++) {
      assertThat(badness(findings, garbage)).isEqualTo(BadRecordException.Cause.UNKNOWN_SCHEMA_ID);
    }
    assertThat(registry.asked()).containsExactly("GET /schemas/ids/9");

    registry.holds(SUBJECT, 9, TEXT);
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));

    assertThat(client.schema(9)).isEqualTo(FINDING);
    assertThat(registry.asked()).hasSize(2);
  }

  @Test
  void anIdThatThisClientRegistersIsKnownToItAtOnce() {
    SchemaRegistry client = client();
    assertThat(refusal(client).isUnknown()).isTrue();

    assertThat(client.register(SUBJECT, FINDING)).isOne();

    assertThat(client.schema(1)).isEqualTo(FINDING);
  }

  @Test
  void garbageOfManyIdsIsRememberedWithinBounds() {
    UnknownIds unknown = new UnknownIds(() -> 0);
    RegistryException refusal = new RegistryException(404, 40403, "no", null);
    for (int id = 0; id <= UnknownIds.MOST; id++) {
      unknown.add(id, refusal);
    }

    assertThat(unknown.get(0)).isNull();
    assertThat(unknown.get(1)).isSameAs(refusal);
    assertThat(unknown.get(UnknownIds.MOST)).isSameAs(refusal);
  }

  @Test
  void aRegistryThatFallsIllIsNotRememberedAsOneThatKnowsNothing() {
    registry.holds(SUBJECT, 1, TEXT).thenAnswers(401, "application/json", "{\"error_code\":401}");
    SchemaRegistry client = client();
    assertThat(refusal(client).status()).isEqualTo(401);

    assertThat(client.schema(1)).isEqualTo(FINDING);
  }

  @Test
  void aCodeWithTheWrongStatusIsNotBelieved() {
    for (int i = 0; i < 4; i++) {
      registry.thenAnswers(500, "application/json", "{\"error_code\":40403,\"message\":\"boom\"}");
    }

    assertThat(refusal(client()).isUnknown()).isFalse();
  }

  @Test
  void readOnlyIsRefusedInItsOwnWords() {
    registry.readOnly();

    assertThatThrownBy(() -> client().register(SUBJECT, FINDING))
        .hasMessage(
            "the schema registry at %s answered 422: Subject %s is in read-only mode"
                .formatted(registry.url(), SUBJECT));
  }

  @Test
  void anErrorThatIsNoJsonIsStillTold() {
    registry.thenAnswers(400, "text/plain", "Unable to process JSON");

    assertThat(refusal(client()))
        .hasMessage("the schema registry at " + registry.url() + " answered 400");
  }

  @Test
  void aWrongPathIsNoUnknownSchema() {
    registry.thenAnswers(404, "text/html", "<html>not here</html>");

    RegistryException refusal = refusal(client());

    assertThat(refusal.isUnknown()).isFalse();
    assertThat(refusal)
        .hasMessageEndingWith(
            "answered 404; check the path of schema.registry.url (Apicurio's is /apis/ccompat/v7)");
  }

  @ParameterizedTest
  @ValueSource(ints = {408, 429, 500, 502, 503, 504})
  void whatPassesIsAskedAgain(int status) {
    registry
        .holds(SUBJECT, 1, TEXT)
        .thenAnswers(status, "application/json", "{\"error_code\":0}")
        .thenAnswers(status, "text/html", "<h1>later</h1>");

    assertThat(client().schema(1)).isEqualTo(FINDING);
    assertThat(registry.asked()).hasSize(3);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "{}", "{\"schema\"", "<html>", "null", "[]"})
  void anAnswerWithoutWhatWasAskedForIsNotTaken(String body) {
    registry.holds(SUBJECT, 7, TEXT).thenAnswers(200, "application/json", body);

    assertThat(client().register(SUBJECT, FINDING)).isEqualTo(7);
    assertThat(registry.asked()).hasSize(2);
  }

  @Test
  void anAnswerThatBreaksOffIsAskedForAgain() {
    registry.holds(SUBJECT, 7, TEXT).thenBreaksOff("{\"schema\":\"{\\\"type\\\":");

    assertThat(client().schema(7)).isEqualTo(FINDING);
  }

  @Test
  void aRegistryThatIsSilentIsPassedOverForTheNext() throws IOException {
    try (FakeRegistry other = new FakeRegistry()) {
      registry.thenIsSilent();
      other.holds(SUBJECT, 3, TEXT);
      SchemaRegistry client =
          SchemaRegistry.connect(
              Map.of(
                  "schema.registry.url",
                  registry.url() + "," + other.url() + "/",
                  "http.read.timeout.ms",
                  "300"));

      assertThat(client.schema(3)).isEqualTo(FINDING);
      assertThat(other.asked()).hasSize(1);
    }
  }

  @Test
  void aRegistryThatIsGoneIsPassedOverForTheNextInAList() throws IOException {
    String gone;
    try (FakeRegistry stopped = new FakeRegistry()) {
      gone = stopped.url();
    }
    SchemaRegistry client =
        SchemaRegistry.connect(Map.of("schema.registry.url", List.of(gone, registry.url())));

    assertThat(client.register(SUBJECT, FINDING)).isEqualTo(1);
  }

  @Test
  void whereNobodyAnswersTheLastAddressIsNamed() throws IOException {
    String gone;
    try (FakeRegistry stopped = new FakeRegistry()) {
      gone = stopped.url();
    }

    RegistryException refusal = refusal(at(gone));

    assertThat(refusal.isTransient()).isTrue();
    assertThat(refusal).hasMessageStartingWith("no answer from the schema registry at " + gone);
  }

  @Test
  void basicAuthenticationIsSent() {
    // user:secret
    registry.admitsOnly("Basic dXNlcjpzZWNyZXQ=");

    assertThat(client("basic.auth.user.info", "user:secret").register(SUBJECT, FINDING)).isOne();
    assertThat(refusal(client("basic.auth.user.info", "user:wrong")))
        .hasMessageEndingWith("who?; check basic.auth.user.info or bearer.auth.token");
  }

  @Test
  void credentialsInTheAddressAreSentAndNeverShown() {
    registry.admitsOnly("Basic dXNlcjpzZWNyZXQ=");
    String url = registry.url().replace("//", "//user:secret@");

    assertThat(
            SchemaRegistry.connect(Map.of("schema.registry.url", url)).register(SUBJECT, FINDING))
        .isOne();
    registry.admitsOnly("nobody");
    assertThat(refusal(SchemaRegistry.connect(Map.of("schema.registry.url", url))))
        .hasMessageNotContaining("secret");
  }

  @Test
  void aBearerTokenIsSent() {
    registry.admitsOnly("Bearer abc.def");

    assertThat(client("bearer.auth.token", "abc.def").register(SUBJECT, FINDING)).isOne();
  }

  @Test
  void settingsThatCannotBeMeantAreNamed() {
    assertThatThrownBy(() -> SchemaRegistry.connect(Map.of()))
        .hasMessage("schema.registry.url is missing; name the address of a schema registry");
    assertThatThrownBy(() -> SchemaRegistry.connect(Map.of("schema.registry.url", "registry:8081")))
        .hasMessage("schema.registry.url: registry:8081 is not like http://host:port");
    assertThatThrownBy(() -> client("http.read.timeout.ms", "soon"))
        .hasMessage("http.read.timeout.ms must be a number of at least 1, is soon");
    assertThatThrownBy(
            () ->
                SchemaRegistry.connect(
                    Map.of(
                        "schema.registry.url", registry.url(),
                        "basic.auth.user.info", "a:b",
                        "bearer.auth.token", "c")))
        .hasMessage("basic.auth.user.info and bearer.auth.token are both set; keep one");
  }

  @Test
  void aSchemaOfAnotherKindMakesABadRecordAndARegistryThatIsAwayDoesNot() {
    registry
        .holds("a", 1, "syntax = \"proto3\"; message A {}")
        .holds("b", 2, Outcome.getClassSchema().toString());
    byte[] protobuf = {0, 0, 0, 0, 1, 0};
    byte[] unknown = {0, 0, 0, 0, 9, 0};
    EventDeserializer<Finding> findings = new EventDeserializer<>(Finding.class, client());

    assertThat(badness(findings, protobuf)).isEqualTo(BadRecordException.Cause.INCOMPATIBLE);
    assertThat(badness(findings, unknown)).isEqualTo(BadRecordException.Cause.UNKNOWN_SCHEMA_ID);
    registry.admitsOnly("nobody");
    assertThatThrownBy(() -> findings.deserialize("t", new byte[] {0, 0, 0, 0, 2, 0}))
        .as("a wrong password must not cost records")
        .isInstanceOf(RegistryException.class);
  }

  private static BadRecordException.Cause badness(EventDeserializer<?> reader, byte[] bytes) {
    BadRecordException bad =
        catchThrowableOfType(BadRecordException.class, () -> reader.deserialize("t", bytes));
    return bad.cause();
  }

  private static RegistryException refusal(SchemaRegistry client) {
    return catchThrowableOfType(RegistryException.class, () -> client.schema(1));
  }

  private SchemaRegistry client() {
    return at(registry.url());
  }

  private static SchemaRegistry at(String url) {
    return SchemaRegistry.connect(Map.of("schema.registry.url", url, "retries.wait.ms", "1"));
  }

  private SchemaRegistry client(String name, String value) {
    return SchemaRegistry.connect(Map.of("schema.registry.url", registry.url(), name, value));
  }
}
